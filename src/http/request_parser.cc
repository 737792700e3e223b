#include "http/request_parser.h"

#include <algorithm>
#include <cstring>

#include "base/strings.h"
#include "http/characters.h"
#include "http/field_table.h"
#include "http/framing.h"
#include "http/name_folding.h"
#include "http/target.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t kLongestMethod = 32;
constexpr std::string_view kVersion = "HTTP/1.1";

Malformed wrong_in_method(std::size_t at, char c) {
  if (at == 0 && (c == '\r' || c == '\n' || c == ' ')) return Malformed::request_line;
  if (c == '\n') return Malformed::bare_lf;
  return c == '\r' ? Malformed::request_line : Malformed::method;
}

Malformed wrong_in_target(char c) {
  if (c == '\n') return Malformed::bare_lf;
  if (c == '\r') return Malformed::request_line;
  if (c == '#') return Malformed::fragment;
  if (is_control(c)) return Malformed::control_character;
  return static_cast<unsigned char>(c) >= 0x80 ? Malformed::non_ascii : Malformed::target_character;
}

// Two digits around a point are a version that is well formed, and perhaps not spoken here.
bool fits_version(std::size_t index, char c) {
  return index == 5 || index == 7 ? is(c, kDigit) : c == kVersion[index];
}

// Answers may have such names: metadata of S3 is an example.
bool disguises_name_of_family(const Fields& fields) {
  bool any = false;
#define GATEHOUSE_FAMILY(id, prefix, lines, in, grammar, out) any = any || fields.has(FieldId::id);
  GATEHOUSE_FIELD_FAMILIES(GATEHOUSE_FAMILY)
#undef GATEHOUSE_FAMILY
  if (!any) return false;
  for (const Field field : fields) {
    const bool of_family =
        name(field.id).empty() && field.id != FieldId::other && field.id != FieldId::odd_name;
    if (of_family && disguises_known_name(field.name)) return true;
  }
  return false;
}

}  // namespace

RequestParser::RequestParser(RequestLimits limits) : limits_(limits) {
  limits_.head = std::min<std::size_t>(limits_.head, 65535);
  limits_.fields = std::min(limits_.fields, Fields::kCapacity);
}

void RequestParser::reset() { *this = RequestParser(limits_); }

Progress RequestParser::parse(std::string_view buffer, RequestHead& head) {
  // Bytes after the limit are ignored, so that the outcome does not depend on how the bytes arrived.
  const Progress progress = run(buffer.substr(0, limits_.head), head);
  if (progress == Progress::need_more && buffer.size() >= limits_.head)
    return refuse(Malformed::head_too_large);
  return progress;
}

