// A target's answer. Kept by the exchange and reused, so that an answer costs no allocation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/kept.h"
#include "base/result.h"
#include "core/counted_memory.h"
#include "core/response_fields.h"
#include "net/task.h"

namespace gatehouse {

// The rest of a body that does not fit into memory at once. The code that writes to the client pulls it,
// which is the back-pressure.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next piece, valid until the next call; empty at the end.
  virtual net::Task<Result<std::string_view>> next() = 0;
};

struct Response {
  unsigned status = 500;
  Kept<ResponseFields> fields;  // no framing, no security headers
  Kept<std::string> body;       // the body, or where `rest` is set its beginning
  // Content-Security-Policy and Referrer-Policy: the same for all, or, of a declared page, in `fields`.
  enum class Policies : std::uint8_t { fixed, of_page } policies = Policies::fixed;
  std::unique_ptr<BodySource> rest;
  CountedMemory memory;  // of the body, where it is held for a client that may be slow
  // The whole body's length, if it is known although `rest` is set, or if there is no body to send (HEAD,
  // 304).
  std::optional<std::uint64_t> length;

  void clear() { *this = {}; }
};

}  // namespace gatehouse
