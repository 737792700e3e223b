// One worker: a thread's loop, its listeners, and the policy it answers under.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/entropy.h"
#include "core/audit_sink.h"
#include "gate/exchange.h"
#include "gate/record.h"
#include "gate/runner.h"
#include "http/response_writer.h"
#include "http/served_names.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/stream.h"
#include "net/task_group.h"
#include "net/tls.h"
#include "server/drain_list.h"
#include "server/listener.h"
#include "server/shared.h"

namespace gatehouse {
class Instructions;
class InstructionView;
class PolicyChanges;
}  // namespace gatehouse

namespace gatehouse::gate {
class RevocationSource;
}

namespace gatehouse::server {

// The objects of a policy on one worker: replaced as a whole by a reload, kept by the exchanges that began
// with it.
struct Serving {
  std::shared_ptr<gate::Runner> runner;
  std::shared_ptr<const Listening> listening;
  std::shared_ptr<const gate::RevocationSource> revocations;  // null: the configuration names no lists
  const policy::Settings& settings() const { return runner->policy().settings; }
  // `index`: in the list, as the connection came by it.
  const ListenerPolicy& listener(std::size_t index) const { return listening->listeners[index]; }
};

class Worker {
 public:
  Worker(net::Loop& loop, Shared& shared, std::unique_ptr<AuditSink> audit,
         std::shared_ptr<const Serving> serving);
  ~Worker();

  // Opens the listeners that the configuration names; `metrics` is of the one worker that has the admin
  // listener, and null for the others.
  Result<> listen(RenderMetrics metrics);
  void reload(std::shared_ptr<const Serving> serving);
  std::shared_ptr<const PolicyChanges> changes() const;
  // Takes no new connections, ends idle ones after a moment and the others with their answer. `done` is
  // called when the last has gone or the drain timeout has passed.
  void drain(std::function<void()> done);

  // For connections.
  net::Loop& loop() { return loop_; }
  Shared& shared() { return shared_; }
  AuditSink& audit() { return *audit_; }
  Entropy& entropy() { return entropy_; }
  const std::shared_ptr<const Serving>& serving() const { return serving_; }
  // Null where no request depends on one. Valid until the next call.
  const std::shared_ptr<const Instructions>& instructions();
  bool draining() const { return draining_; }
  // Connections that wait for a request, and exchanges that are under way.
  DrainList<net::Stream>& idle() { return idle_; }
  DrainList<net::HangUpSource>& working() { return working_; }
  // When an exchange that begins now has to end: a drain's end, or never.
  MonotonicTime work_ends() const { return work_ends_; }
  const RenderMetrics& metrics() const { return metrics_; }
  // Serves a connection that came by the listener. A bug ends it, and not the process.
  void add_connection(std::size_t listener, net::Accepted accepted);
  // The same for a stream without a handshake: for tests, and for streams that are encrypted elsewhere.
  void add_stream(std::size_t listener, net::StreamPtr stream);
  // Of clients: a drain waits for their end.
  std::size_t open_connections() const { return connections_.running(); }
  // A place for a connection among those that the listener may have open, where one is free; else it is
  // recorded that none is. `counted`: under its address too.
  enum class Count : std::uint8_t { in_all, with_address };
  std::optional<ConnectionCounts::Ticket> place_for(const ListenerPolicy& listener, const IpAddress& client,
                                                    Count count);
  std::string_view date_line() { return date_.at(shared_.clock.wall()); }
  gate::EventBuilder& events() { return events_; }

  // The event of a connection that brought no request, or not a whole one.
  // `credential_id`: of a key that was shown, where one was.
  void record_connection(const IpAddress& client, Reason reason, std::string_view detail,
                         std::string_view credential_id = {});

  std::unique_ptr<gate::Exchange> take_exchange();
  void give_back(std::unique_ptr<gate::Exchange> exchange);
  // A read buffer of kBuffer bytes; given back while a connection is idle.
  static constexpr std::size_t kBuffer = std::size_t{16} << 10U;
  std::unique_ptr<char[]> take_buffer();
  void give_back(std::unique_ptr<char[]> buffer);

 private:
  struct OpenListener {
    ListenerKind kind;
    std::unique_ptr<net::Listener> socket;
  };
  void add(ListenerKind kind, net::Task<void> serving, const IpAddress& client);
  net::Task<void> accept_loop(net::Listener& socket, std::size_t listener);
  net::Task<void> drain_task(std::function<void()> done);

  net::Loop& loop_;
  Shared& shared_;
  std::unique_ptr<AuditSink> audit_;
  SystemEntropy entropy_;
  std::shared_ptr<const Serving> serving_;
  std::unique_ptr<InstructionView> instructions_;
  const std::shared_ptr<PolicyChanges> changes_;
  std::vector<OpenListener> listeners_;
  RenderMetrics metrics_;
  DrainList<net::Stream> idle_;
  DrainList<net::HangUpSource> working_;
  http::DateLine date_;
  gate::EventBuilder events_;
  std::vector<std::unique_ptr<gate::Exchange>> exchanges_;
  std::vector<std::unique_ptr<char[]>> buffers_;
  bool draining_ = false;
  MonotonicTime work_ends_ = MonotonicTime::max();
  // Destroyed before the members that they use.
  net::TaskGroup background_;   // accepts and drains
  net::TaskGroup admin_;        // its connections
  net::TaskGroup connections_;  // of clients
};

}  // namespace gatehouse::server
