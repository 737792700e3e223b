// The chunked transfer coding (RFC 9112 section 7.1), decoded in place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/malformed.h"

namespace gatehouse::http {

enum class Trailers : std::uint8_t {
  refuse,  // requests: a field that came after the gates decided cannot be heard
  drop,    // responses: checked, bounded, and not passed on
};

// Strict: a size is 1 to 8 hexadecimal digits, extensions are refused, every line ends in CRLF.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(Trailers trailers) : trailers_(trailers) {}

  struct Step {
    Progress progress = Progress::need_more;  // complete: the body has ended at `consumed`
    std::size_t consumed = 0;                 // of the input, `data` included
    std::string_view data;                    // the next piece of the body, within the input; may be empty
  };
  // Reads until it has a piece of the body, the end, an error, or no input. Call again with the rest of the
  // input, and with more input after a need_more without data.
  Step next(std::string_view input);
  Malformed reason() const { return reason_; }

 private:
  enum class State : std::uint8_t {
    size,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done
  };

  State state_ = State::size;
  Trailers trailers_;
  std::uint8_t digits_ = 0;
  bool colon_seen_ = false;
  std::uint16_t trailer_bytes_ = 0;
  std::uint64_t left_ = 0;
  Malformed reason_ = Malformed::chunk_size;
};

// `size CRLF` before a piece of the body; kChunkEnd follows the piece. A size of 0 is never written this way.
class ChunkHead {
 public:
  explicit ChunkHead(std::size_t size);
  std::string_view view() const { return {text_.data(), length_}; }

 private:
  std::array<char, 20> text_;
  std::size_t length_;
};
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace gatehouse::http
