// The keys of token issuers: read from a file or fetched from a URL, by a task of the background loop. A
// request never waits for every fetch: the keys at hand decide, also while the issuer is down, and only a
// token whose key is not known asks for a fetch, no more often than the spacing says.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "gate/scheme_jwt.h"
#include "net/loop_thread.h"
#include "net/notifier.h"
#include "net/task.h"

namespace gatehouse::server {

struct JwksSchedule {
  std::chrono::milliseconds every{std::chrono::minutes(10)};  // between fetches that went well
  // After a failure, and after failures in a row at most: it doubles with each.
  std::chrono::milliseconds after_failure{std::chrono::seconds(10)};
  std::chrono::milliseconds longest_after_failure{std::chrono::minutes(2)};
  std::chrono::milliseconds spacing{std::chrono::seconds(5)};  // between fetches that tokens asked for
  // So long after a good answer a token with an unknown key starts a fetch, but does not wait for it.
  std::chrono::milliseconds fresh{std::chrono::seconds(30)};
  std::chrono::milliseconds stale{std::chrono::hours(1)};  // after a good answer its keys count no more
};

class JwksSource final : public gate::KeySource {
 public:
  // Makes the task that gives a JWK Set's text. It runs on the background loop, one at a time.
  using Fetch = std::function<net::Task<Result<std::string>>(net::Loop& loop)>;
  // The result of a fetch: each failure, and keys that were left out.
  struct Report {
    enum class Kind : std::uint8_t { failed, stale, recovered, skipped } kind = Kind::failed;
    std::string source;  // the authenticator's name
    std::string text;    // printable; a key server has no say in how it looks
    enum class News : std::uint8_t { same_as_before, fresh } news = News::fresh;
  };
  using Tell = std::function<void(const Report&)>;  // on the background loop: never waits

  // `background` outlives the source, or end() is called before it is destroyed.
  JwksSource(std::string name, Fetch fetch, JwksSchedule schedule, Tell tell, net::LoopThread& background);
  ~JwksSource() override;

  std::shared_ptr<const crypto::KeySet> keys() const override;
  std::uint64_t version() const override { return version_.load(std::memory_order_acquire); }
  Worth refresh() override;
  net::Task<void> settled(net::Loop& loop, MonotonicTime deadline) override;

  // Returns after the first fetch, with its error where it failed.
  Result<> first_fetch();
  // Fetches again at once; returns after it, with its error if it failed.
  Result<> fetch_anew();
  // The same without waiting for it.
  void fetch_soon();
  // No fetch begins any more; one that is under way ends.
  void retire();
  // After it returns, nothing is fetched or reported any more: the source, and so its keys, may outlive the
  // object that it reports to. By one thread, not the background loop's.
  void end();

  const std::string& name() const { return name_; }
  // For metrics.
  std::uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }
  // Since the last good answer, or since the source was made.
  std::chrono::seconds age() const;

 private:
  MonotonicTime good_at() const {
    return MonotonicTime{MonotonicTime::duration(good_at_.load(std::memory_order_relaxed))};
  }
  net::Task<void> run(net::Loop& loop);
  net::Task<Result<std::string>> fetch_now(net::Loop& loop);
  net::Task<void> wait_for_next(net::Loop& loop, MonotonicTime next);
  // Each with the mutex held.
  void take(Result<crypto::KeySet> set);
  void give_up_when_stale();
  void note(Report::Kind kind, std::string_view text, Report::News news = Report::News::fresh);

  const std::string name_;
  const Fetch fetch_;
  const JwksSchedule schedule_;
  const Tell tell_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;  // a fetch has ended, or none begins any more: for threads
  net::Notifier settled_;            // the same, for requests
  net::Notifier wanted_soon_;        // for the task: a fetch is wanted, or none any more
  std::shared_ptr<const crypto::KeySet> keys_;
  std::atomic<std::uint64_t> version_{0};
  Result<> last_ = failure(ErrorCode::unavailable, "not fetched yet");
  std::string last_failure_;     // empty after a good answer
  std::vector<Report> reports_;  // to be reported without the lock
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<std::int64_t> good_at_;  // the last good answer, or the beginning: of MonotonicTime
  std::uint64_t fetches_ = 0;          // that have ended
  bool wanted_ = false;
  bool fetching_ = false;
  bool stop_ = false;
  MonotonicTime last_ended_{};
  net::LoopThread::Job job_;
};

}  // namespace gatehouse::server
