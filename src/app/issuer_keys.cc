#include "app/issuer_keys.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "server/jwks_fetch.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t kReportsWaiting = 64;

bool is_key_file(const policy::JwtSettings& jwt) { return jwt.jwks.value.starts_with("file:"); }

std::string source_key(const policy::JwtSettings& jwt) {
  return fmt::format("{}\n{}\n{}", jwt.jwks.value, jwt.jwks_ca.value, jwt.stale.count());
}

// A file that cannot be read is a mistake of this moment; an issuer that is down may come back.
Result<> named_failure(const std::string& authenticator, const Result<>& fetched) {
  if (fetched) return {};
  return failure(ErrorCode::invalid,
                 fmt::format("authenticators.{}: {}", authenticator, fetched.error().text));
}

}  // namespace

IssuerKeys::IssuerKeys(net::LoopThread& background, net::BlockingPool& threads, server::JwksSource::Tell tell)
    : background_(background), threads_(threads), tell_(std::move(tell)), teller_(1, kReportsWaiting) {}

IssuerKeys::~IssuerKeys() {
  for (const auto& [key, source] : sources_) source->end();
  for (const auto& source : retired_) source->end();
}

Result<std::shared_ptr<server::JwksSource>> IssuerKeys::of(const std::string& authenticator,
                                                           const policy::JwtSettings& jwt) {
  const std::lock_guard lock(mutex_);
  const std::string key = source_key(jwt);
  if (const auto known = sources_.find(key); known != sources_.end()) return known->second;
  auto source = std::make_shared<server::JwksSource>(
      authenticator, server::jwks_fetch(jwt.jwks.value, jwt.jwks_ca.value, threads_),
      server::jwks_schedule(jwt.jwks.value, jwt.stale),
      [this](const server::JwksSource::Report& report) {
        (void)teller_.submit([this, report] { tell_(report); });
      },
      background_);
  if (is_key_file(jwt)) GATEHOUSE_CHECK(named_failure(authenticator, source->first_fetch()));
  sources_.emplace(key, source);
  return source;
}

Result<> IssuerKeys::fetch_anew(const policy::PolicySet& policy) {
  for (const policy::AuthenticatorPolicy& authenticator : policy.authenticators) {
    const policy::JwtSettings* const jwt = authenticator.settings->jwt();
    if (jwt == nullptr) continue;
    GATEHOUSE_TRY(const auto source, of(authenticator.name, *jwt));
    if (is_key_file(*jwt)) {
      GATEHOUSE_CHECK(named_failure(authenticator.name, source->fetch_anew()));
    } else {
      source->fetch_soon();
    }
  }
  return {};
}

void IssuerKeys::retire_others(const policy::PolicySet& policy) {
  std::set<std::string> wanted;
  for (const policy::AuthenticatorPolicy& authenticator : policy.authenticators) {
    if (const policy::JwtSettings* const jwt = authenticator.settings->jwt()) wanted.insert(source_key(*jwt));
  }
  std::vector<std::shared_ptr<server::JwksSource>> ended;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  std::erase_if(sources_, [&](auto& one) {
    if (wanted.contains(one.first)) return false;
    one.second->retire();
    past_failures_ += one.second->failures();
    retired_.push_back(std::move(one.second));
    return true;
  });
  std::erase_if(retired_, [&](auto& one) {
    if (one.use_count() > 1) return false;
    ended.push_back(std::move(one));
    return true;
  });
}

std::uint64_t IssuerKeys::failures() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = past_failures_;
  for (const auto& [key, source] : sources_) sum += source->failures();
  return sum;
}

std::chrono::seconds IssuerKeys::oldest() const {
  const std::lock_guard lock(mutex_);
  std::chrono::seconds oldest{0};
  for (const auto& [key, source] : sources_) oldest = std::max(oldest, source->age());
  return oldest;
}

}  // namespace gatehouse::app
