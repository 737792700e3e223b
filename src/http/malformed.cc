#include "http/malformed.h"

#include <array>

namespace gatehouse::http {

std::string_view name(Malformed reason) {
  static constexpr std::array<std::string_view, kMalformedCount> kReasonNames = {"request_line",
                                                                                 "method",
                                                                                 "connect",
                                                                                 "version",
                                                                                 "version_unsupported",
                                                                                 "target_form",
                                                                                 "target_too_long",
                                                                                 "target_character",
                                                                                 "fragment",
                                                                                 "non_ascii",
                                                                                 "invalid_percent",
                                                                                 "dot_segment",
                                                                                 "double_slash",
                                                                                 "encoded_slash",
                                                                                 "encoded_backslash",
                                                                                 "encoded_dot",
                                                                                 "encoded_unreserved",
                                                                                 "encoded_control",
                                                                                 "encoded_not_utf8",
                                                                                 "head_too_large",
                                                                                 "too_many_fields",
                                                                                 "field_name",
                                                                                 "space_before_colon",
                                                                                 "field_value",
                                                                                 "obs_fold",
                                                                                 "bare_lf",
                                                                                 "bare_cr",
                                                                                 "control_character",
                                                                                 "repeated_field",
                                                                                 "missing_host",
                                                                                 "repeated_host",
                                                                                 "bad_host",
                                                                                 "other_host",
                                                                                 "content_length",
                                                                                 "transfer_encoding",
                                                                                 "connection_option",
                                                                                 "expectation",
                                                                                 "chunk_size",
                                                                                 "chunk_extension",
                                                                                 "chunk_terminator",
                                                                                 "trailer",
                                                                                 "status_line",
                                                                                 "switching_protocols",
                                                                                 "unexpected_body"};
  static_assert(!kReasonNames.back().empty());
  return kReasonNames[static_cast<std::size_t>(reason)];
}

int status(Malformed reason) {
  switch (reason) {
    case Malformed::target_too_long: return 414;
    case Malformed::expectation: return 417;
    case Malformed::other_host: return 421;
    case Malformed::head_too_large:
    case Malformed::too_many_fields: return 431;
    case Malformed::version_unsupported: return 505;
    default: return 400;
  }
}

}  // namespace gatehouse::http
