#include "http/forwarded.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/strings.h"
#include "http/characters.h"

namespace gatehouse::http {
namespace {

std::optional<IpAddress> parse_entry(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return address;
  const auto with_port = parse_host_port(text);
  return with_port ? IpAddress::parse(with_port->host) : std::nullopt;
}

// The words of one proxy; empty: it does not say them.
struct ForwardedElement {
  std::string_view host;
  std::string_view node;  // `for`
};

// Reads one Forwarded field: `for=192.0.2.1;host="a.example:8443", for=…` (RFC 7239 section 4).
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view value) : rest_(value) {}

  // Visits the elements from left to right. False: the field does not parse.
  template <typename Visit>
  bool read(Visit&& visit) {
    for (;;) {
      ForwardedElement element;
      bool has_words = false;
      do {
        skip_blanks();
        if (rest_.empty() || rest_.front() == ',' || rest_.front() == ';') continue;
        const std::string_view name = take_token();
        std::string_view value;
        if (name.empty() || !take('=') || !take_value(value)) return false;
        skip_blanks();
        has_words = true;
        std::string_view* const into = equal_ignoring_case(name, "host")  ? &element.host
                                       : equal_ignoring_case(name, "for") ? &element.node
                                                                          : nullptr;
        if (into == nullptr) continue;
        if (!into->empty()) return false;  // once in an element (section 4)
        *into = value;
      } while (take(';'));
      if (has_words) visit(element);
      if (rest_.empty()) return true;
      if (!take(',')) return false;
    }
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  std::string_view take_token() {
    std::size_t end = 0;
    while (end < rest_.size() && is(rest_[end], kTokenCharacter)) ++end;
    const std::string_view token = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return token;
  }
  // A token, or a quoted text without escapes: no address and no host needs one.
  bool take_value(std::string_view& value) {
    if (!take('"')) {
      value = take_token();
      return !value.empty();
    }
    const auto end = rest_.find_first_of("\"\\");
    if (end == std::string_view::npos || rest_[end] != '"') return false;
    value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return !value.empty();
  }

  std::string_view rest_;
};

// RFC 7239 section 6: a proxy may say no address.
bool is_hidden(std::string_view node) {
  return node.empty() || node.front() == '_' ||
         equal_ignoring_case(node.substr(0, node.find(':')), "unknown");
}

// The client that the elements name, as for X-Forwarded-For. Nothing: the nearest proxy does not say it.
std::expected<std::optional<IpAddress>, Malformed> forwarded_client(const Fields& fields,
                                                                    std::span<const IpNetwork> trusted) {
  std::expected<std::optional<IpAddress>, Malformed> client;
  // From the left: what a trusted proxy was told counts, until one follows that is not trusted.
  const auto take = [&](const ForwardedElement& element) {
    const auto address = parse_entry(element.node);
    if (address) {
      if (!is_trusted(*address, trusted) || (client && !*client)) client = address;
    } else if (is_hidden(element.node)) {
      client = std::optional<IpAddress>();
    } else {
      client = std::unexpected(Malformed::field_value);
    }
  };
  for (const Field field : fields) {
    if (field.id == FieldId::forwarded && !ForwardedReader(field.value).read(take))
      return std::unexpected(Malformed::field_value);
  }
  return client;
}

bool same_authority(const HostPort& a, const HostPort& b) {
  return a.port == b.port && equal_ignoring_case(a.host, b.host);
}

}  // namespace

bool is_trusted(const IpAddress& peer, std::span<const IpNetwork> trusted) {
  return std::ranges::any_of(trusted, [&](const IpNetwork& network) { return network.contains(peer); });
}

std::expected<std::optional<HostPort>, Malformed> forwarded_host(const Fields& fields) {
  std::optional<HostPort> named;
  if (const auto value = fields.value(FieldId::x_forwarded_host)) {
    named = parse_host_port(trimmed(value->substr(0, value->find(','))));
    if (!named) return std::unexpected(Malformed::field_value);
  }
  // Every line is read, so that none that does not parse goes by.
  std::string_view host;
  const auto take = [&](const ForwardedElement& element) {
    if (host.empty()) host = element.host;
  };
  for (const Field field : fields) {
    if (field.id == FieldId::forwarded && !ForwardedReader(field.value).read(take))
      return std::unexpected(Malformed::field_value);
  }
  if (host.empty()) return named;
  const auto other = parse_host_port(host);
  if (!other || (named && !same_authority(*named, *other))) return std::unexpected(Malformed::field_value);
  return other;
}

std::expected<IpAddress, Malformed> client_address(const IpAddress& peer, const Fields& fields,
                                                   std::span<const IpNetwork> trusted) {
  IpAddress client = peer;
  if (!is_trusted(peer, trusted)) return client;
  std::optional<IpAddress> forwarded;
  if (fields.has(FieldId::forwarded)) {
    const auto said = forwarded_client(fields, trusted);
    if (!said) return std::unexpected(said.error());
    forwarded = *said;
  }
  if (!fields.has(FieldId::x_forwarded_for)) return forwarded.value_or(peer);
  for (std::size_t i = fields.size(); i-- > 0 && is_trusted(client, trusted);) {
    const Field field = fields[i];
    if (field.id != FieldId::x_forwarded_for) continue;
    auto rest = field.value;
    while (is_trusted(client, trusted)) {
      const auto comma = rest.rfind(',');
      const auto entry = trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      const auto address = parse_entry(entry);
      if (!address) return std::unexpected(Malformed::field_value);
      client = *address;
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  // A proxy that writes the one field may let a client's own other one by.
  if (forwarded && *forwarded != client) return std::unexpected(Malformed::field_value);
  return client;
}

}  // namespace gatehouse::http
