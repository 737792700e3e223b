// Permission × input → HeadChecked → BodyChecked: declared, checked values, and the bytes as sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/body_reader.h"
#include "gate/exchange.h"
#include "gate/long_checks.h"
#include "json/parser.h"
#include "openapi/parameter.h"

namespace gatehouse::gate {

// One for each worker.
class Validator {
 public:
  // The input in the head: parameters, content type, announced length. Checked before a byte of the body is
  // read.
  Verdict<HeadChecked> check_head(Permission permission);
  // Whether and how a body has to be read. A body in chunks may be empty.
  enum class Reading : std::uint8_t {
    none,
    whole,
    empty,   // in chunks, of which the operation takes none: refused if there is a byte in them
    stream,  // no check reads it: it is forwarded to the upstream as it arrives
  };
  static Reading reading_of(const HeadChecked& head);
  // Of Reading::empty, if there was a byte.
  static std::unexpected<Refusal> refuse_unwanted(Exchange& exchange, const policy::Operation& operation);
  // The body against the content's schema. `bytes` is empty if there is none, or if it is
  // forwarded as it arrives. Consumes `head` if it gives a
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
  std::expected<void, json::ParseError> parse_json(openapi::BodyKind kind, std::string_view bytes,
                                                   json::Document& into, std::size_t depth);
  Verdict<void> read_body(Exchange& exchange, const policy::Operation& operation,
                          const openapi::Content& content, std::string_view bytes);
  static BodyChecked accept(HeadChecked&& head, std::string_view bytes);

  json::Parser parser_;
  openapi::InputMemory memory_;
};

}  // namespace gatehouse::gate
