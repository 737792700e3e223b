// The whole exchange: what a client sends on one connection, against a worker with every gate, and what then
// reaches the upstream.
//
// What must hold for any bytes:
//   - each answer has exactly one event, with its status and its id, in the same order;
//   - what reaches the upstream is one well-formed request for each call that an event tells of, and says
//   only what the document
//     declares: its paths, its query parameter, its bodies, read again here by other code;
//   - an operation that asks for a key is called only by clients that sent it, and the key itself never
//   arrives there;
//   - the upstream hears of no other host than one that is configured, and nothing of a stranger's trace.
//
// `$KEY` in the input stands for a key that holds.
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include "app/assembly.h"
#include "app/process_resources.h"
#include "audit/encoder.h"
#include "fuzz.h"
#include "gate/respond.h"
#include "http/characters.h"
#include "json/parser.h"
#include "net/finish.h"
#include "net/testing.h"
#include "policy/load.h"
#include "server/connection.h"
#include "server/worker.h"
#include "store/key_service.h"

namespace gatehouse::fuzz {
namespace {

constexpr std::string_view kApi = R"({"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"},
  "paths": {
    "/items": {"get": {"operationId": "listItems", "security": [],
      "parameters": [{"name": "q", "in": "query", "schema": {"type": "string", "pattern": "^[a-z]{0,9}$"}}],
      "responses": {"200": {"description": "all", "content": {"application/json": {"schema": {"type": "object"}}}}}}},
    "/items/{id}": {"get": {"operationId": "getItem", "security": [{"key": []}],
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
      "responses": {"200": {"description": "it", "content": {"application/json": {"schema": {"type": "object"}}}}}}},
    "/orders": {"post": {"operationId": "createOrder", "security": [{"key": []}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object",
        "required": ["item"], "properties": {"item": {"type": "integer"}, "note": {"type": "string", "maxLength": 20}}}}}},
      "responses": {"200": {"description": "done", "content": {"application/json": {"schema": {"type": "object"}}}}}}}},
  "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}}})";

constexpr std::string_view kConfiguration = R"(
openapi: [api.json]
threat_model: {{exposure: partner, data: internal}}
listen: {{https: "127.0.0.1:8443"}}
tls: {{certificate: server.crt, private_key: "file:server.key"}}
store: sqlite:gatehouse.db
upstreams: {{orders: {{url: "http://127.0.0.1:{}"}}}}
authenticators: {{key: {{type: api_key}}}}
roles: {{anonymous: [items:list], partner: ["items:*", "orders:*"]}}
limits: {{per_ip: {{per: ip, rate: 1000000/s, burst: 1000000}}}}
defaults: {{limits: [per_ip], upstream: orders, body: 4KiB, timeout: 10s}}
operations:
  listItems: {{permission: items:list, public: "the fuzzer asks without a key"}}
  getItem: {{permission: items:read}}
  createOrder: {{permission: orders:write}}
)";

// The hosts of this server that a request may name.
constexpr std::string_view kNames[] = {"api.example", "a"};

template <typename T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().text);
    std::abort();
  }
  return *std::move(result);
}

class Events final : public AuditSink {
 public:
  bool accepting() const override { return true; }
  void record(const Event& event) override {
    std::string line;
    audit::append_event(line, event);
    lines.push_back(std::move(line));
  }
  net::Task<Result<>> record_durably(const Event& event, MonotonicTime) override {
    record(event);
    co_return Result<>();
  }
  void keep_original(std::string_view, unsigned, std::string_view, std::string_view,
                     std::span<const std::string_view>) override {}

  std::vector<std::string> lines;
};

struct Message {
  std::string first_line;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  // Aborts where the field comes twice.
  std::string field(std::string_view name) const {
    std::string found;
    int times = 0;
    for (const auto& [one, value] : fields) {
      if (!equal_ignoring_case(one, name)) continue;
      found = value;
      ++times;
    }
    FUZZ_EXPECT(times <= 1);
    return found;
  }
};

enum class Body { as_announced, none };  // none: the answer to HEAD

