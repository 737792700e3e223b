// Matched × what was sent → Input: declared, checked values, and the bytes as they came.
#pragma once

#include <string_view>

#include "core/proofs.h"
#include "core/verdict.h"
#include "gate/route.h"
#include "json/parser.h"
#include "openapi/parameter.h"

namespace gatehouse::gate {

// Where the body's bytes come from; implemented by the connection.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The whole body, at most `most` bytes; valid until the exchange ends. Refuses what is larger, late or
  // malformed, and sends `100 Continue` first where the client waits for it.
  virtual net::Task<Verdict<std::string_view>> read(std::uint64_t most) = 0;
};

// One for each worker.
class Validator {
 public:
  // What the head says: parameters, content type, announced length. Settled before a byte of the body is
  // read.
  struct HeadChecked {
    const openapi::Content* content = nullptr;  // null: no body is to be read
  };
  Verdict<HeadChecked> check_head(Exchange& exchange, const Matched& matched);
  // The body against the content's schema. `bytes` is empty where there is none.
  Verdict<Input> check_body(Exchange& exchange, const Matched& matched, HeadChecked head,
                            std::string_view bytes);

 private:
  json::Parser parser_;
  openapi::InputMemory memory_;
};

}  // namespace gatehouse::gate
