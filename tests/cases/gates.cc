#include "gates.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "audit/encoder.h"
#include "base/strings.h"
#include "gate/arrive.h"
#include "gate/record.h"
#include "gate/respond.h"
#include "http/request_parser.h"
#include "json/parser.h"
#include "json/writer.h"
#include "store/limiter.h"

namespace gatehouse::cases {
namespace {

// In place of an upstream: records the requests, and answers as the step says.
class Outside final : public Target {
 public:
  net::Task<Verdict<void>> call(const Permit& permit, const Call&, Response& response, CallReport&) override {
    ++calls;
    principal = permit.principal()->id;
    body = permit.request().body_bytes();
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) response.fields.add(http::field_id(name), name, value);
    response.body = answer.body;
    co_return {};
  }

  Answer answer;
  int calls = 0;
  std::string principal, body;
};

// One of them stands for all operations.
class Shared final : public Target {
 public:
  explicit Shared(Outside& outside) : outside_(outside) {}
  net::Task<Verdict<void>> call(const Permit& permit, const Call& call, Response& response,
                                CallReport& report) override {
    return outside_.call(permit, call, response, report);
  }

 private:
  Outside& outside_;
};

// In place of an upstream that is asked about an object.
class Objects final : public ResourceLookup {
 public:
  explicit Objects(const json::Value& object) : object_(object) {}
  net::Task<Verdict<void>> find(const Input&, const Call&, json::Document& row, CallReport&) override {
    if (object_) json::Builder(row).copy(object_);
    co_return {};
  }

 private:
  const json::Value& object_;
};

class Events final : public AuditSink {
 public:
  bool accepting() const override { return !full; }
  void record(const Event& event) override { audit::append_event(lines, event); }
  net::Task<Result<>> record_durably(const Event& event, MonotonicTime) override {
    if (broken) co_return failure(ErrorCode::unavailable, "the disk is full");
    audit::append_event(intents, event);
    co_return Result<>();
  }
  void keep_original(std::string_view, unsigned, std::string_view, std::string_view,
                     std::span<const std::string_view>) override {}

  std::string lines, intents;
  bool full = false, broken = false;
};

class Body final : public gate::BodyReader {
 public:
  explicit Body(std::string_view bytes) : bytes_(bytes) {}
  net::Task<Verdict<std::string_view>> read(std::uint64_t most, CallerShares::Lease&) override {
    asked = true;
    if (bytes_.size() > most) co_return refuse(Reason::body_too_large);
    co_return bytes_;
  }
  net::Task<Verdict<std::string_view>> next(std::uint64_t most, CallerShares::Lease&) override {
    asked = true;
    if (bytes_.size() > most) co_return refuse(Reason::body_too_large);
    co_return std::exchange(left_, {});
  }
  std::uint64_t arrived_bytes() const override { return bytes_.size(); }
  bool asked = false;

 private:
  std::string_view bytes_;
  std::string_view left_ = bytes_;
};

net::Task<void> keep(net::Loop& loop, net::Task<gate::Answered> task, std::optional<gate::Answered>& out) {
  out = co_await task;
  loop.stop();
}

std::vector<std::shared_ptr<CallerShares>> concurrency_of(const gate::Parts& parts) {
  std::vector<std::shared_ptr<CallerShares>> all;
  for (const gate::OperationParts& operation : parts.operations) all.push_back(operation.concurrency);
  return all;
}

class TheGates final : public Gates {
 public:
  explicit TheGates(GatesOptions options)
      : with_(std::move(options)),
        limits_(with_.entropy, kibibytes(64)),
        concurrency_(concurrency_of(with_.parts)),
        runner_(furnished(), limits_, events_, with_.clock) {}

  Outcome pass(const Step& step) override;

 private:
  gate::Parts furnished();
  std::string request_of(const Step& step, gate::Peer& peer);
  std::string filled_in(std::string_view text);
  void put(const std::string& caller, gate::Peer& peer, std::string& target, std::string& lines,
           std::string& cookies);
  gate::Ending answer(gate::Exchange& exchange, Body& body);
  void read_event(Outcome& outcome);
  void read_answer(Outcome& outcome) const;

