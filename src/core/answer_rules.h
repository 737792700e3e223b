// A policy's rules for the heads of one operation's answers from an upstream, in addition to
// http/field_table.h. Made when the policy is compiled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/head_rules.h"
#include "http/name_folding.h"

namespace gatehouse {

// A host that an answer may not name: one of an upstream's.
struct InsideHost {
  std::string name;  // by inside_name
  std::uint16_t port = 0;
};
inline constexpr std::string_view kLoopbackName = "localhost";
// One name for one host: lower case, without a final dot; addresses in their usual form, and loopback
// addresses and their names are all kLoopbackName. `host` as http::parse_host_port gives it.
std::string inside_name(std::string_view host);

// The treatment of a Set-Cookie that lacks Secure, HttpOnly or SameSite.
enum class SetCookies : std::uint8_t {
  complete,  // the missing attributes are added; SameSite=Lax
  refuse,    // it stays behind
};

// The fields of an upstream's answer that leave although the table says `declared`, `checked` or `pages`.
struct AnswerRules {
  std::vector<FieldName> fields;     // that the operation's document declares, or `fields.answers`
  std::vector<std::string> cookies;  // that any document declares as a parameter, or `fields.cookies` names
  std::vector<InsideHost> inside;    // of all upstreams
  std::vector<std::string> readable_cookies = {};  // without HttpOnly, because scripts read them
  SetCookies set_cookies = SetCookies::complete;
  // Of configured schemes: no upstream sets one, under any spelling that a server could take for it.
  http::GuardedNames credential_cookies{http::GuardedNames::Kind::cookies};
  // Statuses below 400 under which the document declares text/html, in order.
  std::vector<std::uint16_t> pages = {};
  // Fields that Gatehouse itself says with each answer of an upstream, in place of the upstream's.
  struct Set {
    FieldName name;
    std::string value;
  };
  std::vector<Set> set = {};
  std::string stripped = {};  // RequestRules::stripped: the upstream's paths lack it
};

}  // namespace gatehouse
