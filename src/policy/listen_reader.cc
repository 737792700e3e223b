#include "policy/listen_reader.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "doc/reader.h"
#include "http/characters.h"
#include "http/served_names.h"
#include "policy/key_reader.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {
namespace {

using doc::as_field;
using doc::as_one_of;
using doc::as_texts;
using doc::Choice;
using doc::Field;

constexpr Choice<PlaintextAnswer> kPlaintext[] = {{"redirect", PlaintextAnswer::redirect},
                                                  {"reject", PlaintextAnswer::reject}};
constexpr Choice<ProxyProtocol> kProxyProtocols[] = {{"off", ProxyProtocol::off},
                                                     {"required", ProxyProtocol::required}};

// Of a port alone, or behind something else than an address; empty: it has none.
std::string port_in(const Field& field) {
  const json::Value value = field.value();
  const std::string_view text = value.is_number()   ? value.literal()
                                : value.is_string() ? value.string()
                                                    : std::string_view();
  const std::size_t begin = text.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
  const std::string_view digits = text.substr(begin);
  const bool is_port = !digits.empty() && digits.size() <= 5 && std::stoul(std::string(digits)) <= 65535 &&
                       (begin == 0 || text[begin - 1] == ':');
  return is_port ? std::string(digits) : std::string();
}

std::optional<SocketAddress> socket_address(const Field& field) {
  const std::string written_port = port_in(field);
  const std::string port_shown = written_port.empty() ? "8443" : written_port;
  const std::string wanted = fmt::format(
      "must be ADDRESS:PORT with an IP address, such as \"127.0.0.1:{0}\", or "
      "\"0.0.0.0:{0}\" for all addresses of IPv4",
      port_shown);
  if (field.value().is_number()) {
    field.problem(wanted);
    return std::nullopt;
  }
  const auto text = field.text();
  if (!text) return std::nullopt;
  const auto colon = text->rfind(':');
  if (colon != std::string::npos) {
    std::string host = text->substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    unsigned port = 0;
    const std::string digits = text->substr(colon + 1);
    for (const char c : digits) {
      port = c >= '0' && c <= '9' && port <= 65535 ? port * 10 + static_cast<unsigned>(c - '0') : 65536;
    }
    if (address && !digits.empty() && port <= 65535) {
      return SocketAddress{*address, static_cast<std::uint16_t>(port)};
    }
  }
  field.problem(wanted);
  return std::nullopt;
}
constexpr auto as_socket_address = [](const Field& field) { return socket_address(field); };

std::optional<std::vector<PlacedText>> host_names(const Field& field) {
  std::vector<PlacedText> all = placed_list(field);
  if (all.empty()) field.problem("names no host; remove it to use the names of the certificate");
  for (const PlacedText& name : all) {
    if (http::ServedNames().add(name.value)) continue;
    field.problems().add(name.place,
                         fmt::format("listen.names: `{}` is not a host; write it as api.example.com, "
                                     "api.example.com:8443, *.example.com, 192.0.2.1 or [2001:db8::1]:8443",
                                     name.value));
  }
  return all;
}
constexpr auto as_names = [](const Field& field) { return host_names(field); };

// Compared byte for byte with the target of a request, so it has one spelling.
std::optional<PlacedText> health_path(const Field& field) {
  auto path = placed(field);
  if (!path) return std::nullopt;
  const auto fine = [](char c) { return http::is(c, http::kUnreserved) || c == '/'; };
  const bool is_path = path->value.starts_with('/') && path->value.size() > 1 &&
                       std::ranges::all_of(path->value, fine) && !path->value.contains("//");
  if (is_path && !path->value.contains("/.")) return path;
  // `.` and `..` are steps of a path, and /.well-known is for registered URIs (RFC 8615).
  field.problem(is_path ? "no segment may begin with `.`; use a path such as /healthz"
                        : "must be a path of letters, digits, `-`, `_`, `.`, `~` and `/`, such as /healthz");
  return std::nullopt;
}
constexpr auto as_health_path = [](const Field& field) { return health_path(field); };

// Whether both would take the same connections: the system would deal them out between the two.
bool collide(const std::optional<SocketAddress>& a, const std::optional<SocketAddress>& b) {
  if (!a || !b || a->port != b->port || a->port == 0) return false;
  const auto is_any = [](const SocketAddress& socket) {
    return socket.address.bytes() == IpAddress().bytes();
  };
  return a->address == b->address || is_any(*a) || is_any(*b);
}

// `ADDRESS:PORT`, or an object that says more.
std::optional<SocketAddress> read_admin(const Field& field, AdminAccess& access,
                                        const std::string& directory) {
  if (field.is_text()) return socket_address(field);
  KeyReader<keys::kAdmin> in(field);
  const auto address = in.optional("address", as_socket_address);
  if (!in.has("address")) in.missing("address");
  access.names = in.optional("names", as_texts).value_or(access.names);
  if (const auto tls = in.optional("tls", as_field)) {
    KeyReader<keys::kAdminTls> inner(*tls);
    access.certificate = inner.required("certificate", as_file(directory));
    access.private_key = inner.required("private_key", as_secret_file(directory));
    access.client_ca = inner.optional("client_ca", as_file(directory)).value_or(PlacedText());
    inner.finish();
  }
  in.finish();
  return address;
}

}  // namespace

Listen read_listen(const Field& field, const std::string& directory) {
  KeyReader<keys::kListen> in(field);
  Listen listen;
  listen.https = in.optional("https", as_socket_address);
  if (!in.has("https")) in.missing("https");
  if (const auto http = in.optional("http", as_field)) {
    KeyReader<keys::kPlaintext> plain(*http);
    listen.http = plain.optional("address", as_socket_address);
    if (!plain.has("address")) plain.missing("address");
    listen.http_answer = plain.required("do", as_one_of(kPlaintext));
    plain.finish();
  }
  listen.names = in.optional("names", as_names).value_or(listen.names);
  listen.health = in.optional("health", as_health_path).value_or(PlacedText());
  listen.admin = in.optional(
      "admin", [&](const Field& admin) { return read_admin(admin, listen.admin_access, directory); });
  if (collide(listen.https, listen.http))
    in.problem("http", "has the address of `https`; give it a port of its own");
  for (const auto& other : {listen.https, listen.http}) {
    if (collide(listen.admin, other))
      in.problem("admin", "has the address of another listener; give it a port of its own");
  }
  listen.proxy_protocol =
      in.optional("proxy_protocol", as_one_of(kProxyProtocols)).value_or(ProxyProtocol::off);
  listen.connections = in.optional("connections", as_count).value_or(0);
  listen.place = field.place();
  listen.connections_per_address = in.optional("connections_per_address", as_count).value_or(0);
  if (listen.connections > 0 && listen.connections_per_address > listen.connections)
    in.problem("connections_per_address", "must not be larger than connections");
  listen.head = in.optional("head", as_size).value_or(listen.head);
  listen.shared = in.optional("shared", doc::as_boolean).value_or(false);
  listen.drain = in.optional("drain", as_duration).value_or(listen.drain);
  in.finish();
  return listen;
}

}  // namespace gatehouse::policy