  GatesOptions with_;
  store::Limiter limits_;
  Outside outside_;
  json::Value object_;
  Events events_;
  std::vector<std::shared_ptr<CallerShares>> concurrency_;
  gate::Runner runner_;
  gate::EventBuilder builder_;
  gate::Exchange exchange_;  // one for all, as on a connection: nothing of a request may be left for the next
  std::vector<std::string> sent_;  // credentials that the request carries
  std::string head_, body_;        // of the answer
};

// The real parts, except those that would use the network.
gate::Parts TheGates::furnished() {
  for (const policy::Operation& operation : with_.policy->operations) {
    if (operation.upstream() != nullptr) {
      with_.parts.operations[operation.index].target = std::make_unique<Shared>(outside_);
    }
    if (operation.resource && operation.resource->upstream() != nullptr) {
      with_.parts.operations[operation.index].lookup = std::make_unique<Objects>(object_);
    }
  }
  with_.parts.loop = nullptr;  // the clock does not move while an answer waits
  return std::move(with_.parts);
}

// `${ann}` stands for the credential of ann, `${9000 x}` for nine thousand of them.
std::string TheGates::filled_in(std::string_view text) {
  std::string out;
  for (;;) {
    const auto open = text.find("${");
    const auto close = text.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) return out.append(text);
    out += text.substr(0, open);
    const std::string name(text.substr(open + 2, close - open - 2));
    text.remove_prefix(close + 1);
    if (const auto count = std::strtoul(name.c_str(), nullptr, 10); count > 0) {
      out.append(count, name.back());
      continue;
    }
    const auto found = with_.credentials.find(name);
    if (found != with_.credentials.end()) sent_.push_back(found->second);
    out += found != with_.credentials.end() ? found->second : std::string("?");
  }
}

// A credential where its scheme says that it travels.
void TheGates::put(const std::string& caller, gate::Peer& peer, std::string& target, std::string& lines,
                   std::string& cookies) {
  const std::string& credential = with_.credentials.at(caller);
  const std::string& scheme = with_.file.callers.at(caller).scheme;
  sent_.push_back(credential);
  const auto& all = with_.policy->authenticators;
  const auto found = std::ranges::find(all, scheme, &policy::AuthenticatorPolicy::name);
  if (found == all.end()) return;
  switch (found->carrier) {
    case policy::Carrier::bearer: http::append_field(lines, "Authorization", "Bearer " + credential); break;
    case policy::Carrier::header: http::append_field(lines, found->field, credential); break;
    case policy::Carrier::query:
      target.append(target.contains('?') ? "&" : "?").append(found->field).append("=").append(credential);
      break;
    case policy::Carrier::cookie:
      cookies.append(cookies.empty() ? "" : "; ").append(found->field).append("=").append(credential);
      break;
    case policy::Carrier::certificate: peer.certificate = credential; break;
  }
}

std::string TheGates::request_of(const Step& step, gate::Peer& peer) {
  std::string method = step.request.substr(0, step.request.find(' '));
  std::string target =
      filled_in(std::string_view(step.request).substr(std::min(method.size() + 1, step.request.size())));
  std::string lines, cookies;
  bool has_host = false, has_framing = false, has_type = false;
  for (const auto& [name, value] : step.headers) {
    has_host = has_host || equal_ignoring_case(name, "host");
    has_framing = has_framing || equal_ignoring_case(name, "transfer-encoding") ||
                  equal_ignoring_case(name, "content-length");
    has_type = has_type || equal_ignoring_case(name, "content-type");
    if (equal_ignoring_case(name, "cookie")) {
      cookies.append(cookies.empty() ? "" : "; ").append(filled_in(value));
    } else {
      http::append_field(lines, name, filled_in(value));
    }
  }
  for (const std::string& caller : step.callers) put(caller, peer, target, lines, cookies);
  if (!has_host) http::append_field(lines, "Host", "api.example.test");
  if (!has_type && !step.type.empty()) http::append_field(lines, "Content-Type", step.type);
  if (!cookies.empty()) http::append_field(lines, "Cookie", cookies);
  const std::string body = filled_in(step.body);
  if (!has_framing && !body.empty()) http::append_field(lines, "Content-Length", std::to_string(body.size()));
  return fmt::format("{} {} HTTP/1.1\r\n{}\r\n{}", method, target, lines, body);
}

