#include "http/served_names.h"

#include <algorithm>
#include <optional>

#include "base/ip.h"
#include "base/strings.h"

namespace gatehouse::http {
namespace {

constexpr std::uint16_t kHttps = 443;

// One spelling for one host, as it stands in an authority.
void append_host(std::string& out, std::string_view host) {
  if (host.contains(':')) {
    const auto address = IpAddress::parse(host);
    if (address && address->family() == IpAddress::Family::v4) {  // `::ffff:192.0.2.1`
      out += address->text();
    } else {
      out.append("[").append(address ? address->text() : std::string(host)).append("]");
    }
    return;
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  for (const char c : host) out += ascii_lower(c);
}

}  // namespace

std::optional<std::string> host_name(std::string_view text) {
  std::string name;
  if (text.starts_with("*.")) {
    name = "*.";
    text.remove_prefix(2);
    if (IpAddress::parse(text)) return std::nullopt;
  } else if (const auto address = IpAddress::parse(text)) {
    return address->text();
  }
  const auto parsed = parse_host_port(text);
  if (!parsed || text.contains(':')) return std::nullopt;
  append_host(name, parsed->host);
  return name;
}

bool is_host(std::string_view name, std::string_view host) {
  if (!host.starts_with("*.")) return name == host;
  host.remove_prefix(1);
  return name.size() > host.size() && name.ends_with(host) && name.find('.') == name.size() - host.size();
}

std::string_view host_in(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

bool ServedNames::serves(std::string_view host) const {
  std::string inside;
  append_host(inside, host.starts_with("*.") ? host.substr(2) : host);
  const bool all = host.starts_with("*.");
  return std::ranges::any_of(names_, [&](const Name& name) {
    if (all) return name.form == Name::Form::wildcard && std::string_view(name.host).substr(1) == inside;
    return name.is(inside);
  });
}

bool ServedNames::Name::is(std::string_view asked) const {
  if (form == Form::exact) return asked == host;
  return asked.ends_with(host) && asked.find('.') == asked.size() - host.size() && asked.size() > host.size();
}

bool ServedNames::add(std::string_view text) {
  Name name;
  if (text.starts_with("*.")) {
    name.form = Name::Form::wildcard;
    text.remove_prefix(2);
  } else if (const auto address = IpAddress::parse(text)) {
    append_host(name.host, address->text());
    names_.push_back(std::move(name));
    return true;
  }
  const auto parsed = parse_host_port(text);
  if (!parsed) return false;
  if (name.form == Name::Form::wildcard) {
    if (IpAddress::parse(parsed->host)) return false;
    name.host = ".";
  }
  append_host(name.host, parsed->host);
  name.port = parsed->port;
  names_.push_back(std::move(name));
  return true;
}

void ServedNames::append_port(std::string& out, std::uint16_t port) const {
  if (port != 0 && port != kHttps) out.append(":").append(std::to_string(port));
}

bool ServedNames::append_authority(std::string& out, HostPort asked) const {
  const std::size_t before = out.size();
  append_host(out, asked.host);
  const std::string_view host = std::string_view(out).substr(before);
  const std::uint16_t port = asked.port != 0 ? asked.port : kHttps;
  bool any_port = false;
  for (const Name& name : names_) {
    if ((name.port != 0 && name.port != port) || !name.is(host)) continue;
    if (name.port != 0) {
      append_port(out, port);
      return true;
    }
    any_port = true;
  }
  if (!any_port) {
    out.resize(before);
    return false;
  }
  if (port == port_) append_port(out, port);
  return true;
}

bool ServedNames::append_redirect(std::string& out, std::string_view host) const {
  const std::size_t before = out.size();
  append_host(out, host);
  const std::string_view asked = std::string_view(out).substr(before);
  for (const Name& name : names_) {
    if (!name.is(asked)) continue;
    append_port(out, name.port != 0 ? name.port : port_);
    return true;
  }
  out.resize(before);
  return false;
}

}  // namespace gatehouse::http
