// A running server: starts workers under a policy, reloads it without dropping a request, and drains.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/assembly.h"
#include "app/process_resources.h"
#include "base/result.h"
#include "net/worker_group.h"
#include "server/worker.h"

namespace gatehouse::store {
struct ReloadOutcome;
}

namespace gatehouse::app {

class Service {
 public:
  // Listens when it returns.
  static Result<std::unique_ptr<Service>> start(std::shared_ptr<const policy::PolicySet> policy);
  ~Service();

  // New connections and requests use the new policy; current ones end under the old one. On an error
  // everything is unchanged. A changed setting that needs a restart (restart.h) is an error that names it.
  Result<> reload(const std::shared_ptr<const policy::PolicySet>& policy);
  // Looks whether certificate files have changed, and takes them up; also renews the keys of session tickets.
  void watch_certificates();
  // Now and then: what processes that ended left to others.
  void take_over();
  // The id of the last reload that a command asked for; empty: none.
  std::string asked_reload() const;
  // Tells the waiting command what became of it, and remembers it for metrics.
  void report_reload(store::ReloadOutcome outcome);
  // What the next reload changes.
  const policy::PolicySet& policy() const { return *policy_; }
  // Sinks open their files again.
  void reopen_logs() { resources_->journal->reopen(); }
  // Health checks say `draining` from now on. How long they do before drain() closes the listeners.
  std::chrono::nanoseconds announce_drain();
  // Takes no new connections, and returns when the last answer has left or the drain deadline has passed.
  void drain();

 private:
  explicit Service(std::unique_ptr<ProcessResources> resources) : resources_(std::move(resources)) {}
  struct Installation;
  struct WorkerSlot;
  Result<> launch(const SharedParts& shared);
  Result<> install(const SharedParts& shared, const std::shared_ptr<const server::Listening>& listening);

  std::unique_ptr<ProcessResources> resources_;
  std::shared_ptr<const policy::PolicySet> policy_;
  std::shared_ptr<const server::Listening> listening_;
  std::shared_ptr<RevocationFile> revocations_;  // null where the configuration names no list
  std::vector<std::weak_ptr<RevocationFile>> earlier_revocations_;  // of exchanges that began before a reload
  std::string certificate_state_;
  std::string unfit_state_;  // of files that make no pair; empty: they do
  MonotonicTime unfit_since_{};
  bool unfit_told_ = false;
  MonotonicTime tls_made_{};
  MonotonicTime took_over_{};
  std::vector<WorkerSlot*> slots_;  // each used on its own thread only
  std::unique_ptr<net::WorkerGroup> group_;
};

}  // namespace gatehouse::app
