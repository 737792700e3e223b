#include "app/service.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/descriptors.h"
#include "app/listening.h"
#include "app/restart.h"
#include "app/two_steps.h"
#include "base/siphash.h"
#include "core/instructions.h"
#include "db/file_locks.h"
#include "net/socket.h"
#include "store/instruction_service.h"

namespace gatehouse::app {
namespace {

// A session ticket's key lives as long as its context: once a day there is a new one.
constexpr std::chrono::hours kTlsLifetime{24};
constexpr std::chrono::seconds kHalfOfAPair{2};  // in which a renewal writes the other half
constexpr std::chrono::seconds kTakeOver{30};    // between two looks

// A second server with the same addresses would take a part of the connections, without a word. The locks on
// the store's file keep two starts at once apart; they last as long as the process.
Result<> find_free(const policy::Settings& settings) {
  if (settings.listen.shared) return {};
  constexpr std::size_t kFirstPlace = std::size_t{1} << 49U;  // behind those of store/key_maker.h
  GATEHOUSE_TRY(db::FileLocks* const locks, db::FileLocks::of(settings.store));
  for (const auto& one : {settings.listen.https, settings.listen.http, settings.listen.admin}) {
    if (!one || one->port == 0) continue;
    const net::Endpoint endpoint{one->address, one->port};
    const std::uint64_t place = TableHash(SipKey{}).finish(endpoint.text()).low % (std::uint64_t{1} << 40U);
    const auto taken = [&] {
      return failure(
          ErrorCode::conflict,
          fmt::format("another server listens on {}; stop it first, or, for processes that share the "
                      "connections, write `listen: {{shared: true}}` for all of them",
                      endpoint.text()));
    };
    GATEHOUSE_TRY(const bool locked, locks->lock(kFirstPlace + static_cast<std::size_t>(place)));
    if (!locked) return taken();
    const Result<> free = net::Listener::find_free(endpoint);
    if (!free && free.error().code == ErrorCode::conflict) return taken();
    GATEHOUSE_CHECK(free);
  }
  return {};
}

}  // namespace

// One policy on one worker.
struct Service::Installation {
  std::shared_ptr<const server::Serving> serving;
  UpstreamWays ways;