Progress RequestParser::run(std::string_view data, RequestHead& head) {
  const char* const text = data.data();
  const std::size_t end = data.size();
  switch (state_) {
    case State::method: {
      const std::size_t limit = std::min(end, kLongestMethod + 1);
      at_ = token_end(text, at_, limit);
      if (at_ > kLongestMethod) return refuse(Malformed::method);
      if (at_ == end) return Progress::need_more;
      if (text[at_] != ' ' || at_ == 0) return refuse(wrong_in_method(at_, text[at_]));
      method_size_ = static_cast<std::uint32_t>(at_);
      method_ = method_from(data.substr(0, at_));
      if (method_ == Method::connect) return refuse(Malformed::connect);
      ++at_;
      state_ = State::target;
      [[fallthrough]];
    }

    case State::target: {
      const std::size_t begin = method_size_ + 1;
      if (at_ == end) return Progress::need_more;
      if (at_ == begin && text[at_] != '/' && text[at_] != '*' && ascii_lower(text[at_]) != 'h') {
        const char c = text[at_];
        return refuse(c == ' '                  ? Malformed::request_line
                      : is(c, kTargetCharacter) ? Malformed::target_form
                                                : wrong_in_target(c));
      }
      at_ = target_end(text, at_, std::min(end, begin + limits_.target + 1));
      if (at_ - begin > limits_.target) return refuse(Malformed::target_too_long);
      if (at_ == end) return Progress::need_more;
      if (text[at_] != ' ') return refuse(wrong_in_target(text[at_]));
      const auto target = data.substr(begin, at_ - begin);
      const auto origin = target_parts(target, method_).origin;
      if (origin.empty()) return refuse(Malformed::target_form);
      if (origin.front() == '/') {
        const auto question = origin.find('?');
        if (const auto wrong = wrong_in_path(origin.substr(0, question), limits_.encoded_slash))
          return refuse(*wrong);
        if (question != std::string_view::npos) {
          if (const auto wrong = wrong_in_query(origin.substr(question + 1))) return refuse(*wrong);
        }
      }
      target_size_ = static_cast<std::uint32_t>(target.size());
      ++at_;
      state_ = State::version;
      [[fallthrough]];
    }

    case State::version: {
      const std::size_t begin = method_size_ + 1 + target_size_ + 1;
      while (at_ < end && at_ - begin < kVersion.size()) {
        if (!fits_version(at_ - begin, text[at_])) {
          return refuse(text[at_] == '\n' ? Malformed::bare_lf : Malformed::version);
        }
        ++at_;
      }
      if (at_ == end) return Progress::need_more;
      if (text[begin + 5] != '1' || text[begin + 7] > '1') return refuse(Malformed::version_unsupported);
      version_ = text[begin + 7] == '1' ? Version::http_1_1 : Version::http_1_0;
      if (text[at_] != '\r') return refuse(text[at_] == '\n' ? Malformed::bare_lf : Malformed::request_line);
      ++at_;
      state_ = State::line_end;
      [[fallthrough]];
    }

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
      return progress == Progress::complete ? finish(data, head) : progress;
    }
  }
  return refuse(Malformed::request_line);
}

Progress RequestParser::finish(std::string_view data, RequestHead& head) {
  const Fields& fields = head.fields;
  if (disguises_name_of_family(fields)) return refuse(Malformed::field_name);
  head.method = method_;
  head.version = version_;
  head.method_text = data.substr(0, method_size_);
  const TargetParts parts = target_parts(data.substr(method_size_ + 1, target_size_), method_);
  head.target = parts.origin;
  head.scheme = parts.scheme;
  const auto question = head.target.find('?');
  head.path = head.target.substr(0, question);
  head.query = question == std::string_view::npos ? std::string_view{} : head.target.substr(question + 1);

  const bool may_lack_host =
      limits_.missing_host == MissingHost::taken && fields.value(FieldId::host).value_or("").empty();
  head.host = {};
  if (!may_lack_host) {
    if (const auto wrong = read_host(head)) return refuse(*wrong);
  }
  if (head.scheme != TargetScheme::unsaid) {
    if (const auto wrong = compare_host(head, parts.authority)) return refuse(*wrong);
  }

  head.body = {};
  const auto length = fields.value(FieldId::content_length);
  if (const auto coding = fields.value(FieldId::transfer_encoding)) {
    if (length) return refuse(Malformed::content_length);
    if (version_ == Version::http_1_0 || !is_only_chunked(*coding))
      return refuse(Malformed::transfer_encoding);
    head.body.kind = BodyKind::chunked;
  } else if (length) {
    const auto bytes = parse_content_length(*length);
    if (!bytes) return refuse(Malformed::content_length);
    head.body = {BodyKind::length, *bytes};
  }

  const auto options = connection_options(fields);
  if (options.unknown) return refuse(Malformed::connection_option);
  const bool http_1_1 = version_ == Version::http_1_1;
  head.connection = http_1_1 && !options.close ? Persistence::keep_alive : Persistence::close;
  head.wants_upgrade = http_1_1 && asks_for_other_protocol(fields);
  if (const auto wrong = read_expectation(head)) return refuse(*wrong);
  return Progress::complete;
}

}  // namespace gatehouse::http
