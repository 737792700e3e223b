// The hosts that a server serves, and the one that a request names (RFC 9110 sections 7.4 and 15.5.20).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/host.h"

namespace gatehouse::http {

// A host without a port, in one spelling: lower case, no final dot, an address in its usual form without
// brackets. `*.example.com` is a host here. Nothing for any other text.
std::optional<std::string> host_name(std::string_view text);
// Whether a name is `host`, which host_name() gave: `*` stands for one whole label.
bool is_host(std::string_view name, std::string_view host);
// The host in Exchange::authority, which append_authority() wrote, as host_name() gives it.
std::string_view host_in(std::string_view authority);

class ServedNames {
 public:
  ServedNames() = default;
  // `port`: where the server listens with TLS. A name that is listed without a port is asked for at this one,
  // or at 443.
  explicit ServedNames(std::uint16_t port) : port_(port) {}

  // `api.example.com`, `*.example.com`, `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`; all but the bare IPv6
  // address may have a port: `api.example.com:8443`. A name without one matches any port. `*` stands for one
  // whole label, the first (RFC 9525 section 6.3). False, and nothing is added, for any other text.
  bool add(std::string_view text);
  bool empty() const { return names_.empty(); }
  // Whether a request can name the host, as host_name() gave it. One with a `*` is served as a whole.
  bool serves(std::string_view host) const;

  // Appends the authority in the form for other systems: the name in lower case and without a final dot, an
  // address in its usual form, and a port if it is not 443. The port is the listed name's, or the server's
  // own if the request named it; never one that only the request names. False, and nothing is appended: this
  // server does not serve it.
  bool append_authority(std::string& out, HostPort asked) const;
  // The same for a request on another listener: the port in the request is not this server's.
  bool append_redirect(std::string& out, std::string_view host) const;

 private:
  struct Name {
    std::string host;        // as inside an authority; of `*.example.com` `.example.com`
    std::uint16_t port = 0;  // 0: any
    enum class Form : std::uint8_t { exact, wildcard } form = Form::exact;

    bool is(std::string_view asked) const;
  };
  void append_port(std::string& out, std::uint16_t port) const;

  std::vector<Name> names_;
  std::uint16_t port_ = 0;
};

}  // namespace gatehouse::http
