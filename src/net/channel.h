// A non-blocking socket, and its state as of the last edge-triggered event.
#pragma once

#include <cstddef>
#include <span>

#include <sys/uio.h>

#include "net/socket.h"

namespace gatehouse::net {

struct Channel {
  static constexpr std::ptrdiff_t kBlocked = -1;  // not now: an event follows
  static constexpr std::ptrdiff_t kFailed = -2;   // `error` says why

  Socket socket;
  bool readable = true;  // recv may give something
  bool writable = true;
  bool ending = false;  // the peer's FIN is known to be in the queue, after the unread bytes
  bool ended = false;   // recv gave 0
  bool broken = false;  // recv failed
  int error = 0;        // of the call that failed first: nothing is sent any more

  // Bytes, 0 at the end, or one of the above. A read that did not fill `into` drained the socket: it is not
  // asked again before the next event, unless a FIN waits there, which gives no further event. What the peer
  // sent before it closed the connection can be read although nothing can be sent any more.
  std::ptrdiff_t receive(std::span<char> into);
  // Bytes, or one of the above. A partial send filled the socket.
  std::ptrdiff_t send(std::span<const iovec> parts);
  std::ptrdiff_t send(std::span<const char> bytes);
};

}  // namespace gatehouse::net
