// The source of a request's body, and a body that is forwarded before it has ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/caller_shares.h"
#include "core/identity.h"
#include "core/target.h"
#include "core/verdict.h"
#include "net/task.h"

namespace gatehouse::gate {

// Implemented by the connection. A body is read whole or in pieces, never both.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The whole body, at most `most` bytes; valid until the exchange ends. Refuses a body that is larger, late
  // or malformed, and sends `100 Continue` first if the client waits for it. `memory` grows by the body's
  // size; refuses if there is no room.
  virtual net::Task<Verdict<std::string_view>> read(std::uint64_t most, CallerShares::Lease& memory) = 0;
  // The next piece of a body of at most `most` bytes, as soon as it is there; valid until the next call, and
  // empty at the end. Refuses as read() does. `memory` grows by the size of a piece, once.
  virtual net::Task<Verdict<std::string_view>> next(std::uint64_t most, CallerShares::Lease& memory) = 0;
  // How many bytes of the body have arrived so far, whether it was asked for or not. Of one in chunks: that
  // were decoded.
  virtual std::uint64_t arrived_bytes() const = 0;
};

// A body that is forwarded as it arrives. Everything in `Of` outlives it.
class Upload final : public RequestStream {
 public:
  struct Of {
    BodyReader& body;
    CallerShares::Lease& memory;
    const Principal& principal;
    const Clock& clock;
    PresentPolicy* present;               // null: there are no reloads
    std::uint64_t most;                   // bytes
    std::optional<std::uint64_t> length;  // nothing: it comes in chunks
  };
  explicit Upload(const Of& of)
      : body_(&of.body),
        memory_(&of.memory),
        principal_(&of.principal),
        clock_(&of.clock),
        present_(of.present),
        most_(of.most),
        length_(of.length) {}

  std::optional<std::uint64_t> length() const override { return length_; }
  net::Task<Verdict<std::string_view>> next() override;
  // Reads the first piece, which next() then gives. false: the body has none.
  net::Task<Verdict<bool>> begin();

 private:
  BodyReader* body_;
  CallerShares::Lease* memory_;
  const Principal* principal_;
  const Clock* clock_;
  PresentPolicy* present_;
  std::uint64_t most_;
  std::optional<std::uint64_t> length_;
  std::optional<std::string_view> first_;
};

}  // namespace gatehouse::gate
