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
#include <vector>

#include "base/result.h"
#include "gate/scheme_jwt.h"
#include "net/notifier.h"

namespace gatehouse::server {

struct JwksSchedule {
  std::chrono::milliseconds every{std::chrono::minutes(10)};  // between fetches that went well
  std::chrono::milliseconds after_failure{std::chrono::seconds(10)};
  std::chrono::milliseconds spacing{std::chrono::seconds(5)};  // between fetches that tokens asked for
  // So long after a good answer a token with an unknown key starts a fetch, but does not wait for it.
  std::chrono::milliseconds fresh{std::chrono::seconds(30)};
  std::chrono::milliseconds stale{std::chrono::hours(1)};  // after a good answer its keys count no more
};

class JwksSource final : public gate::KeySource {
 public:
  using Fetch = std::function<Result<std::string>()>;  // a JWK Set's text; called on the source's thread
  // What became of fetching, from the source's thread: each failure, and keys that were left out.
  struct Report {
    enum class Kind : std::uint8_t { failed, stale, recovered, skipped } kind = Kind::failed;
    std::string_view source;  // the authenticator's name
    std::string text;         // printable; a key server has no say in how it looks
    enum class News : std::uint8_t { same_as_before, fresh } news = News::fresh;
  };
  using Tell = std::function<void(const Report&)>;

  JwksSource(std::string name, Fetch fetch, JwksSchedule schedule, Tell tell);
  ~JwksSource() override;

  std::shared_ptr<const crypto::KeySet> keys() const override;
  std::uint64_t version() const override { return version_.load(std::memory_order_acquire); }
  Worth refresh() override;
  net::Task<void> settled(net::Loop& loop, MonotonicTime deadline) override;

  // Returns after the first fetch, with its error where it failed.
  Result<> first_fetch();
  // Fetches anew, whatever was fetched before; returns after it, with its error where it failed.
  Result<> fetch_anew();
  // The same without waiting for it.
  void fetch_soon();
  // No fetch begins any more. end() may still wait for one that is under way.
  void retire();
  // Nothing is fetched and nothing told any more when it returns: others may hold the source, and so its
  // keys, for longer than what it tells lives. By one thread.
  void end();

  const std::string& name() const { return name_; }
  // For metrics.
  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }
  // Since the last good answer, or since the source was made.
  std::chrono::seconds age() const;

 private:
  using Moment = std::chrono::steady_clock::time_point;
  Moment good_at() const { return Moment{Moment::duration(good_at_.load(std::memory_order_relaxed))}; }
  void run();
  void fetch_once(std::unique_lock<std::mutex>& lock);
  void give_up_when_stale();
  void note(Report::Kind kind, std::string_view text, Report::News news = Report::News::fresh);

  const std::string name_;
  const Fetch fetch_;
  const JwksSchedule schedule_;
  const Tell tell_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  net::Notifier settled_;  // a fetch has ended, or none begins any more
  std::shared_ptr<const crypto::KeySet> keys_;
  std::atomic<std::uint64_t> version_{0};
  Result<> last_ = failure(ErrorCode::unavailable, "not fetched yet");
  std::string last_failure_;     // empty after a good answer
  std::vector<Report> reports_;  // to be told without the lock
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::int64_t> good_at_;  // the last good answer, or the beginning: nanoseconds of Moment
  std::uint64_t fetches_ = 0;          // that have ended
  bool wanted_ = false;
  bool fetching_ = false;
  bool stop_ = false;
  Moment last_ended_{};
  std::thread thread_;
};

// What `jwks` says in the configuration: `file:PATH`, or a URL (with the authorities of `ca_file`, or the
// system's). TLS is verified, redirects are not followed, and the answer is at most 1 MiB.
JwksSource::Fetch jwks_fetch(const std::string& where, const std::string& ca_file);
JwksSchedule jwks_schedule(const std::string& where, std::chrono::nanoseconds stale);

}  // namespace gatehouse::server
