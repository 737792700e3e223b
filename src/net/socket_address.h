// The system's form of addresses and errors, inside this room.
#pragma once

#include <string_view>

#include <sys/socket.h>

#include "base/result.h"
#include "net/socket.h"

namespace gatehouse::net {

struct SocketAddress {
  SocketAddress() = default;
  explicit SocketAddress(const Endpoint& endpoint);
  Endpoint endpoint() const;

  sockaddr* pointer() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* pointer() const { return reinterpret_cast<const sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
};

// "what: the system's message for `number`"
Error system_error(ErrorCode code, std::string_view what, int number, Retry retry = Retry::no);

}  // namespace gatehouse::net
