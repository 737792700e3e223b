// A whole worker over socket pairs, with a clock that the test sets: every gate is real, only the target is
// the test's own. A socket pair delivers bytes before the call that sends them returns, so a fixed number of
// turns of the loop is enough on machines of any speed.
#pragma once

#include <cerrno>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/socket.h>

#include "base/manual_clock.h"
#include "core/audit_sink.h"
#include "gate/respond.h"
#include "net/loop.h"
#include "net/signal.h"
#include "net/stream.h"
#include "policy/testing.h"
#include "server/connection.h"
#include "server/worker.h"

namespace gatehouse::server::testing {

inline constexpr std::string_view kTestApi =
    R"({"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": {
      "/items": {"get": {"operationId": "listItems", "security": [], "responses": {"200": {"description": "all"}}}},
      "/orders": {"post": {"operationId": "createOrder", "security": [],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object",
          "properties": {"note": {"type": "string", "maxLength": 300000}}}}}},
        "responses": {"200": {"description": "done"}}}}}})";

inline constexpr std::string_view kTestSettings = R"(
openapi: [api.json]
threat_model: {exposure: partner, data: internal}
tls: {certificate: server.crt, private_key: "file:server.key"}
store: sqlite:gatehouse.db
upstreams: {orders: {url: "http://127.0.0.1:9"}}
roles: {anonymous: [items:list, orders:write]}
limits: {per_ip: {per: ip, rate: 1000/s, burst: 1000}}
defaults: {limits: [per_ip], upstream: orders, body: 256KiB, timeout: 10s}
deadlines: {handshake: 10s, head: 10s, body: 20s, idle: 60s, answer: 30s, drain: 40s}
operations:
  listItems: {permission: items:list, public: "the test asks without a key"}
  createOrder: {permission: orders:write, public: "the test asks without a key"}
)";

inline constexpr std::string_view kTestListen = "listen: {https: \"127.0.0.1:8443\"}\n";

// One event in one line, as tests compare it: `request allowed 200`, `request refused 0 client_gone`,
// `request allowed 200 client_gone` (the answer was cut).
struct RecordedEvents {
  std::vector<std::string> lines, details, request_ids;
  std::vector<IpAddress> clients;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> body_bytes;  // of requests and of their answers
  bool accepts = true;                                              // the sinks have room
};

class RecordingSink final : public AuditSink {
 public:
  explicit RecordingSink(RecordedEvents& into) : into_(into) {}
  bool accepting() const override { return into_.accepts; }
  void record(const Event& event) override {
    std::string line = fmt::format("{} {} {}", event.name, gatehouse::name(event.outcome), event.status);
    if (!event.reason.empty()) line.append(" ").append(event.reason);
    into_.lines.push_back(std::move(line));
    into_.details.emplace_back(event.detail.empty() ? event.said : event.detail);
    into_.request_ids.emplace_back(event.request_id);
    into_.clients.push_back(event.client);
    into_.body_bytes.emplace_back(event.request_body_size, event.response_body_size);
  }
  net::Task<Result<>> record_durably(const Event& event, MonotonicTime) override {
    record(event);
    co_return Result<>();
  }
  void keep_original(std::string_view, unsigned, std::string_view, std::string_view,
                     std::span<const std::string_view>) override {}

 private:
  RecordedEvents& into_;
};

class Unlimited final : public LimitStore {
 public:
  bool take(std::span<const LimitClaim> claims, MonotonicTime, std::span<LimitState> states) override {
    for (std::size_t i = 0; i < claims.size(); ++i) states[i] = {.allowed = true, .remaining = 9};
    return true;
  }
};

// The rest of an answer, piece by piece as the test gives them.
struct Flow {
  explicit Flow(net::Loop& loop) : changed(loop) {}
  void give(std::string piece) {
    pieces.push_back(std::move(piece));
    changed.set();
  }
  void end() { give({}); }
  void break_off(Error with) {
    error = std::move(with);
    changed.set();
  }
  void throw_now() {
    throws = true;
    changed.set();
  }

  std::deque<std::string> pieces;
  std::optional<Error> error;
  bool throws = false;
  bool dropped = false;  // the code that pulled it has been destroyed
  net::Signal changed;
};

