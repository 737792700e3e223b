#include "app/service.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>

#include "app/catalogue.h"
#include "app/descriptors.h"
#include "app/listening.h"
#include "gate/respond.h"

namespace gatehouse::app {
namespace {

// A session ticket's key lives as long as its context: once a day there is a new one.
constexpr std::chrono::hours kTlsLifetime{24};

Result<std::shared_ptr<const server::Serving>> make_serving(std::shared_ptr<const policy::PolicySet> policy,
                                                            std::shared_ptr<const server::Listening> listening,
                                                            World& world, net::Loop& loop, AuditSink& audit) {
  auto serving = std::make_shared<server::Serving>();
  serving->fixed_fields = gate::fixed_fields(policy->settings, gate::Transport::tls);
  serving->plain_fields = gate::fixed_fields(policy->settings, gate::Transport::plain);
  serving->listening = std::move(listening);
  GATEHOUSE_TRY(auto parts, assemble(std::move(policy), world, loop));
  serving->runner = std::make_shared<gate::Runner>(std::move(parts), world.limiter, audit, world.clock);
  return serving;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::start(std::shared_ptr<const policy::PolicySet> policy) {
  GATEHOUSE_TRY(auto world, World::make(*policy));
  GATEHOUSE_CHECK(prepare(*policy, *world));
  std::unique_ptr<Service> service(new Service(std::move(world)));
  GATEHOUSE_CHECK(service->launch(std::move(policy)));
  return service;
}

Service::~Service() {
  if (group_) {
    group_->stop();
    group_->join();
  }
}

Result<> Service::launch(std::shared_ptr<const policy::PolicySet> policy) {
  raise_descriptor_limit();
  GATEHOUSE_TRY(listening_, make_listening(policy->settings));
  certificate_state_ = state_of_certificates(policy->settings);
  world_->shared.bodies.bound(policy->settings.memory_bodies.bytes);
  tls_made_ = world_->clock.monotonic();
  policy_ = policy;
  const std::size_t count = worker_count(policy->settings);
  workers_.resize(count);
  std::vector<Result<>> started(count);
  group_ = std::make_unique<net::WorkerGroup>(
      world_->clock, count, net::Pinning::none,
      [&](net::Loop& loop, std::size_t index) -> std::shared_ptr<void> {
        const auto begin = [&]() -> Result<std::shared_ptr<server::Worker>> {
          auto audit = world_->journal->worker(loop.mailbox());
          GATEHOUSE_TRY(auto serving, make_serving(policy, listening_, *world_, loop, *audit));
          auto worker =
              std::make_shared<server::Worker>(loop, world_->shared, std::move(audit), std::move(serving));
          GATEHOUSE_CHECK(worker->listen(policy->settings.listen));
          if (index == 0 && policy->settings.listen.admin) {
            GATEHOUSE_CHECK(worker->listen_admin(*policy->settings.listen.admin,
                                                 [this](std::string& out) { world_->render_metrics(out); }));
          }
          return worker;
        };
        auto worker = begin();
        if (!worker) {
          started[index] = std::unexpected(worker.error());
          return nullptr;
        }
        workers_[index] = worker->get();
        return *std::move(worker);
      });
  for (const Result<>& one : started) {
    if (!one) return one;
  }
  world_->shared.state = server::State::serving;
  return {};
}

Result<> Service::reload(const std::shared_ptr<const policy::PolicySet>& policy) {
  GATEHOUSE_CHECK(prepare(*policy, *world_));
  GATEHOUSE_TRY(auto listening, make_listening(policy->settings));
  listening_ = std::move(listening);
  certificate_state_ = state_of_certificates(policy->settings);
  tls_made_ = world_->clock.monotonic();
  return install(policy);
}

Result<> Service::install(const std::shared_ptr<const policy::PolicySet>& policy) {
  std::vector<std::promise<Result<>>> done(workers_.size());
  group_->post_all([&, policy, listening = listening_](net::Loop& loop, std::size_t index) {
    auto serving = make_serving(policy, listening, *world_, loop, workers_[index]->audit());
    if (!serving) return done[index].set_value(std::unexpected(std::move(serving).error()));
    workers_[index]->reload(*std::move(serving));
    done[index].set_value({});
  });
  Result<> result;
  for (std::promise<Result<>>& one : done) {
    if (auto outcome = one.get_future().get(); !outcome) result = outcome;
  }
  if (result) {
    policy_ = policy;
    world_->shared.bodies.bound(policy->settings.memory_bodies.bytes);
  }
  return result;
}

void Service::watch_certificates() {
  std::string state = state_of_certificates(policy_->settings);
  const bool changed = state != certificate_state_;
  if (!changed && world_->clock.monotonic() - tls_made_ < kTlsLifetime) return;
  certificate_state_ = std::move(state);
  tls_made_ = world_->clock.monotonic();
  auto listening = make_listening(policy_->settings);
  if (!listening) {
    // Half of a pair may have been written: the old one stays until both fit.
    tell_operator(fmt::format("the changed certificate is not taken up: {}", listening.error().text));
    return;
  }
  listening_ = *std::move(listening);
  group_->post_all([listening = listening_, this](net::Loop&, std::size_t index) {
    auto serving = std::make_shared<server::Serving>(*workers_[index]->serving());
    serving->listening = listening;
    workers_[index]->reload(std::move(serving));
  });
  if (changed) tell_operator("the changed certificate is in use");
}

void Service::drain() {
  world_->shared.state = server::State::draining;
  std::vector<std::promise<void>> done(workers_.size());
  group_->post_all([&](net::Loop&, std::size_t index) {
    workers_[index]->drain([&done, index] { done[index].set_value(); });
  });
  for (std::promise<void>& one : done) one.get_future().get();
  group_->stop();
  group_->join();
}

}  // namespace gatehouse::app