// Takes one message with a Content-Length, or without a body, from the front of `bytes`; nothing while it is
// incomplete. Written separately from http/, and strict: Gatehouse writes messages in one form.
std::optional<Message> take_message(std::string& bytes, Body body = Body::as_announced) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  Message message;
  std::size_t at = bytes.find("\r\n");
  message.first_line = bytes.substr(0, at);
  while (at < end) {
    const std::size_t next = bytes.find("\r\n", at + 2);
    const std::string line = bytes.substr(at + 2, next - at - 2);
    const std::size_t colon = line.find(": ");
    FUZZ_EXPECT(colon != std::string::npos && colon > 0);
    for (const char c : line.substr(0, colon)) FUZZ_EXPECT(http::is(c, http::kTokenCharacter));
    for (const char c : line) FUZZ_EXPECT((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t');
    message.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    at = next;
  }
  FUZZ_EXPECT(message.field("Transfer-Encoding").empty());
  const std::string length = message.field("Content-Length");
  const std::size_t size = length.empty() || body == Body::none ? 0 : std::stoul(length);
  if (bytes.size() < end + 4 + size) return std::nullopt;
  message.body = bytes.substr(end + 4, size);
  bytes.erase(0, end + 4 + size);
  return message;
}

class Bench {
 public:
  static Bench& the() {
    static Bench bench;
    return bench;
  }

  // Sends `input` on a new connection, and waits until nothing moves any more. The answers.
  std::string send(const std::string& input);

  Events* events = nullptr;       // the worker's
  std::vector<Message> received;  // by the upstream
  std::string key;

 private:
  Bench();
  net::Task<void> accept();
  net::Task<void> answer(net::StreamPtr stream);
  net::Task<void> read(net::Stream& stream, std::string& into, bool& ended);
  net::Task<void> serve(net::StreamPtr stream, bool& served);

  SystemClock clock_;
  std::filesystem::path folder_;
  net::Loop loop_{clock_};
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<app::ProcessResources> resources_;
  std::unique_ptr<server::Worker> worker_;
};

Bench::Bench() {
  std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-exchange-XXXXXX").string();
  FUZZ_EXPECT(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  listener_ = must(net::Listener::open(loop_, net::testing::loopback()));
  net::spawn(loop_, accept());
  const std::string configuration = fmt::format(fmt::runtime(kConfiguration), listener_->endpoint().port);
  const doc::ReadFile read_file = [&](const std::filesystem::path& path) -> Result<std::string> {
    return path.filename() == "api.json" ? std::string(kApi) : configuration;
  };
  Problems problems;
  auto policy = policy::load(folder_ / "gatehouse.yaml", {.read = read_file, .handlers = {}}, problems);
  if (!policy || !problems.empty()) {
    fmt::print(stderr, "{}", problems.text());
    std::abort();
  }
  resources_ = must(app::ProcessResources::make(*policy));
  {
    const auto store = must(app::open_store(policy->settings, clock_, db::SqliteStore::Replaced::refuse));
    SystemEntropy entropy;
    store::KeyService keys(*store, *resources_->hasher, entropy, clock_);
    key = must(net::finish(loop_, keys.create(loop_, clock_.monotonic() + app::kStorePatience,
                                              {.principal = "partner:fuzz", .roles = {"partner"}})))
              .text.reveal();
    FUZZ_EXPECT(resources_->keys->refresh());
  }
  const app::SharedParts shared = must(app::prepare(policy, *resources_));
  auto serving = std::make_shared<server::Serving>();
  auto listening = std::make_shared<server::Listening>();
  for (const std::string_view name : kNames) FUZZ_EXPECT(listening->names.add(name));
  listening->listeners.resize(1);
  listening->listeners.front().fields = gate::fixed_fields(policy->settings, gate::Transport::tls);
  serving->listening = std::move(listening);
  auto sink = std::make_unique<Events>();
  events = sink.get();
  auto made = must(app::assemble(shared, {}, *resources_, loop_));
  serving->runner = std::make_shared<gate::Runner>(std::move(made.parts), resources_->limiter, *sink, clock_);
  worker_ = std::make_unique<server::Worker>(loop_, resources_->shared, std::move(sink), std::move(serving));
  std::filesystem::remove_all(folder_);  // open files stay readable
}

net::Task<void> Bench::accept() {
  for (;;) {
    auto accepted = co_await listener_->accept();
    if (!accepted) co_return;
    net::spawn(loop_,
               answer(std::make_unique<net::Stream>(loop_, std::move(accepted->socket), accepted->peer)));
  }
}

net::Task<void> Bench::answer(net::StreamPtr stream) {
  std::string bytes;
  std::string buffer(4096, '\0');
  for (;;) {
    auto n = co_await stream->read(buffer);
    if (!n || *n == 0) {
      FUZZ_EXPECT(bytes.empty());
      co_return;
    }
    bytes.append(buffer, 0, *n);
    while (auto message = take_message(bytes)) {
      received.push_back(*std::move(message));
      auto written = co_await stream->write(
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
      if (!written) co_return;
    }
  }
}

net::Task<void> Bench::serve(net::StreamPtr stream, bool& served) {
  auto serving = server::serve_requests(*worker_, 0, std::move(stream));
  co_await serving;
  served = true;
}

net::Task<void> Bench::read(net::Stream& stream, std::string& into, bool& ended) {
  std::string buffer(4096, '\0');
  for (;;) {
    auto n = co_await stream.read(buffer);
    if (!n || *n == 0) break;
    into.append(buffer, 0, *n);
  }
  ended = true;
}

std::string Bench::send(const std::string& input) {
  net::testing::Pair pair = net::testing::connected(loop_);
  std::string output;
  bool ended = false, served = false;
  net::spawn(loop_, serve(std::move(pair.server), served));
  net::spawn(loop_, read(*pair.client, output, ended));
  std::optional<Result<>> written;
  net::testing::start(loop_, net::testing::write_all(*pair.client, input), written);
  // Until nothing has moved for a while, so that the end of the client's stream does not cancel running work.
  // An unknown key is looked up on a thread.
  auto moved = clock_.monotonic();
  while (!ended && clock_.monotonic() - moved < std::chrono::milliseconds(1)) {
    const auto state = std::tuple(output.size(), received.size(), events->lines.size(), written.has_value());
    loop_.poll();
    if (state != std::tuple(output.size(), received.size(), events->lines.size(), written.has_value()))
      moved = clock_.monotonic();
  }
  if (!ended) pair.client->finish_writing();
  const auto until = clock_.monotonic() + std::chrono::seconds(5);
  while (!ended || !written) {
    loop_.poll();
    FUZZ_EXPECT(clock_.monotonic() < until);
  }
  pair.client.reset();
  // The connection's own task has ended too, with its event.
  while (!served) {
    loop_.poll();
    FUZZ_EXPECT(clock_.monotonic() < until);
  }
  return output;
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() < 20 && std::ranges::all_of(text, [](char c) { return is_digit(c); });
}

// Every %XX decoded; aborts at an invalid one.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    FUZZ_EXPECT(i + 2 < text.size() && is_hex_digit(text[i + 1]) && is_hex_digit(text[i + 2]));
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

// Whether the document declares this: method, path, query and body. `asks_for_key`: of its operation.
void expect_declared(const Message& message, bool& asks_for_key) {
  const std::size_t space = message.first_line.find(' ');
  const std::string method = message.first_line.substr(0, space);
  FUZZ_EXPECT(message.first_line.ends_with(" HTTP/1.1"));
  std::string target = message.first_line.substr(space + 1, message.first_line.size() - space - 10);
  FUZZ_EXPECT(target.find_first_of(" #\\\t") == std::string::npos);
  std::string query;
  if (const auto mark = target.find('?'); mark != std::string::npos) {
    query = target.substr(mark + 1);
    target.resize(mark);
  }
  const std::string path = decoded(target);
  asks_for_key = path != "/items";
  if (method == "POST") {
    FUZZ_EXPECT(path == "/orders" && query.empty());
    FUZZ_EXPECT(message.field("Content-Type").starts_with("application/json"));
    json::Document document;
    json::Parser parser;
    FUZZ_EXPECT(parser.parse(message.body, document));
    FUZZ_EXPECT(document.root().is_object() && document.root().find("item"));
    for (const json::Member& member : document.root().members())
      FUZZ_EXPECT(member.key() == "item" || member.key() == "note");
    return;
  }
  FUZZ_EXPECT((method == "GET" || method == "HEAD") && message.body.empty());
  if (path == "/items") {
    if (query.empty()) return;
    FUZZ_EXPECT(query.find('&') == std::string::npos && decoded(query.substr(0, query.find('='))) == "q");
    const std::string value = decoded(query.substr(query.find('=') + 1));
    FUZZ_EXPECT(value.size() < 10 && std::ranges::all_of(value, [](char c) { return c >= 'a' && c <= 'z'; }));
  } else {
    FUZZ_EXPECT(path.starts_with("/items/") && is_integer(path.substr(7)) && query.empty());
  }
}

}  // namespace
}  // namespace gatehouse::fuzz

// Prints the history before it aborts.
#define EXCHANGE_EXPECT(condition)                                                                    \
  if (!(condition)) {                                                                                 \
    fmt::print(stderr, "does not hold: {}\nanswers: {}\nevents: {}\nreceived: {}\n", #condition, all, \
               fmt::join(bench.events->lines, ""), bench.received.size());                            \
    std::abort();                                                                                     \
  }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::fuzz;
  if (size > 20'000) return 0;
  Bench& bench = Bench::the();
  std::string input(fuzz_text(data, size));
  for (std::size_t at = 0; (at = input.find("$KEY", at)) != std::string::npos; at += bench.key.size())
    input.replace(at, 4, bench.key);
  bench.events->lines.clear();
  bench.received.clear();
  std::string output = bench.send(input);
  const std::string all = output;

  std::size_t called = 0,
              perhaps_called = 0;  // a call that was taken back may have reached the upstream, or not
  for (const std::string& line : bench.events->lines) {
    json::Document document;
    json::Parser parser;
    EXCHANGE_EXPECT(parser.parse(line, document));
    const json::Value event = document.root();
    EXCHANGE_EXPECT(line.find(bench.key) == std::string::npos);
    if (event.find("event.name")->string() != "request") continue;
    const std::string_view outcome = event.find("outcome")->string();
    // Gatehouse itself answers OPTIONS, which no operation declares.
    const bool answered_here = event.find_string("http.request.method") == "OPTIONS";
    if (outcome == "allowed" && !answered_here) ++called;
    if (outcome == "failed" || event.find("stage")->string() == "call") ++perhaps_called;
    if (event.find("http.response.status_code")->is_null()) continue;  // the client left before its answer
    // Interim answers do not count.
    const Body body = event.find_string("http.request.method") == "HEAD" ? Body::none : Body::as_announced;
    auto answer = take_message(output, body);
    while (answer && answer->first_line.starts_with("HTTP/1.1 1")) answer = take_message(output, body);
    // The event of a request that could not be read has no method, and the answer has no body where that was
    // HEAD. It is the last of the connection.
    if (!answer && event.find_string("http.request.method") == "_OTHER" && input.contains("HEAD ")) {
      answer = take_message(output, Body::none);
      EXCHANGE_EXPECT(output.empty());
    }
    EXCHANGE_EXPECT(answer);
    EXCHANGE_EXPECT(answer->first_line.substr(9, 3) == event.find("http.response.status_code")->literal());
    EXCHANGE_EXPECT(answer->field("X-Request-Id") == event.find("request.id")->string());
  }
  EXCHANGE_EXPECT(output.empty());
  EXCHANGE_EXPECT(bench.received.size() >= called && bench.received.size() <= called + perhaps_called);

  for (const Message& message : bench.received) {
    bool asks_for_key = true;
    expect_declared(message, asks_for_key);
    for (const auto& [name, value] : message.fields) {
      std::string lower;
      for (const char c : name) lower += ascii_lower(c);
      EXCHANGE_EXPECT(lower != "x-api-key" && lower != "connection" && lower != "upgrade");
      // Every forwarded field is written by Gatehouse or allowed by the table: the document declares none.
      const http::FieldId id = http::field_id(lower);
      const bool written = lower == "host" || lower == "content-length" || lower == "x-request-id" ||
                           lower == "traceparent" || lower == "x-forwarded-for" ||
                           lower == "x-forwarded-proto" || lower == "x-forwarded-host" ||
                           lower.starts_with("gatehouse-");
      EXCHANGE_EXPECT(written || (http::to_upstream(id) == http::ToUpstream::goes_on && lower != "cookie"));
    }
    // The host is one of this server's names, as it was configured; the trace is Gatehouse's own.
    EXCHANGE_EXPECT(std::ranges::find(kNames, message.field("X-Forwarded-Host")) != std::end(kNames));
    EXCHANGE_EXPECT(message.field("tracestate").empty() && message.field("baggage").empty());
    if (asks_for_key) {
      EXCHANGE_EXPECT(input.find(bench.key) != std::string::npos);
      EXCHANGE_EXPECT(message.field("Gatehouse-Principal") == "partner:fuzz");
    } else {
      EXCHANGE_EXPECT(message.field("Gatehouse-Principal").find("partner:fuzz") == std::string::npos ||
                      input.find(bench.key) != std::string::npos);
    }
  }
  return 0;
}