  static Result<Installation> make(const SharedParts& shared,
                                   std::shared_ptr<const server::Listening> listening,
                                   const UpstreamWays& kept, ProcessResources& resources, net::Loop& loop,
                                   AuditSink& audit) {
    auto serving = std::make_shared<server::Serving>();
    serving->listening = std::move(listening);
    serving->revocations = shared.revocations;
    GATEHOUSE_TRY(WorkerParts made, assemble(shared, kept, resources, loop));
    serving->runner =
        std::make_shared<gate::Runner>(std::move(made.parts), resources.limiter, audit, resources.clock);
    return Installation{std::move(serving), std::move(made.ways)};
  }
};

// The objects that belong to one worker's thread, and are used and destroyed there.
struct Service::WorkerSlot {
  UpstreamWays ways;
  std::unique_ptr<server::Worker> worker;
};

Result<std::unique_ptr<Service>> Service::start(std::shared_ptr<const policy::PolicySet> policy) {
  GATEHOUSE_TRY(auto resources, ProcessResources::make(*policy));
  GATEHOUSE_TRY(const SharedParts shared, prepare(policy, *resources));
  std::unique_ptr<Service> service(new Service(std::move(resources)));
  GATEHOUSE_CHECK(service->launch(shared));
  return service;
}

Service::~Service() {
  if (group_) {
    group_->stop();
    group_->join();
  }
}

Result<> Service::launch(const SharedParts& shared) {
  const std::shared_ptr<const policy::PolicySet>& policy = shared.policy;
  raise_descriptor_limit();
  GATEHOUSE_TRY(listening_, make_listening(policy->settings));
  certificate_state_ = state_of_certificates(policy->settings);
  resources_->shared.bodies->bound(policy->settings.memory_bodies.bytes);
  tls_made_ = resources_->clock.monotonic();
  policy_ = policy;
  revocations_ = shared.revocations;
  GATEHOUSE_CHECK(find_free(policy->settings));
  const std::size_t count = worker_count(policy->settings);
  slots_.resize(count);
  std::vector<Result<>> started(count);
  group_ = std::make_unique<net::WorkerGroup>(
      resources_->clock, count, net::Pinning::none,
      [&](net::Loop& loop, std::size_t index) -> std::shared_ptr<void> {
        const auto begin = [&]() -> Result<std::shared_ptr<WorkerSlot>> {
          auto audit = resources_->journal->worker(&loop);
          GATEHOUSE_TRY(Installation first,
                        Installation::make(shared, listening_, {}, *resources_, loop, *audit));
          auto slot = std::make_shared<WorkerSlot>();
          slot->ways = std::move(first.ways);
          slot->worker = std::make_unique<server::Worker>(loop, resources_->shared, std::move(audit),
                                                          std::move(first.serving));
          server::RenderMetrics metrics;
          if (index == 0) metrics = [this](std::string& out) { resources_->render_metrics(out); };
          GATEHOUSE_CHECK(slot->worker->listen(std::move(metrics)));
          return slot;
        };
        auto slot = begin();
        if (!slot) {
          started[index] = std::unexpected(slot.error());
          return nullptr;
        }
        slots_[index] = slot->get();
        return *std::move(slot);
      });
  for (const Result<>& one : started) {
    if (!one) return one;
  }
  resources_->shared.state = server::State::serving;
  return {};
}

Result<> Service::reload(const std::shared_ptr<const policy::PolicySet>& policy) {
  if (const auto changed = changed_until_restart(policy_->settings, policy->settings); !changed.empty()) {
    return failure(ErrorCode::invalid, fmt::format("`{}` {} only with a restart", fmt::join(changed, "`, `"),
                                                   changed.size() == 1 ? "changes" : "change"));
  }
  GATEHOUSE_TRY(const SharedParts shared, prepare(policy, *resources_));
  GATEHOUSE_CHECK(resources_->issuers.fetch_anew(*policy));
  const std::string state = state_of_certificates(policy->settings);
  GATEHOUSE_TRY(auto listening, make_listening(policy->settings));
  GATEHOUSE_CHECK(install(shared, listening));
  listening_ = std::move(listening);
  certificate_state_ = state;
  tls_made_ = resources_->clock.monotonic();
  policy_ = policy;
  resources_->shared.bodies->bound(policy->settings.memory_bodies.bytes);
  if (revocations_) earlier_revocations_.emplace_back(revocations_);
  revocations_ = shared.revocations;
  resources_->issuers.retire_others(*policy);
  return {};
}

Result<> Service::install(const SharedParts& shared,
                          const std::shared_ptr<const server::Listening>& listening) {
  return in_two_steps<Installation>(
      *group_,
      [&](net::Loop& loop, std::size_t worker) {
        const WorkerSlot& slot = *slots_[worker];
        return Installation::make(shared, listening, slot.ways, *resources_, loop, slot.worker->audit());
      },
      [&](std::size_t worker, Installation made) {
        slots_[worker]->worker->reload(std::move(made.serving));
        slots_[worker]->ways = std::move(made.ways);
      });
}

void Service::watch_certificates() {
  if (revocations_) {
    if (const auto looked = revocations_->look(); !looked) {
      tell_operator(fmt::format("the changed revocation list is not used: {}", looked.error().text));
    }
  }
  std::erase_if(earlier_revocations_, [](const std::weak_ptr<RevocationFile>& earlier) {
    const std::shared_ptr<RevocationFile> file = earlier.lock();
    if (file) (void)file->look();  // where it fails, the lists end by themselves
    return !file;
  });
  std::string state = state_of_certificates(policy_->settings);
  const bool changed = state != certificate_state_;
  if (!changed && resources_->clock.monotonic() - tls_made_ < kTlsLifetime) return;
  const MonotonicTime now = resources_->clock.monotonic();
  auto listening = make_listening(policy_->settings);
  if (!listening) {
    // Half of a pair may have been written: the old one stays until both fit. Only what stays so is told,
    // once.
    if (state != unfit_state_) {
      unfit_state_ = std::move(state);
      unfit_since_ = now;
      unfit_told_ = false;
    }
    if (unfit_told_ || now - unfit_since_ < kHalfOfAPair) return;
    unfit_told_ = true;
    tell_operator(fmt::format("the changed certificate is not used: {}", listening.error().text));
    return;
  }
  certificate_state_ = std::move(state);
  unfit_state_.clear();
  tls_made_ = now;
  listening_ = *std::move(listening);
  group_->post_all([listening = listening_, this](net::Loop&, std::size_t index) {
    server::Worker& worker = *slots_[index]->worker;
    auto serving = std::make_shared<server::Serving>(*worker.serving());
    serving->listening = listening;
    worker.reload(std::move(serving));
  });
  if (changed) tell_operator("the changed certificate is in use");
}

void Service::take_over() {
  if (resources_->clock.monotonic() - took_over_ < kTakeOver) return;
  resources_->record_left_changes();
  took_over_ = resources_->clock.monotonic();
}

std::string Service::asked_reload() const {
  const auto now = resources_->instructions->current();
  return now ? std::string(now->reload()) : std::string();
}

void Service::report_reload(store::ReloadOutcome outcome) { resources_->report_reload(std::move(outcome)); }

std::chrono::nanoseconds Service::announce_drain() {
  resources_->shared.state = server::State::draining;
  return policy_->settings.listen.drain;
}

void Service::drain() {
  resources_->shared.state = server::State::draining;
  std::vector<std::promise<void>> done(slots_.size());
  group_->post_all([&](net::Loop&, std::size_t index) {
    slots_[index]->worker->drain([&done, index] { done[index].set_value(); });
  });
  for (std::promise<void>& one : done) one.get_future().get();
  group_->stop();
  group_->join();
}

}  // namespace gatehouse::app
