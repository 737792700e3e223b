#include "net/channel.h"

#include <cerrno>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "net/sanitized.h"

namespace gatehouse::net {
namespace {

// recv(2) and send(2). The library's functions are cancellation points: entering and leaving one costs two
// atomic exchanges, and no thread here is ever cancelled.
ssize_t receive_now(int socket, std::span<char> into) {
#if GATEHOUSE_SANITIZED
  return ::recv(socket, into.data(), into.size(), 0);
#else
  return ::syscall(SYS_recvfrom, socket, into.data(), into.size(), 0, nullptr, nullptr);
#endif
}

ssize_t send_now(int socket, std::span<const char> bytes) {
#if GATEHOUSE_SANITIZED
  return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
#else
  return ::syscall(SYS_sendto, socket, bytes.data(), bytes.size(), MSG_NOSIGNAL, nullptr, 0);
#endif
}

// The meaning of a failed call, which it stores. The caller repeats after EINTR.
std::ptrdiff_t not_done(bool& able, int& error) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    able = false;
    return Channel::kBlocked;
  }
  if (error == 0) error = errno;
  return Channel::kFailed;
}

std::ptrdiff_t not_sent(Channel& channel) {
  const std::ptrdiff_t why = not_done(channel.writable, channel.error);
  if (why == Channel::kFailed) channel.readable = true;  // whatever was left there
  return why;
}

}  // namespace

std::ptrdiff_t Channel::receive(std::span<char> into) {
  if (ended) return 0;
  if (broken) return kFailed;
  if (!readable) return kBlocked;
  for (;;) {
    const ssize_t n = receive_now(socket.descriptor(), into);
    if (n > 0) {
      if (static_cast<std::size_t>(n) < into.size() && !ending) readable = false;
      return n;
    }
    if (n == 0) {
      ended = true;
      return 0;
    }
    if (errno == EINTR) continue;
    const std::ptrdiff_t why = not_done(readable, error);
    broken = why == kFailed;
    return why;
  }
}

std::ptrdiff_t Channel::send(std::span<const iovec> parts) {
  if (parts.size() == 1) return send({static_cast<const char*>(parts[0].iov_base), parts[0].iov_len});
  if (error != 0) return kFailed;
  if (!writable) return kBlocked;
  std::size_t wanted = 0;
  for (const iovec& part : parts) wanted += part.iov_len;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  for (;;) {
    const ssize_t n = ::sendmsg(socket.descriptor(), &message, MSG_NOSIGNAL);
    if (n >= 0) {
      if (static_cast<std::size_t>(n) < wanted) writable = false;
      return n;
    }
    if (errno != EINTR) return not_sent(*this);
  }
}

std::ptrdiff_t Channel::send(std::span<const char> bytes) {
  if (error != 0) return kFailed;
  if (!writable) return kBlocked;
  for (;;) {
    const ssize_t n = send_now(socket.descriptor(), bytes);
    if (n >= 0) {
      if (static_cast<std::size_t>(n) < bytes.size()) writable = false;
      return n;
    }
    if (errno != EINTR) return not_sent(*this);
  }
}

}  // namespace gatehouse::net
