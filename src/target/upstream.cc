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

// The rest of a body that is too large to be collected, or that has no end yet.
class UpstreamBody final : public BodySource {
 public:
  UpstreamBody(Lease lease, ConversationLease conversation, std::string_view arrived,
               http::BodyFraming framing, std::uint64_t taken, http::ChunkedDecoder decoder, bool keep,
               MonotonicTime deadline)
      : lease_(std::move(lease)),
        conversation_(std::move(conversation)),
        arrived_(arrived),
        framing_(framing),
        left_(framing.length - taken),
        decoder_(decoder),
        keep_(keep),
        deadline_(deadline) {}

  net::Task<Result<std::string_view>> next() override {
    if (done_) co_return std::string_view();
    lease_.stream().set_deadline(deadline_);
    while (!done_) {
      if (arrived_.empty()) {
        const auto read = co_await lease_.stream().read(std::span(conversation_->buffer));
        if (!read) co_return std::unexpected(read.error());
        if (*read == 0) {
          if (framing_.kind != http::BodyKind::until_close) {
            co_return failure(ErrorCode::closed, "the upstream ended within its answer");
          }
          end(Ending::close);
          break;
        }
        arrived_ = {conversation_->buffer, *read};
      }
      if (framing_.kind == http::BodyKind::chunked) {
        const http::ChunkedDecoder::Step step = decoder_.next(arrived_);
        arrived_.remove_prefix(step.consumed);
        if (step.progress == http::Progress::malformed) {
          co_return failure(ErrorCode::invalid, "the upstream's chunks are malformed");
        }
        if (step.progress == http::Progress::complete)
          end(keep_ && arrived_.empty() ? Ending::keep : Ending::close);
        if (!step.data.empty()) co_return step.data;
        continue;
      }
      std::string_view piece = arrived_;
      if (framing_.kind == http::BodyKind::length) {
        piece = piece.substr(0, left_);
        left_ -= piece.size();
        if (left_ == 0) end(keep_ && piece.size() == arrived_.size() ? Ending::keep : Ending::close);
      }
      arrived_ = {};
      co_return piece;
    }
    co_return std::string_view();
  }

 private:
  void end(Ending ending) {
    done_ = true;
    lease_.end(ending);
  }

  Lease lease_;
  ConversationLease conversation_;
  std::string_view arrived_;
  http::BodyFraming framing_;
  std::uint64_t left_;
  http::ChunkedDecoder decoder_;
  bool keep_;
  bool done_ = false;
  MonotonicTime deadline_;
};

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
net::Task<std::expected<void, Failure>> read_response(Lease lease, ConversationLease conversation,
                                                      const UpstreamAddress& address, http::Method asked,
                                                      MonotonicTime deadline, const AnswerRules& rules,
                                                      Response& response, CallReport& report) {
  char* const buffer = conversation->buffer;
  std::size_t size = 0;
  bool begun = false;  // something came, and be it an interim answer: the upstream works on it
  http::ResponseParser parser(http::ResponseLimits{.head = kBuffer});
  http::ResponseHead head;
  const auto failed = [&](Reason reason, std::string detail, bool retry = false) {
    report.detail = std::move(detail);
    lease.end(Ending::failed);
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
  response.rest = std::make_unique<UpstreamBody>(std::move(lease), std::move(conversation), arrived,
                                                 head.body, std::uint64_t{0}, decoder, keep, deadline);
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

net::Task<Verdict<void>> ask(std::shared_ptr<UpstreamClient> client, http::Method method,
                             const HeadWriter& writer, std::string_view body, MonotonicTime deadline,
                             const AnswerRules& rules, Response& response, CallReport& report) {
  report.upstream = client->name;
  deadline = std::min(deadline, client->loop.now() + client->timeout);
  for (int attempt = 0;; ++attempt) {
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
    Lease& lease = acquired->first;
    lease.stream().set_deadline(deadline);
    ConversationLease conversation(client);
    std::string& head = conversation->head;
    head.clear();
    writer.write(head, *acquired->second);
    const std::array<std::string_view, 2> parts{head, body};
    const bool may_retry = attempt == 0 && lease.reused() && is_idempotent(method);
    const auto written = co_await lease.stream().write(std::span(parts).first(body.empty() ? 1 : 2));
    if (!written) {
      report.detail = written.error().text;
      const bool late = written.error().code == ErrorCode::timeout;
      lease.end(Ending::failed);
      if (may_retry && !late) continue;
      co_return refuse(late ? Reason::upstream_late : Reason::upstream_unreachable);
    }
    auto read = co_await read_response(std::move(lease), std::move(conversation), *acquired->second, method,
                                       deadline, rules, response, report);
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
  auto asked = co_await ask(client_, call.head.method, forwarded, input.body_bytes(), call.deadline,
                            call.answers, response, report);
  co_return asked;
}

}  // namespace gatehouse::target
