#include "server/admin.h"

#include <algorithm>

#include "base/ip.h"
#include "base/strings.h"
#include "crypto/certificate.h"
#include "server/worker.h"

namespace gatehouse::server {
namespace {

// A browser always names a host; the health checks of load balancers may not.
bool may_name(const ListenerPolicy& listener, std::string_view host) {
  if (host.empty()) return true;
  if (IpAddress::parse(host) || equal_ignoring_case(host, "localhost")) return true;
  return std::ranges::any_of(listener.names,
                             [&](const std::string& name) { return equal_ignoring_case(name, host); });
}

}  // namespace

gate::ListenerPage page_for(const http::RequestHead& head, const ListenerPolicy& listener,
                            const Shared& shared, const RenderMetrics& metrics) {
  if (!may_name(listener, head.host.host)) return {421, "listen.admin.names does not contain this host\n"};
  if (head.method != http::Method::get && head.method != http::Method::head)
    return {405, "only GET and HEAD\n"};
  if (head.path == "/health/live") return {200, "live\n"};
  if (head.path == "/health/ready" || head.path == "/health") {
    switch (shared.state.load()) {
      case State::serving:
        if (const auto trouble = shared.troubled_by(); !trouble.empty())
          return {503, std::string(trouble) + "\n"};
        return {200, "ready\n"};
      case State::starting: return {503, "starting\n"};
      case State::draining: return {503, "draining\n"};
    }
  }
  if (head.path == "/metrics") {
    gate::ListenerPage page{200, {}};
    metrics(page.text);
    return page;
  }
  return {};
}

std::optional<gate::CertificateFault> fault_of(const Serving& serving, std::string_view certificate,
                                               WallTime now) {
  if (!serving.revocations || certificate.empty()) return std::nullopt;
  const auto read = crypto::parse_certificate(certificate);
  if (!read) return gate::CertificateFault{Reason::credential_malformed, "the certificate cannot be read"};
  return gate::revocation_fault(*serving.revocations->lists(), read->issuer, read->serial, now);
}

}  // namespace gatehouse::server
