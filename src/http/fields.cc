#include "http/fields.h"

#include <cstring>

#include "base/strings.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t kNamed = static_cast<std::size_t>(FieldId::host) + 1;  // without the families
constexpr std::size_t kLongestName = 30;

constexpr std::array<std::string_view, kNamed> kNames = {
    "",
    "accept",
    "accept-encoding",
    "accept-language",
    "access-control-request-headers",
    "access-control-request-method",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "dpop",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "http2-settings",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "location",
    "max-forwards",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "retry-after",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "server",
    "set-cookie",
    "strict-transport-security",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-csrf-token",
    "x-forwarded-for",
    "x-powered-by",
    "x-real-ip",
    "x-request-id",
    "host",
};

// A perfect hash over the length, the first two and the last two bytes: one table access, then one
// comparison.
// `| 0x20` lowers letters and leaves digits and `-` as they are.
constexpr std::size_t kSlots = 1024;

constexpr std::uint32_t byte(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]) | 0x20U;
}
constexpr std::size_t slot(std::string_view text, std::uint32_t multiplier) {
  const std::size_t n = text.size();
  const std::uint32_t key =
      byte(text, 0) | byte(text, n / 2) << 8 | byte(text, n - 2) << 16 | byte(text, n - 1) << 24;
  return ((key ^ static_cast<std::uint32_t>(n) * 0x9E3779B1U) * multiplier) >> 22;
}

struct Index {
  std::uint32_t multiplier = 0;
  std::array<std::uint8_t, kSlots> id{};
};
constexpr Index kIndex = [] {
  Index index;
  for (std::uint32_t multiplier = 0x85EBCA6BU;; multiplier += 0x2545F492U) {
    index.multiplier = multiplier;
    index.id.fill(0);
    bool perfect = true;
    for (std::size_t i = 1; i < kNamed && perfect; ++i) {
      auto& entry = index.id[slot(kNames[i], multiplier)];
      perfect = entry == 0;
      entry = static_cast<std::uint8_t>(i);
    }
    if (perfect) return index;
  }
}();
static_assert([] {
  for (std::size_t i = 1; i < kNamed; ++i) {
    if (kNames[i].size() < 2 || kNames[i].size() > kLongestName) return false;
    if (kIndex.id[slot(kNames[i], kIndex.multiplier)] != i) return false;
  }
  return true;
}());

template <typename Word>
bool same_word(const char* text, const char* lower) {
  Word a, b;
  std::memcpy(&a, text, sizeof(Word));
  std::memcpy(&b, lower, sizeof(Word));
  return (a | static_cast<Word>(0x2020202020202020ULL)) == b;
}
// `text` is a token of at least two bytes; `lower` has the same size. The last word overlaps the one before.
bool same_name(std::string_view text, std::string_view lower) {
  const std::size_t n = text.size();
  if (n >= 8) {
    for (std::size_t i = 0; i + 8 < n; i += 8) {
      if (!same_word<std::uint64_t>(text.data() + i, lower.data() + i)) return false;
    }
    return same_word<std::uint64_t>(text.data() + n - 8, lower.data() + n - 8);
  }
  if (n >= 4) {
    return same_word<std::uint32_t>(text.data(), lower.data()) &&
           same_word<std::uint32_t>(text.data() + n - 4, lower.data() + n - 4);
  }
  return same_word<std::uint16_t>(text.data(), lower.data()) &&
         same_word<std::uint16_t>(text.data() + n - 2, lower.data() + n - 2);
}

bool has_prefix(std::string_view text, std::string_view lower_prefix) {
  return text.size() > lower_prefix.size() && same_name(text.substr(0, lower_prefix.size()), lower_prefix);
}

struct IdSet {
  std::array<bool, kFieldIdCount> in{};
  template <typename... Ids>
  constexpr explicit IdSet(Ids... ids) {
    ((in[static_cast<std::size_t>(ids)] = true), ...);
  }
  constexpr bool operator[](FieldId id) const { return in[static_cast<std::size_t>(id)]; }
};

using enum FieldId;
constexpr IdSet kSingletons{access_control_request_method,
                            authorization,
                            content_disposition,
                            content_length,
                            content_location,
                            content_range,
                            content_type,
                            cookie,
                            date,
                            dpop,
                            etag,
                            expect,
                            host,
                            http2_settings,
                            idempotency_key,
                            if_modified_since,
                            if_range,
                            if_unmodified_since,
                            last_modified,
                            location,
                            max_forwards,
                            origin,
                            proxy_authorization,
                            range,
                            referer,
                            retry_after,
                            sec_fetch_dest,
                            sec_fetch_mode,
                            sec_fetch_site,
                            traceparent,
                            transfer_encoding,
                            user_agent,
                            x_csrf_token,
                            x_real_ip,
                            x_request_id};
constexpr IdSet kHopByHop{connection,          http2_settings,   keep_alive, proxy_authenticate,
                          proxy_authorization, proxy_connection, te,         trailer,
                          transfer_encoding,   upgrade};

}  // namespace

FieldId field_id(std::string_view name) {
  if (name.size() < 2) return other;
  if (name.size() <= kLongestName) {
    const auto id = kIndex.id[slot(name, kIndex.multiplier)];
    const std::string_view candidate = kNames[id];
    if (candidate.size() == name.size() && same_name(name, candidate)) return static_cast<FieldId>(id);
  }
  const auto first = byte(name, 0);
  if (first == 'x' && has_prefix(name, "x-forwarded-")) return x_forwarded;
  if (first == 'g' && has_prefix(name, "gatehouse-")) return gatehouse;
  return other;
}

std::string_view name(FieldId id) {
  const auto i = static_cast<std::size_t>(id);
  return i < kNamed ? kNames[i] : std::string_view{};
}

bool is_singleton(FieldId id) { return kSingletons[id]; }
bool is_hop_by_hop(FieldId id) { return kHopByHop[id]; }

Fields::Found Fields::find(std::string_view wanted) const {
  Found found;
  for (const Field field : *this) {
    if (!equal_ignoring_case(field.name, wanted)) continue;
    if (found.count == 0) found.value = field.value;
    ++found.count;
  }
  return found;
}

}  // namespace gatehouse::http