class FlowSource final : public BodySource {
 public:
  explicit FlowSource(std::shared_ptr<Flow> flow) : flow_(std::move(flow)) {}
  FlowSource(const FlowSource&) = delete;
  FlowSource& operator=(const FlowSource&) = delete;
  ~FlowSource() override { flow_->dropped = true; }
  net::Task<Result<std::string_view>> next() override {
    for (;;) {
      if (flow_->throws) throw std::runtime_error("the source has a bug");
      if (!flow_->pieces.empty()) {
        piece_ = std::move(flow_->pieces.front());
        flow_->pieces.pop_front();
        co_return std::string_view(piece_);
      }
      if (flow_->error) co_return std::unexpected(*flow_->error);
      co_await flow_->changed.wait();
    }
  }

 private:
  std::shared_ptr<Flow> flow_;
  std::string piece_;
};

// The behaviour of the operations of the test's document.
class Backend {
 public:
  explicit Backend(net::Loop& loop) : loop_(loop) {}

  std::string answer = "{}";
  std::shared_ptr<Flow> flow;  // not null: the answer continues with it
  bool throws = false;
  bool holds = false;  // a call waits until let_go()

  int begun = 0, finished = 0;
  std::vector<std::string> bodies;  // as they arrived

  std::shared_ptr<Flow> stream() { return flow = std::make_shared<Flow>(loop_); }
  void let_go() {
    holds = false;
    for (net::Signal* const one : waiting_) one->set();
  }

  net::Task<Verdict<void>> call(std::string body, Response& response) {
    ++begun;
    bodies.push_back(std::move(body));
    if (holds) {
      const Place place(*this);
      co_await waiting_.back()->wait();
    }
    if (throws) throw std::runtime_error("the target has a bug");
    response.status = 200;
    response.body = answer;
    if (flow) response.rest = std::make_unique<FlowSource>(flow);
    ++finished;
    co_return {};
  }

 private:
  struct Place {
    explicit Place(Backend& backend) : of(backend), signal(backend.loop_) { of.waiting_.push_back(&signal); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { of.waiting_.remove(&signal); }
    Backend& of;
    net::Signal signal;
  };

  net::Loop& loop_;
  std::list<net::Signal*> waiting_;
};

class BackendTarget final : public Target {
 public:
  explicit BackendTarget(Backend& backend) : backend_(backend) {}
  net::Task<Verdict<void>> call(const Permit& permit, const Call&, Response& response, CallReport&) override {
    return backend_.call(std::string(permit.request().body_bytes()), response);
  }

 private:
  Backend& backend_;
};

// The other end of a connection.
class TestClient {
 public:
  explicit TestClient(int descriptor) : socket_(descriptor) {}

