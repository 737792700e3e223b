#include "server/plaintext.h"

#include <fmt/format.h>

#include "crypto/api_key.h"
#include "gate/arrive.h"
#include "gate/respond.h"
#include "http/query.h"
#include "server/request_buffer.h"
#include "server/worker.h"

namespace gatehouse::server {
namespace {

constexpr std::chrono::seconds kPlaintextLinger{1};

// The first credential that the request carries, where any authenticator would look for one.
std::string_view credential_in(const policy::PolicySet& policy, const http::RequestHead& head) {
  if (const auto authorization = head.fields.value(http::FieldId::authorization)) {
    const auto space = authorization->find(' ');
    return space == std::string_view::npos ? *authorization : authorization->substr(space + 1);
  }
  for (const policy::AuthenticatorPolicy& authenticator : policy.authenticators) {
    if (authenticator.carrier == policy::Carrier::header) {
      if (const auto found = head.fields.find(authenticator.field); found.count > 0) return found.value;
    }
    if (authenticator.carrier == policy::Carrier::query) {
      for (const http::QueryPair& pair : http::QueryPairs(head.query)) {
        if (pair.name == authenticator.field) return pair.value;
      }
    }
  }
  if (const auto cookie = head.fields.value(http::FieldId::cookie)) return *cookie;
  return {};
}

std::string location_of(const policy::Listen& listen, const http::RequestHead& head) {
  const bool ipv6 = head.host.host.contains(':');
  std::string location = fmt::format("https://{}{}{}", ipv6 ? "[" : "", head.host.host, ipv6 ? "]" : "");
  if (listen.https->port != 443) location += fmt::format(":{}", listen.https->port);
  return location.append(head.target);
}

}  // namespace

net::Task<void> serve_plaintext(Worker& worker, net::Accepted accepted) {
  const std::shared_ptr<const Serving> serving = worker.serving();
  const policy::Listen& listen = serving->settings().listen;
  auto stream = std::make_unique<net::Stream>(worker.loop(), std::move(accepted.socket), accepted.peer);
  const auto ticket = worker.shared().connections.enter(accepted.peer.address, listen.connections,
                                                        listen.connections_per_address);
  if (!ticket) {
    worker.record_connection(accepted.peer.address, Reason::too_many_connections, "listen.http");
    stream->abort();
    co_return;
  }
  stream->set_deadline(worker.loop().now() + serving->settings().deadlines.head);
  RequestBuffer buffer(worker, listen.head.bytes);
  http::RequestParser parser(http::RequestLimits{.head = listen.head.bytes});
  auto exchange = worker.take_exchange();
  const gate::Peer peer{accepted.peer.address, accepted.peer.address.text(), {}};
  exchange->begin(serving->runner->shared_policy(), peer);
  http::Progress progress = http::Progress::need_more;
  while (progress == http::Progress::need_more) {
    const std::span<char> space = buffer.space();
    if (space.empty()) {
      worker.record_connection(peer.address, Reason::head_too_large, "listen.http");
      co_return;
    }
    const auto read = co_await stream->read(space);
    if (!read || *read == 0) {
      const bool late = !read && read.error().code == ErrorCode::timeout;
      if (!buffer.empty()) {
        worker.record_connection(peer.address, late ? Reason::request_late : Reason::client_gone,
                                 "listen.http");
      }
      co_return;
    }
    buffer.added(*read);
    progress = parser.parse(buffer.bytes(), exchange->head);
  }

  const bool readable = progress == http::Progress::complete;
  if (!readable) exchange->head.forget();
  (void)gate::arrive(*exchange, worker.shared().clock,
                     worker.entropy());  // whatever it says: it is not answered
  const std::string_view credential =
      readable ? credential_in(*exchange->policy, exchange->head) : std::string_view();
  if (!credential.empty()) exchange->credentials.push_back(credential);

  std::string out;
  Refusal refusal = readable ? Refusal(Reason::plaintext, "listen.http") : gate::refusal_of(parser.reason());
  unsigned status = text_of(refusal.answer).status;
  if (readable && credential.empty() && listen.http_answer == policy::PlaintextAnswer::redirect) {
    status = 308;
    const std::string location = location_of(listen, exchange->head);
    http::HeadWriter head(out);
    head.status(308).block(worker.date_line());
    if (const auto value = http::FieldValue::checked(location)) head.field("Location", *value);
    if (const auto id = http::FieldValue::checked(exchange->id->text())) head.field("X-Request-Id", *id);
    head.field("Cache-Control", "no-store").field("Connection", "close").content_length(0).end();
  } else {
    // What came in the clear may have been read by others: no redirect would bring it back.
    if (!credential.empty()) refusal = Refusal(Reason::credential_in_plaintext, "listen.http");
    gate::write_refusal(out, refusal, *exchange->id, worker.date_line(), serving->fixed_fields);
  }
  const auto written = co_await stream->write(out);
  const gate::Ending ending{refusal, written ? status : 0, 0};
  Event event = worker.events().build(*exchange, ending, worker.shared().clock.monotonic());
  const auto key = crypto::ApiKey::parse(credential);
  if (key) event.credential_id = key->id();
  if (!credential.empty()) {
    event.detail = key ? "revoke this key: it was sent without TLS" : "a credential was sent without TLS";
  }
  worker.audit().record(event);
  worker.give_back(std::move(exchange));
  auto closing = net::close(std::move(stream), worker.loop().now() + kPlaintextLinger);
  co_await closing;
}

}  // namespace gatehouse::server
