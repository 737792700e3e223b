// The connection between one exchange and its client. HTTP/1.1 has one for each request of a connection
// (http1_carrier.h); a protocol with streams has one for each stream.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "gate/exchange.h"
#include "gate/validate.h"
#include "net/hang_up.h"
#include "net/task.h"
#include "net/tls.h"

namespace gatehouse::server {

// The facts that all exchanges of a connection share.
struct Client {
  gate::Peer peer;
  std::size_t listener = 0;                      // by which it came: its index
  std::shared_ptr<const net::ServerTls> shaken;  // of the handshake; null where there was none
  std::string certificate;                       // the memory of `peer.certificate`
};

class Carrier {
 public:
  virtual ~Carrier() = default;

  virtual const Client& client() const = 0;
  // Waits for the client no longer than `deadlines.body` says.
  virtual gate::BodyReader& body() = 0;
  // Of this exchange only, not of others on the connection.
  virtual net::HangUpSource& hang_up() = 0;

  // The answer: begin, pieces, end, each awaited before the next. A write ends when there is room for more,
  // and gives Error{timeout} if there is none by `deadline`. Only reset() may follow a failed one.
  //
  // The answer's head, with the beginning of its body. Unless that is the whole answer, pieces follow, and
  // end().
  virtual net::Task<Result<>> begin(const gate::Released& answer, std::string_view first,
                                    MonotonicTime deadline) = 0;
  virtual net::Task<Result<>> piece(std::string_view bytes, MonotonicTime deadline) = 0;
  virtual net::Task<Result<>> end(MonotonicTime deadline) = 0;

  // Ends the exchange so that the client sees a break: an incomplete answer must not look complete. Borrowed
  // objects (hang_up(), body()) must not be used any more.
  virtual void reset() = 0;
  // Waiting for the client, and work under net::cancellable() for it, ends with Error{timeout}.
  virtual void end_now() = 0;
};

}  // namespace gatehouse::server
