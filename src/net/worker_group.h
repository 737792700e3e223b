// WorkerGroup: one thread with one loop for each core.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "net/loop.h"

namespace gatehouse::net {

enum class Pinning : std::uint8_t { none, one_core_each };

class WorkerGroup {
 public:
  // Runs on each worker's thread before its loop turns. Its result is destroyed on that thread after the loop
  // has stopped, before the loop itself is destroyed. It must not throw.
  using Start = std::function<std::shared_ptr<void>(Loop& loop, std::size_t worker)>;

  // Returns when every worker has started.
  WorkerGroup(const Clock& clock, std::size_t workers, Pinning pinning, Start start);
  // stop() and join().
  ~WorkerGroup();
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;

  std::size_t size() const;
  // Valid as long as the group; other threads may only post() and stop().
  Loop& loop(std::size_t worker);
  // Runs a copy of `message` on every worker.
  void post_all(const std::function<void(Loop& loop, std::size_t worker)>& message);

  void stop();  // from any thread: the loops return
  void join();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::net
