#include "server/admin.h"

#include <algorithm>
#include <optional>

#include "base/ip.h"
#include "base/strings.h"
#include "crypto/certificate.h"
#include "gate/revocation.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "server/request_buffer.h"
#include "server/worker.h"

namespace gatehouse::server {
namespace {

constexpr std::chrono::seconds kPatience{10};

// Counts one of the listener's connections. The listener is one worker's.
class Place {
 public:
  explicit Place(std::uint32_t& open) : open_(open) { ++open_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --open_; }

 private:
  std::uint32_t& open_;
};

bool may_name(const policy::AdminAccess& access, std::string_view host) {
  if (IpAddress::parse(host) || equal_ignoring_case(host, "localhost")) return true;
  return std::ranges::any_of(access.names,
                             [&](const std::string& name) { return equal_ignoring_case(name, host); });
}

// Nothing where the client's certificate counts, or none was asked for.
std::optional<gate::CertificateFault> fault_of(const Serving& serving, std::string_view certificate,
                                               WallTime now) {
  if (!serving.revocations || certificate.empty()) return std::nullopt;
  const auto read = crypto::parse_certificate(certificate);
  if (!read) return gate::CertificateFault{Reason::credential_malformed, "the certificate cannot be read"};
  return gate::revocation_fault(*serving.revocations->lists(), read->issuer, read->serial, now);
}

struct Page {
  int status = 404;
  std::string body = "not found\n";
};

Page page_for(const http::RequestHead& head, State state, const RenderMetrics& metrics) {
  if (head.method != http::Method::get) return {405, "only GET\n"};
  if (head.path == "/health/live") return {200, "live\n"};
  if (head.path == "/health/ready" || head.path == "/health") {
    switch (state) {
      case State::serving: return {200, "ready\n"};
      case State::starting: return {503, "starting\n"};
      case State::draining: return {503, "draining\n"};
    }
  }
  if (head.path == "/metrics") {
    Page page{200, {}};
    metrics(page.body);
    return page;
  }
  return {};
}

}  // namespace

net::Task<void> serve_admin(Worker& worker, net::Accepted accepted, RenderMetrics metrics) {
  auto stream = std::make_unique<net::Stream>(worker.loop(), std::move(accepted.socket), accepted.peer);
  if (worker.admin_connections() >= kMostAdminConnections) {
    stream->abort();
    co_return;
  }
  const Place place(worker.admin_connections());
  const std::shared_ptr<const Serving> serving = worker.serving();
  stream->set_deadline(worker.loop().now() + kPatience);
  if (serving->listening->admin_tls) {
    const auto shaken = co_await stream->accept_tls(serving->listening->admin_tls);
    if (!shaken) {
      worker.record_connection(accepted.peer.address, Reason::handshake_failed,
                               "listen.admin: " + shaken.error().text);
      co_return;
    }
    const auto fault = fault_of(*serving, stream->tls()->peer_certificate, worker.shared().clock.wall());
    if (fault) {
      worker.record_connection(accepted.peer.address, fault->reason,
                               "listen.admin: " + std::string(fault->why));
      stream->abort();
      co_return;
    }
  }
  RequestBuffer buffer(worker, http::RequestLimits{}.head);
  http::RequestParser parser;
  http::RequestHead head;
  http::Progress progress = http::Progress::need_more;
  while (progress == http::Progress::need_more) {
    const std::span<char> space = buffer.space();
    if (space.empty()) co_return;
    const auto read = co_await stream->read(space);
    if (!read || *read == 0) co_return;
    buffer.added(*read);
    progress = parser.parse(buffer.bytes(), head);
  }
  Page page{400, "malformed\n"};
  if (progress == http::Progress::complete) {
    page = may_name(serving->settings().listen.admin_access, head.host.host)
               ? page_for(head, worker.shared().state.load(), metrics)
               : Page{421, "listen.admin.names has no such host\n"};
  }
  std::string out;
  http::HeadWriter(out)
      .status(page.status)
      .block(worker.date_line())
      .field("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
      .field("X-Content-Type-Options", "nosniff")
      .field("Cache-Control", "no-store")
      .field("Connection", "close")
      .content_length(page.body.size())
      .end();
  out += page.body;
  const auto written = co_await stream->write(out);
  if (!written) co_return;
  auto closing = net::close(std::move(stream), worker.loop().now() + std::chrono::seconds(1));
  co_await closing;
}

}  // namespace gatehouse::server