// The work of server/connection.cc between reading and writing.
gate::Ending TheGates::answer(gate::Exchange& exchange, Body& body) {
  std::optional<gate::Answered> answer;
  if (const auto arrived = gate::arrive(exchange, with_.names, with_.clock, with_.entropy); !arrived) {
    answer = {gate::respond(exchange, arrived.error()), arrived.error()};
  } else {
    net::spawn(with_.loop, keep(with_.loop, runner_.answer(exchange, body), answer));
    while (!answer) with_.loop.run();  // stop() before run() ends the first at once
  }
  head_.clear();
  gate::write_head(head_, answer->released, http::Persistence::keep_alive, "", "");
  exchange.place.reset();  // the answer has ended
  body_ = answer->released.body();
  return {answer->refusal, answer->released.status(), answer->released.body().size()};
}

Outcome TheGates::pass(const Step& step) {
  with_.clock.advance(step.wait);
  if (step.wait.count() != 0) (void)with_.keys.refresh();
  events_.full = step.journal_full;
  events_.broken = step.journal_broken;
  events_.lines.clear();
  events_.intents.clear();
  outside_ = Outside();
  outside_.answer = step.answer.value_or(Answer());
  object_ = step.object;
  sent_.clear();
  std::vector<CallerShares::Lease> others;
  for (const auto& places : concurrency_) {
    for (std::int64_t i = 0; places && i < step.under_way; ++i) {
      Identity other;  // each is another's
      other.kind = PrincipalKind::key;
      other.id = std::to_string(i);
      if (auto place = places->take_one(FinishedIdentity(std::move(other)), IpAddress()))
        others.push_back(*std::move(place));
    }
  }

  Outcome outcome;
  gate::Peer peer;
  peer.address = IpAddress::parse(step.from).value_or(IpAddress());
  peer.text = peer.address.text();
  peer.handshake = Handshake{with_.clock.wall() - step.connected,
                             step.chain ? with_.clock.wall() + *step.chain : WallTime::max()};
  const std::string request = request_of(step, peer);
  exchange_.begin(with_.policy, peer);
  http::RequestParser parser(
      {.head = with_.policy->settings.listen.head.bytes, .encoded_slash = with_.policy->encoded_slash});
  const http::Progress progress = parser.parse(request, exchange_.head);
  Body body(std::string_view(request).substr(std::min(parser.consumed(), request.size())));
  gate::Ending ending;
  if (progress == http::Progress::complete) {
    ending = answer(exchange_, body);
  } else {
    const Refusal refusal = gate::refusal_of(parser.reason());
    exchange_.head.forget();
    (void)gate::arrive(exchange_, with_.names, with_.clock, with_.entropy);
    head_.clear();
    gate::write_refusal(head_, refusal, parser.method(), *exchange_.id, "", "");
    ending = {refusal, text_of(refusal.answer).status, head_.size()};
  }
  events_.record(builder_.build(exchange_, ending, with_.clock.monotonic()));
  read_event(outcome);
  if (progress == http::Progress::complete) read_answer(outcome);

  // The conditions that every request must meet.
  const bool allowed = outcome.decided["outcome"] == "allowed";
  const bool refused = outcome.decided["outcome"] == "refused" && outcome.decided["stage"] != "call";
  const bool upstream =
      exchange_.checked.operation() != nullptr && exchange_.checked.operation()->upstream() != nullptr;
  const auto must = [&](bool holds, std::string what) {
    if (!holds) outcome.broken.push_back(std::move(what));
  };
  must(!refused || outside_.calls == 0, "what a gate refuses does not reach the upstream, and this did");
  must(!allowed || !upstream || outside_.calls == 1, "what is allowed reaches the upstream once");
  // A principal that was proven in vain is recorded, and counts as anonymous.
  const bool in_vain = exchange_.checked.principal() && exchange_.checked.principal()->is_anonymous() &&
                       !exchange_.proven.empty();
  must(outside_.calls == 0 || outside_.principal == (in_vain ? kAnonymous : outcome.decided["user"]),
       "the upstream and the event see the same principal");
  must(outside_.calls == 0 || step.callers.empty() || outside_.body == filled_in(step.body),
       "what was accepted goes on unchanged");
  const std::string& stage = outcome.decided["stage"];
  const bool before_body =
      stage == "route" || stage == "authenticate" || outcome.decided["reason"] == "permission_missing";
  const bool sensitive =
      exchange_.checked.operation() != nullptr && !exchange_.checked.operation()->sensitive.empty();
  must(outside_.calls == 0 || std::ranges::count(events_.intents, '\n') == (sensitive ? 1 : 0),
       "a sensitive operation leaves one intent before its target is called, and no other does");
  must(outcome.decided["reason"] != "record_unavailable" || outside_.calls == 0,
       "what cannot be recorded is not done");
  must(!before_body || !body.asked, "a caller who is refused for who it is has its body never read");
  if (allowed && outside_.calls == 1) outcome.decided["as"] = outside_.principal;
  if (allowed && !upstream) outcome.decided["as"] = outcome.decided["user"];
  return outcome;
}

