#include "http/chunked.h"

#include <algorithm>

#include "http/characters.h"

namespace gatehouse::http {
namespace {

constexpr std::uint8_t kSizeDigits = 8;
constexpr std::uint16_t kTrailerLimit = 4096;

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view input) {
  std::size_t at = 0;
  const auto refuse = [&](Malformed reason) {
    reason_ = reason;
    return Step{Progress::malformed, at, {}};
  };

  for (; at < input.size(); ++at) {
    const char c = input[at];
    switch (state_) {
      case State::size: {
        const int digit = hex_value(c);
        if (digit >= 0) {
          if (++digits_ > kSizeDigits) return refuse(Malformed::chunk_size);
          left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
          break;
        }
        if (c == '\n') return refuse(Malformed::bare_lf);
        if (digits_ == 0) return refuse(Malformed::chunk_size);
        if (c == ';' || c == ' ' || c == '\t') return refuse(Malformed::chunk_extension);
        if (c != '\r') return refuse(Malformed::chunk_size);
        state_ = State::size_lf;
        break;
      }

      case State::size_lf:
        if (c != '\n') return refuse(Malformed::bare_cr);
        digits_ = 0;
        state_ = left_ == 0 ? State::trailer_start : State::data;
        break;

      case State::data: {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
        left_ -= size;
        if (left_ == 0) state_ = State::data_cr;
        return {Progress::need_more, at + size, input.substr(at, size)};
      }

      case State::data_cr:
        if (c != '\r') return refuse(c == '\n' ? Malformed::bare_lf : Malformed::chunk_terminator);
        state_ = State::data_lf;
        break;

      case State::data_lf:
        if (c != '\n') return refuse(Malformed::bare_cr);
        state_ = State::size;
        break;

      case State::trailer_start:
        if (c == '\r') {
          state_ = State::end_lf;
          break;
        }
        if (c == '\n') return refuse(Malformed::bare_lf);
        if (c == ' ' || c == '\t') return refuse(Malformed::obs_fold);
        if (trailers_ == Trailers::refuse || !is(c, kTokenCharacter)) return refuse(Malformed::trailer);
        colon_seen_ = false;
        state_ = State::trailer;
        [[fallthrough]];

      case State::trailer:
        if (++trailer_bytes_ > kTrailerLimit) return refuse(Malformed::trailer);
        if (c == '\n') return refuse(Malformed::bare_lf);
        if (colon_seen_ && c == '\r') {
          state_ = State::trailer_lf;
        } else if (colon_seen_ ? is_control(c) && c != '\t' : c != ':' && !is(c, kTokenCharacter)) {
          return refuse(is_control(c) ? Malformed::control_character : Malformed::trailer);
        } else if (c == ':') {
          colon_seen_ = true;
        }
        break;

      case State::trailer_lf:
        if (c != '\n') return refuse(Malformed::bare_cr);
        state_ = State::trailer_start;
        break;

      case State::end_lf:
        if (c != '\n') return refuse(Malformed::bare_cr);
        state_ = State::done;
        return {Progress::complete, at + 1, {}};

      case State::done: return {Progress::complete, at, {}};
    }
  }
  return {state_ == State::done ? Progress::complete : Progress::need_more, at, {}};
}

ChunkHead::ChunkHead(std::size_t size) {
  std::size_t at = text_.size();
  text_[--at] = '\n';
  text_[--at] = '\r';
  do {
    text_[--at] = "0123456789abcdef"[size & 15U];
    size >>= 4U;
  } while (size != 0);
  length_ = text_.size() - at;
  std::copy(text_.begin() + static_cast<std::ptrdiff_t>(at), text_.end(), text_.begin());
}

}  // namespace gatehouse::http
