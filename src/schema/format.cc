#include "schema/format.h"

#include <algorithm>
#include <cstddef>

#include "base/strings.h"
#include "schema/pattern.h"

namespace gatehouse::schema {
namespace {

constexpr Format kFormats[] = {
    {"date-time", is_date_time, false, 2},
    {"date", is_date, true, 1},
    {"time", is_time, false, 2},
    {"duration", is_duration, false, 4},
    {"email", is_email, true, 60},
    {"idn-email", is_idn_email, true, 200},
    {"hostname", is_hostname, true, 60},
    {"idn-hostname", is_idn_hostname, true, 200},
    {"ipv4", is_ipv4, true, 2},
    {"ipv6", is_ipv6, true, 4},
    {"uri", is_uri, false, 6},
    {"uri-reference", is_uri_reference, false, 6},
    {"iri", is_iri, false, 6},
    {"iri-reference", is_iri_reference, false, 6},
    {"uuid", is_uuid, true, 1},
    {"uri-template", is_uri_template, false, 6},
    {"json-pointer", is_json_pointer, false, 2},
    {"relative-json-pointer", is_relative_json_pointer, false, 2},
    {"regex", is_ecma_regex, false, 60},
};

constexpr NumberFormat kNumberFormats[] = {
    {"int8", "-128", "127", true},
    {"uint8", "0", "255", true},
    {"int16", "-32768", "32767", true},
    {"uint16", "0", "65535", true},
    {"int32", "-2147483648", "2147483647", true},
    {"uint32", "0", "4294967295", true},
    {"int64", "-9223372036854775808", "9223372036854775807", true},
    {"uint64", "0", "18446744073709551615", true},
    {"double-int", "-9007199254740991", "9007199254740991", true},
    {"float", "-3.40282346638528859811704183484516925440e38", "3.40282346638528859811704183484516925440e38",
     false},
};

}  // namespace

const Format kByteFormat{"byte", is_base64, false, 2};
const Format kDateTimeOrLocalFormat = {"date-time", is_date_time_or_local, false, 3};

std::string_view rule_of(const Format& format, std::string_view text) {
  return format.check == is_date_time && is_local_date_time(text)
             ? "format (a date-time without a zone, which defaults.dates: local accepts)"
             : "format";
}

const Format* find_format(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [&](const Format& format) { return format.name == name; });
  return found == std::end(kFormats) ? nullptr : found;
}

const NumberFormat* find_number_format(std::string_view name) {
  const auto* found = std::find_if(std::begin(kNumberFormats), std::end(kNumberFormats),
                                   [&](const NumberFormat& format) { return format.name == name; });
  return found == std::end(kNumberFormats) ? nullptr : found;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex_digit(text[i])) return false;
  }
  return true;
}

bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

namespace {

// Takes an integer without leading zeros.
bool take_integer(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || (digits > 1 && text.front() == '0')) return false;
  text.remove_prefix(digits);
  return true;
}

}  // namespace

bool is_relative_json_pointer(std::string_view text) {
  if (!take_integer(text)) return false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    text.remove_prefix(1);
    if (text.starts_with('0') || !take_integer(text)) return false;
  }
  return text == "#" || is_json_pointer(text);
}

bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  while (text.ends_with('=') && text.size() % 4 != 2) text.remove_suffix(1);
  const bool in_alphabet = std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' || c == '/';
  });
  if (!in_alphabet) return false;
  // Bits that no byte gets must be zero (section 3.5): some decoders refuse others, some overlook them.
  if (text.size() % 4 == 2) return std::string_view("AQgw").find(text.back()) != text.npos;
  if (text.size() % 4 == 3) return std::string_view("AEIMQUYcgkosw048").find(text.back()) != text.npos;
  return true;
}

}  // namespace gatehouse::schema
