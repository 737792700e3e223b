// The data that a worker passes to the writer, and the interface of a sink.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace gatehouse::audit {

// The position of a line in a batch, and its search keys.
struct LineFacts {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;  // with its line feed
  WallTime time{};
  std::array<char, 36> id{};
  std::uint8_t id_size = 0;

  std::string_view request_id() const { return {id.data(), id_size}; }
};

// The answer of an upstream that was withheld.
struct Original {
  std::string request_id;
  WallTime time{};
  unsigned status = 0;
  std::string head;
  std::string body;
};

enum class Durable : std::uint8_t {
  later,  // whenever the system gets to it
  now,    // on the disk when write() returns
};

struct Batch {
  Durable durable = Durable::later;  // the strictest request of its events
  std::string lines;                 // whole lines, one after another
  std::vector<LineFacts> facts;      // of each line; none where they come from the store
  std::vector<Original> originals;
  std::size_t original_bytes = 0;

  bool empty() const { return facts.empty() && originals.empty(); }
  std::size_t bytes() const { return lines.size() + original_bytes; }
  std::string_view line(const LineFacts& of) const {
    return std::string_view(lines).substr(of.offset, of.size);
  }
  void clear() {
    durable = Durable::later;
    lines.clear();
    facts.clear();
    originals.clear();
    original_bytes = 0;
  }
};

// How a sink that works on its own does. All zero for one that is done when write() returns.
struct SinkState {
  std::size_t pending_bytes = 0;
  std::uint64_t lost = 0;  // events that are left out
  bool stalled = false;
  std::uint64_t used_bytes = 0;  // of a sink that lets the oldest go at `most_bytes`
  std::uint64_t most_bytes = 0;
};

// Where events end up. Used by the writer's thread only, but for state().
class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::string_view name() const = 0;
  // Whether Durable::now holds here.
  virtual bool can_be_durable() const = 0;
  // All of the batch. After a failure it is called with the same batch again, and nothing is written twice.
  virtual Result<> write(const Batch& batch, Durable durable) = 0;
  // All written lines are on the disk when it returns, if the sink has a disk.
  virtual Result<> flush() { return {}; }
  // SIGHUP: the file may have been moved away.
  virtual Result<> reopen() { return {}; }
  // Called every few seconds: retention. Does a bounded piece of work.
  virtual Result<> tidy(WallTime) { return {}; }
  // From any thread.
  virtual SinkState state() const { return {}; }
};

}  // namespace gatehouse::audit
