#include "core/identity.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "core/caller_shares.h"

namespace gatehouse {

std::string_view name(PrincipalKind kind) {
  constexpr std::string_view kNames[] = {"anonymous", "key", "token", "certificate"};
  return kNames[std::to_underlying(kind)];
}

// White_Space of Unicode 15, except the characters that deceives() covers.
static bool is_blank(char32_t c) {
  return c == 0x20 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

bool is_reserved_id(std::string_view id) {
  constexpr std::array<std::string_view, 3> kReserved = {kAnonymous, "authenticated", "gatehouse"};
  std::string seen;
  while (!id.empty() && seen.size() <= kReserved[1].size()) {
    const Utf8Character next = first_character(id);
    const std::size_t size = std::max<std::size_t>(next.size, 1);
    if (next.size == 0 || !(deceives(next.code) || is_blank(next.code))) seen += id.substr(0, size);
    id.remove_prefix(size);
  }
  return std::ranges::any_of(kReserved, [&](std::string_view one) { return equal_ignoring_case(seen, one); });
}

Verdict<void> Principal::in_force(WallTime now) const {
  const auto holds = [&](const Identity& one) -> Verdict<void> {
    const bool certified = one.kind == PrincipalKind::certificate || !one.bound_to.empty();
    if (certified && handshake_ && now >= handshake_->chain_ends) return refuse(Reason::credential_expired);
    return one.standing ? one.standing->in_force(now) : Verdict<void>();
  };
  for (const IdentityPointer& one : beside_) {
    if (auto held = holds(*one); !held) return held;
  }
  return holds(*identity_);
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    if (c > ' ' && c < 0x7f && c != '%' && c != ',') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
}

FinishedIdentity::FinishedIdentity(Identity identity)
    : Identity(std::move(identity)), hash_(caller_hash(*this)) {
  if (kind == PrincipalKind::anonymous) return;
  upstream_fields_ = "Gatehouse-Principal: ";
  append_encoded(upstream_fields_, id);
  upstream_fields_ += "\r\nGatehouse-Roles: ";
  for (bool another = false; const std::string& role : roles) {
    if (std::exchange(another, true)) upstream_fields_ += ',';
    append_encoded(upstream_fields_, role);
  }
  upstream_fields_ += "\r\nGatehouse-Scheme: ";
  append_encoded(upstream_fields_, scheme);
  if (!issuer.empty()) {
    upstream_fields_ += "\r\nGatehouse-Issuer: ";
    append_encoded(upstream_fields_, issuer);
  }
  upstream_fields_ += "\r\n";
}

std::size_t memory_of(const FinishedIdentity& identity) {
  std::size_t bytes = sizeof identity + identity.claims.memory() + identity.upstream_fields().capacity();
  for (const std::string* text :
       {&identity.id, &identity.scheme, &identity.issuer, &identity.credential_id, &identity.recorded_id,
        &identity.recorded_credential_id, &identity.credential_key, &identity.bound_to, &identity.tenant}) {
    bytes += text->capacity();
  }
  for (const std::vector<std::string>* list :
       {&identity.roles, &identity.scopes, &identity.permission_patterns}) {
    bytes += list->capacity() * sizeof(std::string);
    for (const std::string& text : *list) bytes += text.capacity();
  }
  return bytes;
}

}  // namespace gatehouse
