// The body of one answer, out of the bytes that a connection brings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/chunked.h"
#include "http/request.h"

namespace gatehouse::client {

class BodyDecoder {
 public:
  explicit BodyDecoder(http::BodyFraming framing)
      : kind_(framing.kind), left_(framing.length), ended_(framing.kind == http::BodyKind::none) {}

  // Appends the body's bytes to `body`, up to its end, and takes them off `arrived`. Error{invalid}: they are
  // not chunks.
  Result<> take(std::string_view& arrived, std::string& body);
  bool ended() const { return ended_; }
  // The server's orderly end of the connection is the body's.
  bool ends_with_connection() const { return kind_ == http::BodyKind::until_close; }

 private:
  http::BodyKind kind_;
  std::uint64_t left_;  // of a body with a length
  http::ChunkedDecoder chunks_{http::Trailers::drop};
  bool ended_;
};

}  // namespace gatehouse::client
