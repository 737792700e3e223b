// The floor of the data plane: an HTTPS responder with nothing on top of net/, to be loaded with wrk beside
// nginx's `return 200`.
//
//   tls_responder PORT CERTIFICATE KEY
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "net/loop.h"
#include "net/stream.h"

namespace {

using namespace gatehouse;
using namespace gatehouse::net;

constexpr std::string_view kHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\nServer: gatehouse\r\n"
    "Date: Tue, 24 Nov 2026 00:00:00 GMT\r\n\r\n";

enum class Next { request, close };

// The buffer is in this frame, which goes back to the worker while the connection is idle.
Task<Next> answer_one(Stream& stream) {
  char buffer[3072];
  std::size_t have = 0;
  while (!std::string_view(buffer, have).ends_with("\r\n\r\n")) {
    auto n = co_await stream.read(std::span(buffer).subspan(have));
    if (!n || *n == 0) co_return Next::close;
    have += *n;
  }
  stream.set_deadline(stream.loop().now() + std::chrono::seconds(10));
  const std::string body(100, 'x');
  const std::string_view parts[] = {kHead, body};
  auto written = co_await stream.write(parts);
  co_return written ? Next::request : Next::close;
}

Task<void> serve(StreamPtr stream, std::shared_ptr<const ServerTls> tls) {
  Loop& loop = stream->loop();
  stream->set_deadline(loop.now() + std::chrono::seconds(5));
  auto shaken = co_await stream->accept_tls(std::move(tls));
  if (!shaken) co_return;
  for (auto next = Next::request; next == Next::request;) {
    stream->set_deadline(loop.now() + std::chrono::seconds(60));
    auto ready = co_await stream->readable();
    if (!ready) co_return;
    auto answer = answer_one(*stream);
    next = co_await answer;
  }
}

Task<void> accept_all(Loop& loop, Listener& listener, std::shared_ptr<const ServerTls> tls) {
  for (;;) {
    auto accepted = co_await listener.accept();
    if (!accepted) co_return;
    spawn(loop, serve(std::make_unique<Stream>(loop, std::move(accepted->socket), accepted->peer), tls));
  }
}

std::string file(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::puts("usage: tls_responder PORT CERTIFICATE KEY"), 2;
  const std::string_view text(argv[1]);
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  ServerTlsOptions options;
  options.certificate_pem = file(argv[2]);
  options.private_key_pem = Secret<std::string>(file(argv[3]));
  auto tls = ServerTls::make(options);
  if (!tls) return std::puts(tls.error().text.c_str()), 1;
  const SystemClock clock;
  Loop loop(clock);
  auto listener = Listener::open(loop, {*IpAddress::parse("127.0.0.1"), port});
  if (!listener) return std::puts(listener.error().text.c_str()), 1;
  spawn(loop, accept_all(loop, **listener, *tls));
  loop.run();
}
