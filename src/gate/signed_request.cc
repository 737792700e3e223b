#include "gate/signed_request.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "core/secret_forms.h"
#include "http/http_date.h"
#include "http/media_type.h"
#include "http/query.h"
#include "http/signed_fields.h"
#include "http/uri.h"

namespace gatehouse::gate {
namespace {

constexpr std::size_t kLongestShown = 64;
constexpr std::size_t kLongestValue = 8192;  // of an X-Amz-* field; session tokens are the longest

class SignedRequest {
 public:
  SignedRequest(Exchange& exchange, const policy::Operation& operation, const Principal& principal)
      : exchange_(exchange), head_(exchange.head), rules_(operation.forwards), principal_(principal) {}

  bool is_kept() {
    auto read = http::signed_fields(head_);
    if (!read) {
      return finding("header", "signature",
                     read.error() == http::SignatureFault::missing ? "required" : "format");
    }
    signed_ = *std::move(read);
    std::ranges::sort(signed_.by_messages);
    std::ranges::sort(signed_.by_aws);
    return keeps_request_line() && keeps_host() && keeps_date() && keeps_fields(signed_.by_messages) &&
           keeps_fields(signed_.by_aws) && covers_amazons();
  }

 private:
  bool finding(std::string_view in, std::string_view name, std::string_view rule) {
    const bool shows = holds_credential(name);
    exchange_.findings.add(std::string("/").append(in).append("/").append(
                               shows ? std::string_view("[redacted]") : name.substr(0, kLongestShown)),
                           rule);
    return false;
  }

  bool proves(ForwardedCredential::Place place, auto&& is_it) const {
    return std::ranges::all_of(rules_.credentials, [&](const ForwardedCredential& one) {
      return one.place != place || !is_it(one.name) || has_proven(principal_, one);
    });
  }

  // A credential in the query ends here, and the query is covered.
  bool keeps_request_line() {
    if (head_.scheme != http::TargetScheme::unsaid) return finding("header", "host", "signed");
    std::string name;
    for (const http::QueryPair pair : http::QueryPairs(head_.query)) {
      if (!http::percent_decoded(pair.name, name)) name = pair.name;
      const std::vector<std::string>& ending = exchange_.policy->carriers.pairs;
      const bool goes_on =
          std::ranges::find(ending, name) == ending.end() &&
          proves(ForwardedCredential::Place::pair, [&](const FieldName& one) { return one.text == name; });
      if (!goes_on) return finding("query", name, "signed");
    }
    return true;
  }

  // The upstream gets the configured name. A trusted proxy has written Host itself.
  bool keeps_host() {
    if (exchange_.via == Via::trusted_proxy) return true;
    if (head_.fields.value(http::FieldId::host) == exchange_.authority) return true;
    return finding("header", "host", "signed");
  }

  bool keeps_date() {
    const auto date = head_.fields.value(http::FieldId::date);
    return !date || http::is_http_date(*date) || finding("header", "date", "format");
  }

  bool keeps_fields(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      bool sent = false;
      for (std::size_t index = 0; index < head_.fields.size(); ++index) {
        const http::Field field = head_.fields[index];
        if (!equal_ignoring_case(field.name, name)) continue;
        sent = true;
        if (!is_as_sent(field, exchange_.passages[index])) return finding("header", name, "signed");
      }
      // The sender cannot have signed a field that Gatehouse writes.
      const bool ends_here = http::to_upstream(http::field_id(name)) == http::ToUpstream::ends_here;
      if (!sent && ends_here) return finding("header", name, "signed");
    }
    return true;
  }

  bool is_as_sent(const http::Field& field, Passage passage) const {
    using enum http::FieldId;
    switch (field.id) {
      case host: return true;
      case content_length: return head_.body.kind == http::BodyKind::length;
      case cookie: return false;  // written anew
      case content_type: return announces_body() && is_written_alike(field.value);
      case content_encoding:
      case content_language: return announces_body() && passage == Passage::goes_on;
      default:
        return passage == Passage::goes_on &&
               proves(ForwardedCredential::Place::field, [&](const FieldName& one) { return one.is(field); });
    }
  }

  bool announces_body() const { return head_.body.kind == http::BodyKind::chunked || head_.body.length > 0; }
  static bool is_written_alike(std::string_view value) {
    const auto type = http::parse_media_type(value);
    std::string written;
    if (type) http::append_media_type(written, *type);
    return written == value;
  }

  // By the signature that AWS verifies, and no other: the caller can invent one.
  bool covers_amazons() {
    for (const http::Field field : head_.fields) {
      if (field.id != http::FieldId::x_amz) continue;
      const bool covered = std::ranges::any_of(
          signed_.by_aws, [&](const std::string& name) { return equal_ignoring_case(name, field.name); });
      if (!covered) return finding("header", field.name, "unsigned");
      if (field.value.size() > kLongestValue || !http::is_visible_ascii(field.value))
        return finding("header", field.name, "format");
    }
    return true;
  }

  Exchange& exchange_;
  const http::RequestHead& head_;
  const RequestRules& rules_;
  const Principal& principal_;
  http::SignedFields signed_;
};

}  // namespace

bool keeps_signature(Exchange& exchange, const policy::Operation& operation, const Principal& principal) {
  return SignedRequest(exchange, operation, principal).is_kept();
}

}  // namespace gatehouse::gate
