#include "target/upstream.h"

#include <algorithm>
#include <array>

#include "http/chunked.h"
#include "http/response_parser.h"
#include "http/response_writer.h"
#include "target/answer_head.h"
#include "target/upstream_head.h"

namespace gatehouse::target {
namespace {

using Lease = UpstreamPool::Lease;
using Ending = UpstreamPool::Ending;

constexpr std::size_t kBuffer = Conversation::kBuffer;
constexpr std::size_t kIdleConversations = 256;
constexpr std::size_t kWhole = std::size_t{64}
                               << 10U;  // bodies up to here are collected, larger ones streamed

bool is_idempotent(http::Method method) {
  using enum http::Method;
  return method == get || method == head || method == put || method == delete_ || method == options ||
         method == trace;
}

// What the client sent, on its way.
class Forwarded final : public HeadWriter {
 public:
  Forwarded(const Call& call, const Permit& permit, const Input& input, std::string assertion)
      : call_(call), permit_(permit), input_(input), assertion_(std::move(assertion)) {}
  void write(std::string& out, const UpstreamAddress& address) const override {
    write_upstream_head(out, call_, permit_, input_, address.host, address.base_path, assertion_);
  }

 private:
  const Call& call_;
  const Permit& permit_;
  const Input& input_;
  std::string assertion_;
};

// A body stopped short: late when the deadline came first, otherwise the upstream's fault.
Reason unended(const Result<std::size_t>& read) {
  return !read && read.error().code == ErrorCode::timeout ? Reason::upstream_late
                                                          : Reason::upstream_malformed;
}

struct Failure {
  Refusal refusal;
  bool retry = false;  // nothing of an answer came over a reused connection
};

// The answer's head and, where it is small, its body.
net::Task<std::expected<void, Failure>> read_response(Held held, const UpstreamAddress& address,
                                                      http::Method asked, MonotonicTime deadline,
                                                      const AnswerRules& rules, Response& response,
                                                      CallReport& report) {
  Lease& lease = held.lease;
  char* const buffer = held.conversation->buffer;
  std::size_t size = 0;
  bool begun = false;  // something came, and be it an interim answer: the upstream works on it
  http::ResponseParser parser(http::ResponseLimits{.head = kBuffer});
  http::ResponseHead head;
  const auto failed = [&](Reason reason, std::string detail, bool retry = false) {
    report.detail = std::move(detail);
    return std::unexpected(Failure{Refusal(reason), retry});
  };
  for (;;) {
    const auto read = co_await lease.stream().read(std::span(buffer + size, kBuffer - size));
    if (!read) {
      if (read.error().code == ErrorCode::timeout)
        co_return failed(Reason::upstream_late, "no answer in time");
      co_return failed(Reason::upstream_unreachable, read.error().text, !begun && lease.reused());
    }
    if (*read == 0) {
      co_return failed(Reason::upstream_unreachable, "the upstream closed the connection before its answer",
                       !begun && lease.reused());
    }
    begun = true;
    size += *read;
    http::Progress progress = parser.parse({buffer, size}, asked, head);
    // Interim answers are for us, not for the client.
    while (progress == http::Progress::complete && head.status >= 100 && head.status < 200) {
      size -= parser.consumed();
      std::memmove(buffer, buffer + parser.consumed(), size);
      parser.reset();
      progress = size > 0 ? parser.parse({buffer, size}, asked, head) : http::Progress::need_more;
    }
    if (progress == http::Progress::complete) break;
    if (progress == http::Progress::malformed || size == kBuffer) {
      co_return failed(Reason::upstream_malformed, std::string(http::name(parser.reason())));
    }
  }

  response.status = static_cast<unsigned>(head.status);
  report.upstream_status = response.status;
  report.whole_head.clear();
  report.allow.clear();
  for (const http::Field field : head.fields) {
    // Operators see all that an error said, but no session of the upstream's.
    if (response.status >= 400) {
      http::append_field(report.whole_head, field.name,
                         field.id == http::FieldId::set_cookie ? "[withheld]" : field.value);
    }
  }
  take_answer_fields(head, rules, address.base_path, response, report);
  std::string_view arrived(buffer + parser.consumed(), size - parser.consumed());
  const bool keep = head.connection == http::Connection::keep_alive;
  http::ChunkedDecoder decoder(http::Trailers::drop);
  switch (head.body.kind) {
    case http::BodyKind::none:
      if (const auto length = head.fields.value(http::FieldId::content_length);
          length && asked == http::Method::head) {
        std::uint64_t number = 0;
        for (const char c : *length) number = number * 10 + static_cast<std::uint64_t>(c - '0');
        response.length = number;
      }
      lease.end(keep && arrived.empty() ? Ending::keep : Ending::close);
      co_return std::expected<void, Failure>{};
    case http::BodyKind::length:
      if (head.body.length <= kWhole) {
        // What comes behind an answer answers nobody: the connection ends with it.
        response.body.assign(arrived.substr(0, head.body.length));
        while (response.body.size() < head.body.length) {
          const std::size_t before = response.body.size();
          response.body.resize(head.body.length);
          const auto read = co_await lease.stream().read(std::span(response.body).subspan(before));
          response.body.resize(before + (read ? *read : 0));
          if (!read || *read == 0) {
            co_return failed(unended(read), "the upstream's answer has no end");
          }
        }
        lease.end(keep && arrived.size() <= head.body.length ? Ending::keep : Ending::close);
        co_return std::expected<void, Failure>{};
      }
      response.length = head.body.length;
      break;
    case http::BodyKind::chunked: {
      // Most are small: collected, they leave with a length.
      for (;;) {
        const http::ChunkedDecoder::Step step = decoder.next(arrived);
        arrived.remove_prefix(step.consumed);
        response.body += step.data;
        if (step.progress == http::Progress::malformed) {
          co_return failed(Reason::upstream_malformed, std::string(http::name(decoder.reason())));
        }
        if (step.progress == http::Progress::complete) {
          lease.end(keep && arrived.empty() ? Ending::keep : Ending::close);
          co_return std::expected<void, Failure>{};
        }
        if (response.body.size() > kWhole) break;
        if (step.data.empty()) {
          const auto read = co_await lease.stream().read(std::span(buffer, kBuffer));
          if (!read || *read == 0) {
            co_return failed(unended(read), "the upstream's answer has no end");
          }
          arrived = {buffer, *read};
        }
      }
      break;
    }
    case http::BodyKind::until_close: break;
  }
  net::Loop& loop = lease.stream().loop();
  const BodyRest rest{arrived, head.body, decoder, keep};
  response.rest = std::make_unique<UpstreamBody>(loop, std::move(held), rest, deadline - loop.now());
  co_return std::expected<void, Failure>{};
}

using Acquired = std::pair<Lease, const UpstreamAddress*>;

// A connection that is open already. Only of the address whose turn it is: an idle connection elsewhere is no
// reason to overload that address.
std::optional<Acquired> idle_connection(const UpstreamClient& client, std::size_t turn) {
  const UpstreamAddress& address = client.addresses[turn];
  auto lease = address.pool->take_idle();
  if (!lease) return std::nullopt;
  return Acquired(*std::move(lease), &address);
}

// A new connection, of the first address from `turn` on that gives one; where none does, the lack that tells
// most.
net::Task<std::expected<Acquired, UpstreamPool::NoConnection>> new_connection(UpstreamClient& client,
                                                                              std::size_t turn,
                                                                              MonotonicTime deadline) {
  const std::size_t count = client.addresses.size();
  std::optional<UpstreamPool::NoConnection> none;
  for (std::size_t i = 0; i < count; ++i) {
    const UpstreamAddress& address = client.addresses[(turn + i) % count];
    auto lease = co_await address.pool->connect(deadline);
    if (lease) co_return Acquired(*std::move(lease), &address);
    if (!none || lease.error().lack >= none->lack) none = std::move(lease).error();
  }
  co_return std::unexpected(*std::move(none));
}

Refusal refusal_for(UpstreamPool::Lack lack) {
  switch (lack) {
    case UpstreamPool::Lack::resting: return Refusal(Reason::upstream_open_circuit);
    case UpstreamPool::Lack::busy: return Refusal(Reason::upstream_overloaded);
    case UpstreamPool::Lack::late: return Refusal(Reason::upstream_late);
    case UpstreamPool::Lack::unreachable: break;
  }
  return Refusal(Reason::upstream_unreachable);
}

std::unexpected<Refusal> out_of_connections(CallerShares::Lack lack, CallReport& report) {
  if (lack == CallerShares::Lack::share) {
    report.detail = "the caller has as many of the upstream's connections in use as are left for the others";
    Refusal refusal(Reason::upstream_share);
    refusal.retry_after = std::chrono::seconds(1);
    return std::unexpected(refusal);
  }
  report.detail = "all connections to the upstream are in use";
  return refuse(Reason::upstream_overloaded);
}

}  // namespace

ConversationLease::ConversationLease(std::shared_ptr<UpstreamClient> client) : client_(std::move(client)) {
  if (client_->idle.empty()) {
    conversation_ = std::make_unique_for_overwrite<Conversation>();
    return;
  }
  conversation_ = std::move(client_->idle.back());
  client_->idle.pop_back();
}

ConversationLease::~ConversationLease() {
  if (conversation_ && client_->idle.size() < kIdleConversations)
    client_->idle.push_back(std::move(conversation_));
}

net::Task<Verdict<void>> ask(std::shared_ptr<UpstreamClient> client, const Asker& asker, http::Method method,
                             const HeadWriter& writer, std::string_view body, MonotonicTime deadline,
                             const AnswerRules& rules, Response& response, CallReport& report) {
  report.upstream = client->name;
  deadline = std::min(deadline, client->loop.now() + client->timeout);
  for (int attempt = 0;; ++attempt) {
    auto share = client->shares.take_one(asker.identity, asker.address);
    if (!share) co_return out_of_connections(share.error(), report);
    const std::size_t turn = client->next++ % client->addresses.size();
    auto acquired = attempt == 0 ? idle_connection(*client, turn) : std::nullopt;
    if (!acquired) {
      auto connected = co_await new_connection(*client, turn, deadline);
      if (!connected) {
        report.detail = connected.error().error.text;
        co_return std::unexpected(refusal_for(connected.error().lack));
      }
      acquired.emplace(*std::move(connected));
    }
    const UpstreamAddress& address = *acquired->second;
    Held held{*std::move(share), std::move(acquired->first), ConversationLease(client)};
    held.lease.stream().set_deadline(deadline);
    std::string& head = held.conversation->head;
    head.clear();
    writer.write(head, address);
    const std::array<std::string_view, 2> parts{head, body};
    const bool may_retry = attempt == 0 && held.lease.reused() && is_idempotent(method);
    const auto written = co_await held.lease.stream().write(std::span(parts).first(body.empty() ? 1 : 2));
    if (!written) {
      report.detail = written.error().text;
      const bool late = written.error().code == ErrorCode::timeout;
      if (may_retry && !late) continue;
      co_return refuse(late ? Reason::upstream_late : Reason::upstream_unreachable);
    }
    auto read = co_await read_response(std::move(held), address, method, deadline, rules, response, report);
    if (read) {
      report.detail.clear();
      co_return Verdict<void>{};
    }
    response.clear();
    if (may_retry && read.error().retry) continue;
    co_return std::unexpected(read.error().refusal);
  }
}

Verdict<std::string> assertion_for(const MakeAssertion& make, const Principal& principal, const Call& call,
                                   CallReport& report) {
  if (!make) return std::string();
  auto made = make(principal, call);
  if (made) return *std::move(made);
  report.detail = "the assertion for the upstream cannot be signed: " + made.error().text;
  return refuse(Reason::internal_error);
}

net::Task<Verdict<void>> UpstreamTarget::call(const Permit& permit, const Input& input, const Call& call,
                                              Response& response, CallReport& report) {
  GATEHOUSE_CO_TRY(std::string assertion, assertion_for(assertion_, permit.principal(), call, report));
  const Forwarded forwarded(call, permit, input, std::move(assertion));
  const Asker asker{permit.principal().identity(), call.client};
  auto asked = co_await ask(client_, asker, call.head.method, forwarded, input.body_bytes(), call.deadline,
                            call.answers, response, report);
  co_return asked;
}

}  // namespace gatehouse::target
