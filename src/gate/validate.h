// Permission × input → HeadChecked → BodyChecked: declared, checked values, and the bytes as sent.
#pragma once

#include <optional>
#include <string_view>

#include "core/caller_shares.h"
#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "gate/long_checks.h"
#include "json/parser.h"
#include "openapi/parameter.h"

namespace gatehouse::gate {

// Where the body's bytes come from; implemented by the connection.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The whole body, at most `most` bytes; valid until the exchange ends. Refuses a body that is larger, late
  // or malformed, and sends `100 Continue` first if the client waits for it. `memory` grows by the body's
  // size; refuses if there is no room.
  virtual net::Task<Verdict<std::string_view>> read(std::uint64_t most, CallerShares::Lease& memory) = 0;
  // How many bytes of the body have arrived so far, whether it was asked for or not. Of one in chunks: that
  // were decoded.
  virtual std::uint64_t arrived_bytes() const = 0;
};

// One for each worker.
class Validator {
 public:
  // The input in the head: parameters, content type, announced length. Checked before a byte of the body is
  // read.
  Verdict<HeadChecked> check_head(Permission permission);
  // The body against the content's schema. `bytes` is empty if there is none. Consumes `head` if it gives a
  // proof for it; gives none if the body was read, but its check takes too long for the worker's loop.
  Verdict<std::optional<BodyChecked>> check_body(HeadChecked&& head, std::string_view bytes,
                                                 const LongChecks& long_checks);
  // The same for the body that check_body has read, on another thread.
  static net::Task<Verdict<BodyChecked>> check_long(HeadChecked head, std::string_view bytes,
                                                    const LongChecks& long_checks);

  // The body as checked when the request came: for a running answer (Runner::ask_again).
  static BodyChecked as_before(HeadChecked head, const CheckedRequest& before);

 private:
  Verdict<const openapi::Content*> announced_content(Exchange& exchange, const policy::Operation& operation);
  Verdict<void> read_body(Exchange& exchange, const policy::Operation& operation,
                          const openapi::Content& content, std::string_view bytes);
  static BodyChecked accept(HeadChecked&& head, std::string_view bytes);

  json::Parser parser_;
  openapi::InputMemory memory_;
};

}  // namespace gatehouse::gate
