// A request's body that goes on to an upstream as it comes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "client/exchange.h"
#include "core/target.h"
#include "http/malformed.h"
#include "net/task.h"

namespace gatehouse::target {

enum class UploadEnd : std::uint8_t {
  sent,       // all of it
  answered,   // the upstream has answered with a status from 300 on, which does not need the rest
  not_taken,  // the upstream has closed the connection, or taken nothing for too long: it may have answered
};

struct SentUpload {
  UploadEnd end = UploadEnd::sent;
  // Exchange::take_head(), if bytes of the answer came meanwhile.
  std::optional<Result<http::Progress>> head;
};

// Behind the request's head, with the framing that write_upstream_head() announces. The upstream may take
// nothing for as long as `patience`. It may answer before the end (RFC 9112 section 9.5); after a status
// below 300 it may still read the rest, which is sent. If the body is not sent whole, or is refused half-way,
// the connection must not be used again.
net::Task<Verdict<SentUpload>> send_upload(client::Exchange& exchange, RequestStream& upload,
                                           std::chrono::nanoseconds patience);

}  // namespace gatehouse::target
