#include "net/socket.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket_address.h"

namespace gatehouse::net {

std::string Endpoint::text() const {
  return address.family() == IpAddress::Family::v4 ? fmt::format("{}:{}", address.text(), port)
                                                   : fmt::format("[{}]:{}", address.text(), port);
}

SocketAddress::SocketAddress(const Endpoint& endpoint) {
  const auto& bytes = endpoint.address.bytes();
  if (endpoint.address.family() == IpAddress::Family::v4) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(endpoint.port);
    std::memcpy(&four.sin_addr, bytes.data(), 4);
    std::memcpy(&storage, &four, sizeof four);
    size = sizeof four;
  } else {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(endpoint.port);
    std::memcpy(&six.sin6_addr, bytes.data(), 16);
    std::memcpy(&storage, &six, sizeof six);
    size = sizeof six;
  }
}

Endpoint SocketAddress::endpoint() const {
  if (storage.ss_family == AF_INET) {
    sockaddr_in four;
    std::memcpy(&four, &storage, sizeof four);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &four.sin_addr, 4);
    return {IpAddress::v4(bytes), ntohs(four.sin_port)};
  }
  sockaddr_in6 six;
  std::memcpy(&six, &storage, sizeof six);
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &six.sin6_addr, 16);
  return {IpAddress::v6(bytes), ntohs(six.sin6_port)};
}

Error system_error(ErrorCode code, std::string_view what, int number, Retry retry) {
  return {code, fmt::format("{}: {}", what, std::strerror(number)), retry};
}

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Endpoint> Socket::local() const {
  SocketAddress address;
  if (::getsockname(descriptor_, address.pointer(), &address.size) != 0) {
    return std::unexpected(system_error(ErrorCode::internal, "getsockname", errno));
  }
  return address.endpoint();
}

namespace {

enum class Sharing : std::uint8_t { with_others, alone };

// A socket that is bound to the endpoint.
Result<Socket> bound_to(Endpoint endpoint, Sharing sharing) {
  const SocketAddress address(endpoint);
  const auto failed = [&](int number) {
    const ErrorCode code = number == EADDRINUSE ? ErrorCode::conflict
                           : number == EACCES   ? ErrorCode::denied
                                                : ErrorCode::unavailable;
    Error error = system_error(code, fmt::format("cannot listen on {}", endpoint.text()), number);
    if (number == EACCES && endpoint.port < 1024)
      error.text += "; a port below 1024 needs the capability CAP_NET_BIND_SERVICE (docs/operations.md)";
    return std::unexpected(std::move(error));
  };
  Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return failed(errno);
  const int descriptor = socket.descriptor();
  const int one = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (sharing == Sharing::with_others) ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);  // the accepted ones inherit it
  if (address.storage.ss_family == AF_INET6) {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  }
  if (::bind(descriptor, address.pointer(), address.size) != 0) return failed(errno);
  return socket;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, Endpoint endpoint, ListenOptions options) {
  GATEHOUSE_TRY(Socket socket, bound_to(endpoint, Sharing::with_others));
  if (::listen(socket.descriptor(), options.backlog) != 0) {
    return std::unexpected(
        system_error(ErrorCode::unavailable, fmt::format("cannot listen on {}", endpoint.text()), errno));
  }
  GATEHOUSE_TRY(const Endpoint local, socket.local());
  return std::make_unique<Listener>(loop, std::move(socket), local);
}

// Where a socket listens, another one is bound there only if both share the port (socket(7), SO_REUSEPORT).
Result<> Listener::find_free(Endpoint endpoint) {
  if (endpoint.port == 0) return {};
  GATEHOUSE_CHECK(bound_to(endpoint, Sharing::alone));
  return {};
}

Listener::Listener(Loop& loop, Socket socket, Endpoint endpoint)
    : loop_(loop), socket_(std::move(socket)), endpoint_(endpoint) {
  loop_.watch(socket_.descriptor(), *this);
}

Listener::~Listener() {
  if (waiting_ != nullptr) waiting_->listener_ = nullptr;
  if (socket_) loop_.unwatch(socket_.descriptor(), *this);
}

void Listener::close() {
  closing_ = true;
  readable_ = true;
  loop_.defer(*this);
}

void Listener::on_events(std::uint32_t) {
  readable_ = true;
  attempt();
}

void Listener::attempt() {
  if (waiting_ == nullptr) return;
  waiting_->result_ = try_accept();
  if (waiting_->result_) std::exchange(waiting_, nullptr)->handle_.resume();
}

std::optional<Result<Accepted>> Listener::try_accept() {
  while (socket_ && readable_) {
    SocketAddress peer;
    const int descriptor =
        ::accept4(socket_.descriptor(), peer.pointer(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) return Accepted{Socket(descriptor), peer.endpoint()};
    switch (errno) {
      case EAGAIN: readable_ = false; break;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: return std::unexpected(system_error(ErrorCode::unavailable, "accept", errno, Retry::yes));
      case EINTR:
      case ECONNABORTED:
      case EPERM:
      case ENETDOWN:  // here and below: this connection died while it waited (accept(2), "Error handling")
      case EPROTO:
      case ENOPROTOOPT:
      case EHOSTDOWN:
      case ENONET:
      case EHOSTUNREACH:
      case EOPNOTSUPP:
      case ENETUNREACH: break;
      default: return std::unexpected(system_error(ErrorCode::internal, "accept", errno));
    }
  }
  if (!closing_) return std::nullopt;
  if (socket_) {
    loop_.unwatch(socket_.descriptor(), *this);
    socket_ = Socket();
  }
  return failure(ErrorCode::cancelled, "the listener was closed");
}

}  // namespace gatehouse::net