  // As much as the connection takes; how much that was.
  std::size_t send(std::string_view bytes) const {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t n = ::send(socket_.descriptor(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    return sent;
  }
  // Up to `most` of the available bytes, added to `received`; returns their number.
  std::size_t read(std::size_t most = SIZE_MAX) {
    std::size_t got = 0;
    char buffer[16'384];
    while (got < most) {
      const ssize_t n = ::recv(socket_.descriptor(), buffer, std::min(sizeof buffer, most - got), 0);
      if (n < 0 && errno == EAGAIN) break;
      if (n <= 0) {
        ended = true;
        break;
      }
      received.append(buffer, static_cast<std::size_t>(n));
      got += static_cast<std::size_t>(n);
    }
    return got;
  }
  void finish_sending() const { ::shutdown(socket_.descriptor(), SHUT_WR); }
  void close() { socket_ = net::Socket(); }
  net::Socket take_socket() { return std::move(socket_); }

  std::string received;
  bool ended = false;

 private:
  net::Socket socket_;
};

struct TestAnswer {
  unsigned status = 0;
  std::map<std::string, std::string> fields;
  std::string body;
};

// All of them; throws where the bytes are not whole answers, one after the other.
inline std::vector<TestAnswer> answers_in(std::string_view bytes) {
  std::vector<TestAnswer> answers;
  const auto take = [&](std::size_t size) {
    if (size > bytes.size()) throw std::runtime_error("half an answer: " + std::string(bytes));
    const std::string_view taken = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return std::string(taken);
  };
  const auto line = [&] {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) throw std::runtime_error("half a line: " + std::string(bytes));
    std::string text = take(end);
    take(2);
    return text;
  };
  while (!bytes.empty()) {
    TestAnswer answer;
    answer.status = static_cast<unsigned>(std::stoul(line().substr(9, 3)));
    for (std::string field = line(); !field.empty(); field = line()) {
      const std::size_t colon = field.find(": ");
      answer.fields[field.substr(0, colon)] = field.substr(colon + 2);
    }
    if (answer.fields.contains("Transfer-Encoding")) {
      while (const std::size_t size = std::stoul(line(), nullptr, 16)) {
        answer.body += take(size);
        take(2);
      }
      take(2);
    } else if (answer.fields.contains("Content-Length")) {
      answer.body = take(std::stoul(answer.fields["Content-Length"]));
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

inline std::vector<unsigned> statuses_in(std::string_view bytes) {
  std::vector<unsigned> statuses;
  for (const TestAnswer& answer : answers_in(bytes)) statuses.push_back(answer.status);
  return statuses;
}

struct TestOptions {
  std::string settings = {};  // follow those above
  std::string listen = std::string(kTestListen);
  std::shared_ptr<const net::ServerTls> tls = nullptr;  // of the listener for clients
  policy::ProxyProtocol proxy_protocol = policy::ProxyProtocol::off;
};

class TestServer {
 public:
  // `options.listen` stands in place of its line.
  explicit TestServer(const TestOptions& options = {}) {
    static const IpAddress kClient = *IpAddress::parse("203.0.113.9");
    peer_ = {kClient, 40'000};
    gate::Parts parts;
    parts.policy =
        policy::testing::policy_of(std::string(kTestSettings) + options.listen + options.settings, kTestApi);
    for (const policy::Operation& operation : parts.policy->operations) {
      gate::OperationParts& made = parts.operations.emplace_back();
      made.target = std::make_unique<BackendTarget>(backend);
      if (operation.name == "createOrder") made.on_hang_up = net::OnHangUp::finish;
    }
    parts.loop = &loop;
    auto serving = std::make_shared<Serving>();
    auto listening = std::make_shared<Listening>();
    (void)listening->names.add("api.example");
    for (const ListenerKind kind : {ListenerKind::gates, ListenerKind::plaintext, ListenerKind::admin}) {
      ListenerPolicy& one = listening->listeners.emplace_back();
      one.kind = kind;
      if (kind == ListenerKind::gates) {
        one.tls = options.tls;
        one.proxy_protocol = options.proxy_protocol;
      }
      one.fields = gate::fixed_fields(parts.policy->settings, gate::Transport::tls);
      one.connections = 4;
      one.connections_per_address = 3;
    }
    serving->listening = std::move(listening);
    auto sink = std::make_unique<RecordingSink>(events);
    serving->runner = std::make_shared<gate::Runner>(std::move(parts), limits, *sink, clock);
    worker = std::make_unique<Worker>(loop, shared, std::move(sink), std::move(serving));
  }

  // The server's output waits in a buffer of this size while the client does not read.
  enum class Buffer : std::uint8_t { usual, small };
  // A connection that needs no handshake.
  TestClient connect(Buffer buffer = Buffer::usual) {
    auto [ours, client] = pair(buffer);
    worker->add_stream(0, std::make_unique<net::Stream>(loop, std::move(ours), peer_));
    return TestClient(client);
  }
  // One that the listener has accepted, before its handshake.
  TestClient accept(ListenerKind kind) {
    auto [ours, client] = pair(Buffer::usual);
    worker->add_connection(static_cast<std::size_t>(kind), {std::move(ours), peer_});
    return TestClient(client);
  }

  // Afterwards all consequences of the test's input and clock so far have happened.
  void turn() {
    for (int i = 0; i < 12; ++i) loop.poll();
  }
  void pass(std::chrono::nanoseconds time) {
    clock.advance(time);
    turn();
  }
  // Sends all of it, however little the connection takes at once.
  void send(const TestClient& client, std::string_view bytes) {
    while (!bytes.empty()) {
      bytes.remove_prefix(client.send(bytes));
      turn();
    }
  }
  // Everything that comes while the client reads as fast as it can.
  std::string& read(TestClient& client) {
    do turn();
    while (client.read() > 0);
    return client.received;
  }
  // Connections whose task has not ended.
  std::size_t open() const { return worker ? worker->open_connections() : 0; }
  // Destroys the worker with its running tasks.
  void stop() { worker.reset(); }

  ManualClock clock;
  Unlimited limits;
  Shared shared{.clock = clock, .limits = limits, .connections = {}, .admin_connections = {}};
  net::Loop loop{clock};
  Backend backend{loop};
  RecordedEvents events;
  std::unique_ptr<Worker> worker;

 private:
  static std::pair<net::Socket, int> pair(Buffer buffer) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
      throw std::runtime_error("socketpair");
    if (buffer == Buffer::small) {
      const int size = 4096;
      ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    return {net::Socket(ends[0]), ends[1]};
  }

  net::Endpoint peer_;
};

}  // namespace gatehouse::server::testing
