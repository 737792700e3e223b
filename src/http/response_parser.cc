#include "http/response_parser.h"

#include <algorithm>

#include "http/characters.h"
#include "http/framing.h"

namespace gatehouse::http {
namespace {

constexpr std::string_view kVersionAndSpace = "HTTP/1.1 ";
constexpr std::size_t kStatusEnd = 13;  // `HTTP/1.1 200 `

}  // namespace

ResponseParser::ResponseParser(ResponseLimits limits) : limits_(limits) {
  limits_.head = std::min<std::size_t>(limits_.head, 65535);
  limits_.fields = std::min(limits_.fields, Fields::kCapacity);
}

void ResponseParser::reset() { *this = ResponseParser(limits_); }

Progress ResponseParser::parse(std::string_view buffer, Method asked, ResponseHead& head) {
  const Progress progress = run(buffer.substr(0, limits_.head), asked, head);
  if (progress == Progress::need_more && buffer.size() >= limits_.head)
    return refuse(Malformed::head_too_large);
  return progress;
}

Progress ResponseParser::run(std::string_view data, Method asked, ResponseHead& head) {
  const char* const text = data.data();
  const std::size_t end = data.size();
  switch (state_) {
    case State::version:
      for (; at_ < end && at_ < kVersionAndSpace.size(); ++at_) {
        const bool fits =
            at_ == 7 ? text[at_] == '0' || text[at_] == '1' : text[at_] == kVersionAndSpace[at_];
        if (!fits) return refuse(Malformed::status_line);
      }
      if (at_ == end) return Progress::need_more;
      version_ = text[7] == '1' ? Version::http_1_1 : Version::http_1_0;
      state_ = State::status;
      [[fallthrough]];

    case State::status:
      for (; at_ < end && at_ < kStatusEnd; ++at_) {
        const char c = text[at_];
        const bool fits = at_ == kVersionAndSpace.size() ? c >= '1' && c <= '5'
                          : at_ + 1 < kStatusEnd         ? is(c, kDigit)
                                                         : c == ' ';
        if (!fits) return refuse(Malformed::status_line);
        if (at_ + 1 < kStatusEnd) status_ = status_ * 10 + (c - '0');
      }
      if (at_ == end) return Progress::need_more;
      phrase_at_ = at_;
      state_ = State::phrase;
      [[fallthrough]];

    case State::phrase:
      at_ = value_end(text, at_, end);
      if (at_ == end) return Progress::need_more;
      if (text[at_] != '\r')
        return refuse(text[at_] == '\n' ? Malformed::bare_lf : Malformed::control_character);
      phrase_size_ = at_ - phrase_at_;
      ++at_;
      state_ = State::line_end;
      [[fallthrough]];

    case State::line_end:
      if (at_ == end) return Progress::need_more;
      if (text[at_] != '\n') return refuse(Malformed::bare_cr);
      ++at_;
      lines_.begin(at_);
      head.fields.clear();
      state_ = State::fields;
      [[fallthrough]];

    case State::fields: {
      const Progress progress = lines_.run(data, limits_.fields, head.fields);
      at_ = lines_.at();
      if (progress == Progress::malformed) return refuse(lines_.reason());
      if (progress == Progress::need_more) return progress;
      head.phrase = data.substr(phrase_at_, phrase_size_);
      return finish(asked, head);
    }
  }
  return refuse(Malformed::status_line);
}

Progress ResponseParser::finish(Method asked, ResponseHead& head) {
  const Fields& fields = head.fields;
  head.status = status_;
  head.version = version_;
  if (status_ == 101) return refuse(Malformed::switching_protocols);

  std::optional<std::uint64_t> length;
  if (const auto value = fields.value(FieldId::content_length)) {
    length = parse_content_length(*value);
    if (!length) return refuse(Malformed::content_length);
  }
  const auto coding = fields.value(FieldId::transfer_encoding);
  if (coding) {
    if (length) return refuse(Malformed::content_length);
    if (version_ == Version::http_1_0 || !is_only_chunked(*coding))
      return refuse(Malformed::transfer_encoding);
  }

  head.body = {};
  const bool never_a_body = status_ < 200 || status_ == 204;
  if (never_a_body) {
    if (coding || length.value_or(0) != 0) return refuse(Malformed::unexpected_body);
  } else if (asked != Method::head && status_ != 304) {
    if (coding) {
      head.body.kind = BodyKind::chunked;
    } else if (length) {
      head.body = {BodyKind::length, *length};
    } else {
      head.body.kind = BodyKind::until_close;
    }
  }

  const auto options = connection_options(fields);
  const bool persistent =
      version_ == Version::http_1_1 ? !options.close : options.keep_alive && !options.close;
  head.connection = persistent && !options.unknown && head.body.kind != BodyKind::until_close
                        ? Persistence::keep_alive
                        : Persistence::close;
  return Progress::complete;
}

}  // namespace gatehouse::http
