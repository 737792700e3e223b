#include "http/response_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/strings.h"
#include "http/characters.h"

namespace gatehouse::http {
namespace {

constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void put_two(char* at, unsigned value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
}

// Two digits at `at`, or -1.
int two(std::string_view text, std::size_t at) {
  if (!is(text[at], kDigit) || !is(text[at + 1], kDigit)) return -1;
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), written.ptr);
}

}  // namespace

std::optional<FieldName> FieldName::checked(std::string_view text) {
  if (text.empty() || !all(text, kTokenCharacter)) return std::nullopt;
  return FieldName(text, 0);
}

std::optional<FieldValue> FieldValue::checked(std::string_view text) {
  if (value_end(text.data(), 0, text.size()) != text.size() || trimmed(text).size() != text.size())
    return std::nullopt;
  return FieldValue(text, 0);
}

std::string_view phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 207: return "Multi-Status";
    case 208: return "Already Reported";
    case 226: return "IM Used";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 423: return "Locked";
    case 424: return "Failed Dependency";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    case 508: return "Loop Detected";
    case 511: return "Network Authentication Required";
    default: return {};
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + name.size() + value.size() + 4, [&](char* begin, std::size_t) {
    char* at = std::copy(name.begin(), name.end(), begin + before);
    *at++ = ':';
    *at++ = ' ';
    at = std::copy(value.begin(), value.end(), at);
    *at++ = '\r';
    *at++ = '\n';
    return static_cast<std::size_t>(at - begin);
  });
}

HeadWriter& HeadWriter::status(int code) {
  if (code == 200) {
    out_ += "HTTP/1.1 200 OK\r\n";
    return *this;
  }
  out_ += "HTTP/1.1 ";
  append_number(out_, static_cast<std::uint64_t>(code));
  out_ += ' ';
  out_ += phrase(code);
  out_ += "\r\n";
  return *this;
}

HeadWriter& HeadWriter::request(std::string_view method, std::string_view target) {
  out_ += method;
  out_ += ' ';
  out_ += target;
  out_ += " HTTP/1.1\r\n";
  return *this;
}

HeadWriter& HeadWriter::field(FieldName name, FieldValue value) {
  append_field(out_, name.view(), value.view());
  return *this;
}

HeadWriter& HeadWriter::field(FieldName name, std::uint64_t number) {
  out_ += name.view();
  out_ += ": ";
  append_number(out_, number);
  out_ += "\r\n";
  return *this;
}

HeadWriter& HeadWriter::content_length(std::uint64_t length) { return field("Content-Length", length); }

HeadWriter& HeadWriter::block(std::string_view lines) {
  out_ += lines;
  return *this;
}

std::array<char, 29> http_date(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{day};
  const auto of_day = static_cast<unsigned>((seconds - day).count());
  std::array<char, 29> text;
  std::memcpy(text.data(), "Thu, 01 Jan 1970 00:00:00 GMT", text.size());
  std::memcpy(text.data(), kDays[std::chrono::weekday{day}.c_encoding()].data(), 3);
  put_two(text.data() + 5, static_cast<unsigned>(date.day()));
  std::memcpy(text.data() + 8, kMonths[static_cast<unsigned>(date.month()) - 1].data(), 3);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  put_two(text.data() + 12, year / 100 % 100);
  put_two(text.data() + 14, year % 100);
  put_two(text.data() + 17, of_day / 3600);
  put_two(text.data() + 20, of_day / 60 % 60);
  put_two(text.data() + 23, of_day % 60);
  return text;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  if (text.size() != 29) return std::nullopt;
  unsigned month = 0;
  while (month < 12 && kMonths[month] != text.substr(8, 3)) ++month;
  const int day = two(text, 5), century = two(text, 12), year = two(text, 14);
  const int hour = two(text, 17), minute = two(text, 20), second = two(text, 23);
  if (month == 12 || day < 0 || century < 0 || year < 0 || hour < 0 || minute < 0 || second < 0)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{century * 100 + year},
                                         std::chrono::month{month + 1},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // WallTime holds nanoseconds: later years do not fit.
  if (!date.ok() || date.year() < std::chrono::year{1970} || date.year() > std::chrono::year{2261})
    return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const WallTime time = std::chrono::sys_days{date} + std::chrono::hours{hour} +
                        std::chrono::minutes{minute} + std::chrono::seconds{second};
  // The weekday, the separators: every deviation from the written form of this time.
  const auto canonical = http_date(time);
  if (text != std::string_view{canonical.data(), canonical.size()}) return std::nullopt;
  return time;
}

std::string_view DateLine::at(WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second != second_) {
    second_ = second;
    const auto date = http_date(now);
    std::memcpy(line_.data(), "Date: ", 6);
    std::memcpy(line_.data() + 6, date.data(), date.size());
    std::memcpy(line_.data() + 35, "\r\n", 2);
  }
  return {line_.data(), line_.size()};
}

}  // namespace gatehouse::http
