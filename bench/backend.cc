// The upstream of the side-by-side benchmark: answers every request on 127.0.0.1:PORT with the same small
// JSON text, or with a stream if the path begins with /api/v1/streams/. It reads just enough HTTP/1.1 to find
// where a request with a Content-Length ends; it trusts its callers and serves no other purpose.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::string_view kBody =
    R"({"order_id":"6f1c1a52-8b1e-4a58-9a0e-0d3b9b7d1c11","status":"open","total":482.79})";

std::string answer() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(kBody.size()) + "\r\n\r\n" + std::string(kBody);
}

// 1 MiB in chunks of 16 KiB, of an operation whose answer has no announced end.
std::string stream() {
  constexpr std::size_t kChunk = std::size_t{16} << 10U;
  std::string text =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 64; ++i) text += "4000\r\n" + std::string(kChunk, 'x') + "\r\n";
  return text + "0\r\n\r\n";
}

// The bytes of the first request in `text`, header and body, or 0 when it is not complete.
std::size_t request_size(std::string_view text) {
  const auto head = text.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  std::size_t body = 0;
  for (std::size_t line = text.find("\r\n"); line < head; line = text.find("\r\n", line + 2)) {
    constexpr std::string_view kName = "\r\ncontent-length:";
    if (strncasecmp(text.data() + line, kName.data(), kName.size()) == 0) {
      body = std::strtoul(text.data() + line + kName.size(), nullptr, 10);
    }
  }
  const std::size_t whole = head + 4 + body;
  return text.size() >= whole ? whole : 0;
}

// Answers every complete request that has arrived; false when the connection is over.
bool serve(int connection, std::string& received) {
  static const std::string kAnswer = answer();
  static const std::string kStream = stream();
  char buffer[65536];
  const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  received.append(buffer, static_cast<std::size_t>(got));
  std::string answers;
  for (std::size_t size = 0; (size = request_size(received)) != 0; received.erase(0, size))
    answers += received.starts_with("GET /api/v1/streams/") ? kStream : kAnswer;
  return answers.empty() || send(connection, answers.data(), answers.size(), MSG_NOSIGNAL) ==
                                static_cast<ssize_t>(answers.size());
}

int listen_on(const char* port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(std::atoi(port)));
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 4096) != 0) {
    std::perror("bench_backend: listen");
    std::exit(1);
  }
  return listener;
}

void watch(int epoll, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = descriptor;
  epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: bench_backend PORT\n", stderr);
    return 2;
  }
  const int listener = listen_on(arguments[1]);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, listener);
  std::unordered_map<int, std::string> received;
  for (;;) {
    epoll_event events[256];
    const int ready = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < ready; ++i) {
      const int descriptor = events[i].data.fd;
      if (descriptor == listener) {
        const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        const int on = 1;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, connection);
      } else if (!serve(descriptor, received[descriptor])) {
        received.erase(descriptor);
        close(descriptor);
      }
    }
  }
}
