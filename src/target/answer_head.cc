#include "target/answer_head.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "http/characters.h"
#include "http/framing.h"
#include "http/host.h"
#include "http/media_type.h"
#include "http/response_writer.h"
#include "http/set_cookie.h"

namespace gatehouse::target {
namespace {

// The scheme of an absolute reference; empty where it is a relative one.
std::string_view scheme_of(std::string_view reference) {
  const auto is_letter = [](char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; };
  const auto colon = reference.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(reference.front())) return {};
  const std::string_view scheme = reference.substr(0, colon);
  const bool fine = std::ranges::all_of(scheme, [&](char c) {
    return is_letter(c) || http::is(c, http::kDigit) || c == '+' || c == '-' || c == '.';
  });
  return fine ? scheme : std::string_view{};
}

// Browsers take `\` for `/`, and leave tabs and line ends out, wherever they stand (WHATWG URL section 4.4).
bool is_read_differently(std::string_view reference) {
  return std::ranges::any_of(
      reference, [](char c) { return c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

enum class Names : std::uint8_t { outside, inside, refused };

// An upstream that believes X-Forwarded-Host names this server as the request did.
bool is_this_server(const http::HostPort& named, std::string_view authority) {
  const auto ours = http::parse_host_port(authority);
  const auto port_of = [](const http::HostPort& one) {
    return one.port == 0 ? std::uint16_t{443} : one.port;
  };
  return ours && equal_ignoring_case(ours->host, named.host) && port_of(*ours) == port_of(named);
}

Names what_names(std::string_view authority, std::span<const InsideHost> inside, std::string_view ours) {
  const auto at = authority.rfind('@');
  const bool has_user = at != std::string_view::npos;
  if (has_user) authority.remove_prefix(at + 1);
  const auto host_port = http::parse_host_port(authority);
  if (!host_port) return Names::refused;
  if (is_this_server(*host_port, ours)) return Names::inside;
  const std::string name = inside_name(host_port->host);
  bool same_host = false;
  for (const InsideHost& host : inside) {
    if (host.name != name) continue;
    // Without a port the scheme's own is meant, and an upstream that believes X-Forwarded-Proto writes https.
    if (host_port->port == 0 || host_port->port == host.port) return Names::inside;
    same_host = true;
  }
  // Loopback is the client's own machine too, where a native application may listen (RFC 8252 section 7.3).
  if (has_user || (same_host && name != kLoopbackName)) return Names::refused;
  return Names::outside;
}

// The rest of `view-source:http://host/` or `blob:http://host/` shows the host to all who read it.
bool wraps_inside(std::string_view rest, std::span<const InsideHost> inside, const AnswerPlace& place) {
  while (!rest.starts_with("//")) {
    const std::string_view scheme = scheme_of(rest);
    if (scheme.empty()) return false;
    rest.remove_prefix(scheme.size() + 1);
  }
  rest.remove_prefix(2);
  return what_names(rest.substr(0, rest.find_first_of("/?#")), inside, place.authority) != Names::outside;
}

// `location` or `content-location`.
void take_reference(const http::Field& field, const AnswerRules& rules, const AnswerPlace& place,
                    Response& response) {
  if (append_reference(response.fields.open(field.id, field.name), field.value, rules.inside, place)) {
    response.fields.close();
  } else {
    response.fields.withdraw();
  }
}

// Of the characters of a URI reference only. Browsers skip white space in front, and other readers find the
// target behind the last `<`.
bool is_reference(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '#' || http::is(c, http::kTargetCharacter); });
}

// `<target>; rel="next", <target>; …` (RFC 8288 section 3). By default targets are on this server; if the
// document declares Link, they may be anywhere outside. Many readers split the value at `,` or `<` and ignore
// quotes: a target in `<>` within quotes must follow the same rules, and a quote may stand only at the
// beginning of a value.
bool append_links(std::string& out, std::string_view value, const AnswerRules& rules,
                  const AnswerPlace& place, bool declared) {
  bool quoted = false;
  for (char before = 0; !value.empty();) {
    const char c = value.front();
    if (c == '"') {
      if (!quoted && before != '=') return false;
      quoted = !quoted;
    }
    // An escaped character: a reader without escapes sees the string end elsewhere.
    if (quoted && c == '\\') return false;
    if (c != '<') {
      if (!quoted && ascii_lower(c) == 'a' && value.size() > 6 &&
          equal_ignoring_case(value.substr(0, 6), "anchor"))
        return false;  // another reference
      out += c;
      before = c;
      value.remove_prefix(1);
      continue;
    }
    const auto end = value.find('>');
    if (end == std::string_view::npos) return false;
    out += '<';
    const std::size_t begin = out.size();
    const std::string_view reference = value.substr(1, end - 1);
    if (!is_reference(reference) || !append_reference(out, reference, rules.inside, place)) return false;
    const std::string_view made = std::string_view(out).substr(begin);
    if (!declared && (made.starts_with("//") || !scheme_of(made).empty())) return false;
    out += '>';
    before = '>';
    value.remove_prefix(end + 1);
  }
  return !quoted;
}

void take_links(const http::Field& field, const AnswerRules& rules, const AnswerPlace& place, bool declared,
                Response& response) {
  if (append_links(response.fields.open(field.id, field.name), field.value, rules, place, declared)) {
    response.fields.close();
  } else {
    response.fields.withdraw();
  }
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// The reason for dropping the cookie; empty if it leaves, with the missing attributes added.
std::string_view fault_of(http::SetCookie& cookie, const AnswerRules& rules) {
  const bool readable = has(rules.readable_cookies, cookie.name);
  if (rules.set_cookies == SetCookies::refuse) {
    if (!cookie.secure) return "the upstream's cookie was dropped, because it lacks Secure";
    if (!cookie.http_only && !readable) return "the upstream's cookie was dropped, because it lacks HttpOnly";
    if (cookie.same_site == http::SameSite::unsaid)
      return "the upstream's cookie was dropped, because it lacks SameSite";
  }
  cookie.secure = true;
  cookie.http_only = cookie.http_only || !readable;
  if (cookie.same_site == http::SameSite::unsaid) cookie.same_site = http::SameSite::lax;
  return {};
}

bool names_inside(std::string_view domain, const AnswerRules& rules) {
  const std::string name = inside_name(domain);
  return std::ranges::any_of(rules.inside, [&](const InsideHost& host) { return host.name == name; });
}

// A path below the upstream's base is one of this server without it.
std::string_view without_base(std::string_view path, std::string_view base_path) {
  if (!path.starts_with(base_path)) return path;
  const std::string_view rest = path.substr(base_path.size());
  if (rest.empty()) return "/";
  return rest.starts_with('/') ? rest : path;
}

// Appends a path, perhaps with a query, that is absolute, as one of this server.
void append_with_stripped(std::string& out, std::string_view path, std::string_view stripped) {
  const std::string_view rest =
      path.starts_with(stripped) ? path.substr(stripped.size()) : std::string_view("x");
  if (!rest.empty() && !std::string_view("/?#").contains(rest.front())) out += stripped;
  out += path;
}

void take_cookie(const http::Field& field, const AnswerRules& rules, const AnswerPlace& place, bool declared,
                 Response& response, CallReport& report) {
  const std::string_view name = http::set_cookie_name(field.value);
  if (!declared && !has(rules.cookies, name)) return;
  const auto stays = [&](std::string_view why) {
    report.detail = why;
    report.said = name;
  };
  if (rules.credential_cookies.is_or_taken_for(name))
    return stays(
        "the upstream's cookie was dropped, because it has the name of a configured scheme's credential");
  auto cookie = http::parse_set_cookie(field.value);
  if (!cookie) return stays("the upstream's cookie was dropped, because it is not a valid Set-Cookie");
  if (const std::string_view fault = fault_of(*cookie, rules); !fault.empty()) return stays(fault);
  // A host that clients do not know: without it the cookie is this server's alone.
  if (cookie->domain && names_inside(*cookie->domain, rules)) cookie->domain.reset();
  std::string path;
  if (cookie->path) {
    append_with_stripped(path, without_base(*cookie->path, place.base_path), place.stripped);
    cookie->path = path;
  }
  http::append_set_cookie(response.fields.open(http::FieldId::set_cookie, "Set-Cookie"), *cookie);
  response.fields.close();
}

// ---- pages ----

// Whether the document declares this answer as text/html. A 304 has no type: it changes a cached answer under
// the same fields (RFC 9111 section 4.3.4), which may be a page.
bool is_page(const http::ResponseHead& head, const AnswerRules& rules) {
  if (rules.pages.empty()) return false;
  if (head.status == 304) return true;
  if (!std::ranges::binary_search(rules.pages, static_cast<std::uint16_t>(head.status))) return false;
  const auto value = head.fields.value(http::FieldId::content_type);
  const auto type = value ? http::parse_media_type(*value) : std::nullopt;
  return type && equal_ignoring_case(type->type, "text") && equal_ignoring_case(type->subtype, "html");
}

// Browsers ignore unknown directives (CSP section 2.2.1): a policy with only such directives has no effect.
bool has_directive(std::string_view policy) {
  constexpr std::array<std::string_view, 18> kDirectives = {
      "default-src", "script-src", "script-src-elem", "script-src-attr", "style-src",  "style-src-elem",
      "img-src",     "font-src",   "connect-src",     "media-src",       "object-src", "frame-src",
      "child-src",   "worker-src", "base-uri",        "form-action",     "sandbox",    "frame-ancestors"};
  while (!policy.empty()) {
    policy.remove_prefix(std::min(policy.find_first_not_of(" \t;,"), policy.size()));
    const std::string_view name = policy.substr(0, policy.find_first_of(" \t;,"));
    if (std::ranges::any_of(kDirectives,
                            [&](std::string_view one) { return equal_ignoring_case(one, name); }))
      return true;
    policy.remove_prefix(std::min(policy.find_first_of(";,"), policy.size()));
  }
  return false;
}

// Browsers pass over the words that they do not know (Referrer Policy section 8.1).
bool has_referrer_policy(std::string_view value) {
  constexpr std::array<std::string_view, 8> kWords = {"no-referrer",
                                                      "no-referrer-when-downgrade",
                                                      "same-origin",
                                                      "origin",
                                                      "strict-origin",
                                                      "origin-when-cross-origin",
                                                      "strict-origin-when-cross-origin",
                                                      "unsafe-url"};
  while (!value.empty()) {
    const std::string_view word = trimmed(value.substr(0, value.find(',')));
    if (std::ranges::any_of(kWords, [&](std::string_view known) { return equal_ignoring_case(known, word); }))
      return true;
    value.remove_prefix(std::min(
        value.size(), value.find(',') == std::string_view::npos ? value.size() : value.find(',') + 1));
  }
  return false;
}

// A page's own policies. For every other answer Gatehouse writes these two.
struct PagePolicies {
  bool content = false;
  bool referrer = false;

  void take(const http::Field& field) {
    content = content || (field.id == http::FieldId::content_security_policy && has_directive(field.value));
    referrer = referrer || (field.id == http::FieldId::referrer_policy && has_referrer_policy(field.value));
  }
  // `same-origin`: under `no-referrer` browsers send `Origin: null` with a form, which frameworks refuse.
  void complete(Response& response) const {
    if (!content) {
      response.fields.add(http::FieldId::content_security_policy, "Content-Security-Policy",
                          "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'");
    }
    if (!referrer) response.fields.add(http::FieldId::referrer_policy, "Referrer-Policy", "same-origin");
  }
};

bool is_written_for_data(http::FieldId id) {
  return id == http::FieldId::content_security_policy || id == http::FieldId::referrer_policy;
}

// A field that Connection names concerns one connection (RFC 9110 section 7.6.1).
bool is_nominated(const http::Field& field, const http::Fields& fields) {
  for (const http::Field connection : fields) {
    if (connection.id != http::FieldId::connection) continue;
    for (std::string_view rest = connection.value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      if (equal_ignoring_case(trimmed(rest.substr(0, comma)), field.name)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace

bool append_reference(std::string& out, std::string_view reference, std::span<const InsideHost> inside,
                      const AnswerPlace& place) {
  if (reference.empty() || is_read_differently(reference)) return false;
  std::string_view rest = reference;
  const std::string_view scheme = scheme_of(reference);
  if (!scheme.empty()) rest.remove_prefix(scheme.size() + 1);
  if (!rest.starts_with("//")) {
    // `http:host` and `http:/host` are `http://host` to a browser, as are the others of its special schemes
    // (WHATWG URL section 4.2); `myapp:callback` names no host.
    for (const std::string_view special : {"http", "https", "ws", "wss", "ftp", "file"}) {
      if (equal_ignoring_case(scheme, special)) return false;
    }
    if (wraps_inside(rest, inside, place)) return false;
    if (reference.starts_with('/')) {
      append_with_stripped(out, reference, place.stripped);
    } else {
      out += reference;
    }
    return true;
  }
  rest.remove_prefix(2);
  const auto end = std::min(rest.find_first_of("/?#"), rest.size());
  switch (what_names(rest.substr(0, end), inside, place.authority)) {
    case Names::refused: return false;
    case Names::outside: out += reference; return true;
    case Names::inside: break;
  }
  rest.remove_prefix(end);
  const std::string_view base_path = place.base_path;
  if (rest.starts_with(base_path) &&
      (rest.size() == base_path.size() || std::string_view("/?#").contains(rest[base_path.size()]))) {
    rest.remove_prefix(base_path.size());
  }
  if (rest.starts_with("//")) rest = {};  // `//name/` would lead to another host
  if (rest.starts_with('/')) {
    append_with_stripped(out, rest, place.stripped);
  } else {
    out.append(place.stripped).append("/").append(rest);
  }
  return true;
}

void take_answer_fields(const http::ResponseHead& head, const AnswerRules& rules, const AnswerPlace& place,
                        Response& response, CallReport& report) {
  using enum http::ToClient;
  const bool nominates = http::connection_options(head.fields).unknown;
  const bool page = is_page(head, rules);
  PagePolicies policies;
  for (const http::Field field : head.fields) {
    const http::ToClient way = http::to_client(field.id);
    const auto is_set = [&](const AnswerRules::Set& one) { return one.name.is(field); };
    if (way == stays || std::ranges::any_of(rules.set, is_set) ||
        (nominates && is_nominated(field, head.fields)))
      continue;
    const bool declared = way != leaves && std::ranges::any_of(rules.fields, [&](const FieldName& name) {
                            return name.is(field);
                          });
    if (way == leaves || (way == http::ToClient::declared && declared)) {
      response.fields.add(field.id, field.name, field.value);
      continue;
    }
    if (way == pages) {
      policies.take(field);
      if (page || (declared && !is_written_for_data(field.id)))
        response.fields.add(field.id, field.name, field.value);
      continue;
    }
    switch (field.id) {
      case http::FieldId::location:
      case http::FieldId::content_location: take_reference(field, rules, place, response); break;
      case http::FieldId::link: take_links(field, rules, place, declared, response); break;
      case http::FieldId::set_cookie: take_cookie(field, rules, place, declared, response, report); break;
      case http::FieldId::allow:
        if (!report.allow.empty()) report.allow += ", ";
        report.allow += field.value;
        break;
      default: break;
    }
  }
  for (const AnswerRules::Set& one : rules.set) response.fields.add(one.name.id, one.name.text, one.value);
  if (!page) return;
  response.policies = Response::Policies::of_page;
  if (head.status != 304) policies.complete(response);
}

}  // namespace gatehouse::target
