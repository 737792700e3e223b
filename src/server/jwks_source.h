// The keys of token issuers: read from a file, or fetched from a URL by a thread of its own. A request never
// waits for every fetch: the keys at hand decide, also while the issuer is down, and only a token whose key
// is not known asks for a fetch, no more often than the spacing says.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "gate/scheme_jwt.h"

namespace gatehouse::server {

struct JwksSchedule {
  std::chrono::milliseconds every{std::chrono::minutes(10)};  // between fetches that went well
  std::chrono::milliseconds after_failure{std::chrono::seconds(10)};
  std::chrono::milliseconds spacing{std::chrono::seconds(5)};  // between fetches that tokens asked for
};

class JwksSource final : public gate::KeySource {
 public:
  using Fetch = std::function<Result<std::string>()>;  // a JWK Set's text; called on the source's thread
  // What an operator hears: a failure, or keys that were left out. From the source's thread.
  using Tell = std::function<void(std::string_view)>;

  JwksSource(std::string name, Fetch fetch, JwksSchedule schedule, Tell tell);
  ~JwksSource() override;

  std::shared_ptr<const crypto::KeySet> keys() const override;
  std::uint64_t version() const override { return version_.load(std::memory_order_acquire); }
  bool refresh() override;
  net::Task<void> settled(net::Loop& loop, MonotonicTime deadline) override;

  // Returns after the first fetch, with its error where it failed.
  Result<> first_fetch();

 private:
  void run();
  void fetch_once(std::unique_lock<std::mutex>& lock);

  const std::string name_;
  const Fetch fetch_;
  const JwksSchedule schedule_;
  const Tell tell_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const crypto::KeySet> keys_;
  std::atomic<std::uint64_t> version_{0};
  Result<> last_ = failure(ErrorCode::unavailable, "not fetched yet");
  std::uint64_t fetches_ = 0;  // that have ended
  bool wanted_ = false;
  bool fetching_ = false;
  bool stop_ = false;
  std::chrono::steady_clock::time_point last_ended_{};
  std::thread thread_;
};

// What `jwks` says in the configuration: `file:PATH`, or a URL (with the authorities of `ca_file`, or the
// system's). TLS is verified, redirects are not followed, and the answer is at most 1 MiB.
JwksSource::Fetch jwks_fetch(const std::string& where, const std::string& ca_file);
JwksSchedule jwks_schedule(const std::string& where);

}  // namespace gatehouse::server
