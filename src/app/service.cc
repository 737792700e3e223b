#include "app/service.h"

#include <algorithm>
#include <future>
#include <thread>

#include <fmt/format.h>

#include "app/catalogue.h"
#include "gate/respond.h"

namespace gatehouse::app {
namespace {

// A session ticket's key lives as long as its context: once a day there is a new one.
constexpr std::chrono::hours kTlsLifetime{24};

Result<std::shared_ptr<const net::ServerTls>> make_tls(const policy::PolicySet& policy) {
  const policy::Tls& tls = policy.settings.tls;
  net::ServerTlsOptions options;
  GATEHOUSE_TRY(options.certificate_pem, read_whole(tls.certificate.value));
  GATEHOUSE_TRY(auto key, read_whole(tls.private_key.value));
  options.private_key_pem = Secret<std::string>(std::move(key));
  options.minimum =
      tls.minimum == policy::TlsMinimum::tls_1_3 ? net::TlsVersion::tls_1_3 : net::TlsVersion::tls_1_2;
  if (!tls.client_ca.value.empty()) {
    GATEHOUSE_TRY(options.client_ca_pem, read_whole(tls.client_ca.value));
    // Asked for, not demanded: which operations need a certificate is the policy's to say.
    options.client_certificates = net::ClientCertificates::request;
  }
  auto made = net::ServerTls::make(options);
  if (!made)
    made.error().text =
        fmt::format("{} and {}: {}", tls.certificate.value, tls.private_key.value, made.error().text);
  return made;
}

// Changes when one of the files does.
std::string state_of_certificates(const policy::Tls& tls) {
  std::string state;
  for (const std::string& path : {tls.certificate.value, tls.private_key.value, tls.client_ca.value}) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(path, error);
    const auto size = error ? 0 : std::filesystem::file_size(path, error);
    state += fmt::format("{}:{}:{};", error.value(), error ? 0 : time.time_since_epoch().count(), size);
  }
  return state;
}

Result<std::shared_ptr<const server::Serving>> make_serving(std::shared_ptr<const policy::PolicySet> policy,
                                                            std::shared_ptr<const net::ServerTls> tls,
                                                            World& world, net::Loop& loop, AuditSink& audit) {
  auto serving = std::make_shared<server::Serving>();
  serving->fixed_fields = gate::fixed_fields(policy->settings);
  serving->tls = std::move(tls);
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
  GATEHOUSE_TRY(tls_, make_tls(*policy));
  certificate_state_ = state_of_certificates(policy->settings.tls);
  tls_made_ = world_->clock.monotonic();
  policy_ = policy;
  const std::size_t count = policy->settings.workers != 0 ? policy->settings.workers
                                                          : std::max(1U, std::thread::hardware_concurrency());
  workers_.resize(count);
  std::vector<Result<>> started(count);
  group_ = std::make_unique<net::WorkerGroup>(
      world_->clock, count, net::Pinning::none,
      [&](net::Loop& loop, std::size_t index) -> std::shared_ptr<void> {
        const auto begin = [&]() -> Result<std::shared_ptr<server::Worker>> {
          auto audit = world_->journal->worker(loop.mailbox());
          GATEHOUSE_TRY(auto serving, make_serving(policy, tls_, *world_, loop, *audit));
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
  GATEHOUSE_TRY(auto tls, make_tls(*policy));
  tls_ = std::move(tls);
  certificate_state_ = state_of_certificates(policy->settings.tls);
  tls_made_ = world_->clock.monotonic();
  return install(policy);
}

Result<> Service::install(const std::shared_ptr<const policy::PolicySet>& policy) {
  std::vector<std::promise<Result<>>> done(workers_.size());
  group_->post_all([&, policy, tls = tls_](net::Loop& loop, std::size_t index) {
    auto serving = make_serving(policy, tls, *world_, loop, workers_[index]->audit());
    if (!serving) return done[index].set_value(std::unexpected(std::move(serving).error()));
    workers_[index]->reload(*std::move(serving));
    done[index].set_value({});
  });
  Result<> result;
  for (std::promise<Result<>>& one : done) {
    if (auto outcome = one.get_future().get(); !outcome) result = outcome;
  }
  if (result) policy_ = policy;
  return result;
}

void Service::watch_certificates() {
  std::string state = state_of_certificates(policy_->settings.tls);
  const bool changed = state != certificate_state_;
  if (!changed && world_->clock.monotonic() - tls_made_ < kTlsLifetime) return;
  certificate_state_ = std::move(state);
  tls_made_ = world_->clock.monotonic();
  auto tls = make_tls(*policy_);
  if (!tls) {
    // Half of a pair may have been written: the old one stays until both fit.
    tell_operator(fmt::format("the changed certificate is not taken up: {}", tls.error().text));
    return;
  }
  tls_ = *std::move(tls);
  group_->post_all([tls = tls_, this](net::Loop&, std::size_t index) {
    auto serving = std::make_shared<server::Serving>(*workers_[index]->serving());
    serving->tls = tls;
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