// The event has the decision.
void TheGates::read_event(Outcome& outcome) {
  const std::string& line = events_.lines;
  if (std::ranges::count(line, '\n') != 1) outcome.broken.push_back("each request leaves exactly one event");
  json::Parser parser;
  json::Document event;
  if (!parser.parse(std::string_view(line).substr(0, line.find('\n')), event)) {
    outcome.broken.push_back("the event is JSON");
    return;
  }
  const auto copy = [&](std::string_view member, std::string_view as) {
    const auto value = event.root().find(member);
    if (!value) return;
    outcome.decided[std::string(as)] = value->is_null()     ? "nothing"
                                       : value->is_string() ? std::string(value->string())
                                                            : json::to_text(*value);
  };
  for (const std::string_view name : {"outcome", "stage", "reason", "rule", "operation", "detail"})
    copy(name, name);
  copy("user.id", "user");
  copy("auth.also", "also");
  copy("auth.scheme", "scheme");
  copy("auth.issuer", "issuer");
  copy("http.response.status_code", "status");
  for (const std::string& credential : sent_) {
    if (line.contains(credential) || events_.intents.contains(credential))
      outcome.broken.push_back("no event contains a credential that the request carried");
  }
}

// The answer, as the caller gets it.
void TheGates::read_answer(Outcome& outcome) const {
  outcome.decided["body"] = body_;
  std::string_view lines = head_;
  lines.remove_prefix(std::min(lines.find('\n') + 1, lines.size()));
  while (lines.size() > 2) {
    const auto colon = lines.find(": ");
    const auto end = lines.find("\r\n");
    if (colon == std::string_view::npos || end == std::string_view::npos) break;
    std::string name(lines.substr(0, colon));
    outcome.decided["header " + name] = lines.substr(colon + 2, end - colon - 2);
    lines.remove_prefix(end + 2);
  }
  if (outcome.decided["outcome"] == "allowed") return;
  if (outcome.decided["user"] != "nothing") outcome.decided["user"] = outcome.decided["user"];
  json::Parser parser;
  json::Document body;
  if (!parser.parse(body_, body)) return;
  if (const auto details = body.root().find("details")) {
    std::string all;
    for (const json::Value one : details->elements()) {
      const std::string_view at = *one.find_string("at");
      all += fmt::format("{}{}{}{} {}", all.empty() ? "" : ", ", *one.find_string("in"),
                         at.empty() ? "" : " ", at, *one.find_string("rule"));
    }
    outcome.decided["details"] = all;
  }
  if (body.root().find_string("correlation_id") != exchange_.id->text()) {
    // A declared answer of the upstream has no such member, and went out as it is.
    if (outcome.decided["stage"] != "call") outcome.broken.push_back("a refusal tells the correlation id");
  }
}

}  // namespace

std::unique_ptr<Gates> open_gates(GatesOptions options) {
  return std::make_unique<TheGates>(std::move(options));
}

}  // namespace gatehouse::cases
