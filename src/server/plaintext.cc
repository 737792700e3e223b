#include "server/plaintext.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "gate/arrive.h"
#include "gate/respond.h"
#include "gate/sent_in_clear.h"
#include "http/request_parser.h"
#include "server/recording.h"
#include "server/request_buffer.h"
#include "server/worker.h"

namespace gatehouse::server {
namespace {

constexpr std::chrono::seconds kPlaintextLinger{1};

// Nothing where the request names a host that is not this server's: a redirect would send its caller
// anywhere.
std::optional<std::string> location_of(const Serving& serving, const http::RequestHead& head) {
  if (!head.target.starts_with('/')) return std::nullopt;  // OPTIONS *
  if (head.scheme == http::TargetScheme::https) return std::nullopt;
  std::string location = "https://";
  if (!serving.listening->names.append_redirect(location, head.host.host)) return std::nullopt;
  return location.append(head.target);
}

// A client that speaks TLS here (RFC 8446 section 5.1) waits for an answer, and shows no credential.
bool is_tls(std::string_view bytes) { return bytes.starts_with("\x16\x03"); }

// Whether a head ends in `bytes`; those before `from` have been looked at.
bool has_head_end(std::string_view bytes, std::size_t from) {
  const std::string_view rest = bytes.substr(from - std::min<std::size_t>(from, 3));
  return rest.contains("\n\r\n") || rest.contains("\n\n");
}

std::string_view alarm_of(const gate::SentInClear& shown) {
  return shown.key_id.empty() ? "a credential was sent without TLS"
                              : "revoke this key: it was sent without TLS";
}

}  // namespace

net::Task<void> serve_plaintext(Worker& worker, std::size_t index, net::Accepted accepted) {
  const std::shared_ptr<const Serving> serving = worker.serving();
  const ListenerPolicy& listener = serving->listener(index);
  const policy::Listen& listen = serving->settings().listen;
  auto stream = std::make_unique<net::Stream>(worker.loop(), std::move(accepted.socket), accepted.peer);
  const auto place = worker.place_for(listener, accepted.peer.address, Worker::Count::with_address);
  if (!place) {
    stream->abort();
    co_return;
  }
  stream->set_deadline(worker.loop().now() + serving->settings().deadlines.head);
  RequestBuffer buffer(worker, listen.head.bytes);
  http::RequestParser parser(http::RequestLimits{.head = listen.head.bytes});
  auto exchange = worker.take_exchange();
  const gate::Peer peer{accepted.peer.address, accepted.peer.address.text(), {}, {}};
  exchange->begin(serving->runner->shared_policy(), peer);
  exchange->instructions = worker.instructions();
  http::Progress progress = http::Progress::need_more;
  // Half a request has shown its credential all the same.
  const auto record_unfinished = [&](Reason reason) {
    if (buffer.empty()) return;
    const auto shown = gate::sent_in_clear(buffer.bytes(), *exchange->policy);
    if (!shown) return worker.record_connection(peer.address, reason, "listen.http");
    worker.record_connection(peer.address, Reason::credential_in_plaintext, alarm_of(*shown), shown->key_id);
  };
  while (progress == http::Progress::need_more) {
    const std::span<char> space = buffer.space();
    if (space.empty()) {
      record_unfinished(Reason::head_too_large);
      co_return;
    }
    const auto read = co_await stream->read(space);
    if (!read || *read == 0) {
      const bool late = !read && read.error().code == ErrorCode::timeout;
      record_unfinished(late ? Reason::request_late : Reason::client_gone);
      co_return;
    }
    buffer.added(*read);
    progress = parser.parse(buffer.bytes(), exchange->head);
  }

  const bool readable = progress == http::Progress::complete;
  // A credential behind the first malformed byte has been sent in the clear too: to the head's end, within
  // its time and size.
  if (!readable && !is_tls(buffer.bytes())) {
    for (std::size_t seen = 0; !has_head_end(buffer.bytes(), seen);) {
      seen = buffer.bytes().size();
      const std::span<char> space = buffer.space();
      if (space.empty()) break;
      const auto read = co_await stream->read(space);
      if (!read || *read == 0) break;
      buffer.added(*read);
    }
  }
  if (!readable) exchange->head.forget();
  (void)gate::arrive(*exchange, serving->listening->names, worker.shared().clock,
                     worker.entropy());  // its value does not matter: it is not answered
  exchange->detail.clear();
  const std::optional<gate::SentInClear> shown = gate::sent_in_clear(buffer.bytes(), *exchange->policy);

  std::string out;
  Refusal refusal = readable ? Refusal(Reason::plaintext, "listen.http") : gate::refusal_of(parser.reason());
  // As over TLS, where the redirect would lead.
  const Verdict<void> admitted = gate::admits_address(*exchange);
  if (readable && !admitted) refusal = admitted.error();
  const std::optional<std::string> location =
      readable && admitted && !shown && listen.http_answer == policy::PlaintextAnswer::redirect
          ? location_of(*serving, exchange->head)
          : std::nullopt;
  unsigned status = text_of(refusal.answer).status;
  std::size_t body_bytes = 0;
  if (location) {
    status = 308;
    http::HeadWriter head(out);
    head.status(308).block(worker.date_line());
    if (const auto value = http::FieldValue::checked(*location)) head.field("Location", *value);
    if (const auto id = http::FieldValue::checked(exchange->id->text())) head.field("X-Request-Id", *id);
    head.field("Cache-Control", "no-store").block(listener.fields);
    head.field("Connection", "close").content_length(0).end();
  } else {
    // A plaintext credential may have been read on the network: a redirect would not undo the disclosure.
    if (shown) refusal = Refusal(Reason::credential_in_plaintext, "listen.http");
    body_bytes = gate::write_refusal(out, refusal, parser.method(), *exchange->id, worker.date_line(),
                                     listener.fields);
    status = text_of(refusal.answer).status;
  }
  {
    Recording recording(worker, *exchange);
    recording.ending = {refusal};
    if (shown) {
      recording.credential_id = shown->key_id;
      exchange->detail = alarm_of(*shown);
    }
    stream->set_deadline(worker.loop().now() + kPlaintextLinger);
    const auto written = co_await stream->write(out);
    if (written) recording.ending = {refusal, status, body_bytes};
  }
  worker.give_back(std::move(exchange));
  auto closing = net::close(std::move(stream), worker.loop().now() + kPlaintextLinger);
  co_await closing;
}

}  // namespace gatehouse::server
