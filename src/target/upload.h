// A request's body that goes on to an upstream as it comes.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/target.h"
#include "net/stream.h"
#include "net/task.h"

namespace gatehouse::target {

enum class UploadEnd : std::uint8_t {
  sent,       // all of it
  not_taken,  // the upstream has closed the connection, or taken nothing for too long: it may have answered
};

// Behind the request's head, with the framing that write_upstream_head() announces. The upstream may take
// nothing for as long as `patience`. Where the body is refused half-way, what was sent has no end: the
// connection must not be used again.
net::Task<Verdict<UploadEnd>> send_upload(net::Stream& upstream, RequestStream& upload,
                                          std::chrono::nanoseconds patience);

}  // namespace gatehouse::target
