// The formats of JSON Schema 2020-12 (Validation, section 7.3) and of the OpenAPI format registry that say
// something about strings. Each is checked to the letter of its RFC.
#pragma once

#include <string_view>

namespace gatehouse::schema {

struct Format {
  std::string_view name;
  bool (*check)(std::string_view text);
  bool bounded;  // whether it bounds the length of accepted texts
  int cost;      // of each byte of a text, in the units of Work
};

// Null for names that are not known: such a format is an annotation.
const Format* find_format(std::string_view name);
extern const Format kByteFormat;             // OpenAPI 3.0's "byte": base64
extern const Format kDateTimeOrLocalFormat;  // "date-time" under DateTimes::also_local
// The findings' rule for a text that does not have the format.
std::string_view rule_of(const Format& format, std::string_view text);

// The OpenAPI format registry's rules for numbers: a range, and whether they are integers.
struct NumberFormat {
  std::string_view name;
  std::string_view least;
  std::string_view most;
  bool integers;
};
const NumberFormat* find_number_format(std::string_view name);

// format_time.cc: RFC 3339 and RFC 5234's ISO 8601 durations.
bool is_date(std::string_view text);
bool is_time(std::string_view text);
bool is_date_time(std::string_view text);
bool is_local_date_time(std::string_view text);  // without a zone
bool is_date_time_or_local(std::string_view text);
bool is_duration(std::string_view text);

// format_host.cc: RFC 1123, RFC 5890–5893, RFC 5321, RFC 6531, RFC 2673, RFC 4291.
bool is_hostname(std::string_view text);
bool is_idn_hostname(std::string_view text);
bool is_email(std::string_view text);
bool is_idn_email(std::string_view text);
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

// format_uri.cc: RFC 3986, RFC 3987, RFC 6570.
bool is_uri(std::string_view text);
bool is_uri_reference(std::string_view text);
bool is_iri(std::string_view text);
bool is_iri_reference(std::string_view text);
bool is_uri_template(std::string_view text);

// format.cc: RFC 4122, RFC 6901, draft-bhutton-relative-json-pointer-00, RFC 4648.
bool is_uuid(std::string_view text);
bool is_json_pointer(std::string_view text);
bool is_relative_json_pointer(std::string_view text);
bool is_base64(std::string_view text);

}  // namespace gatehouse::schema
