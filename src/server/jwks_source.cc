#include "server/jwks_source.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "client/backoff.h"

namespace gatehouse::server {

JwksSource::JwksSource(std::string name, Fetch fetch, JwksSchedule schedule, Tell tell,
                       net::LoopThread& background)
    : name_(std::move(name)),
      fetch_(std::move(fetch)),
      schedule_(schedule),
      tell_(std::move(tell)),
      clock_(background.clock()),
      good_at_(clock_.monotonic().time_since_epoch().count()),
      job_(background.start([this](net::Loop& loop) { return run(loop); })) {}

JwksSource::~JwksSource() { end(); }

void JwksSource::end() {
  retire();
  job_.end();
  {
    const std::lock_guard lock(mutex_);
    wanted_ = fetching_ = false;
  }
  changed_.notify_all();
  settled_.notify();
}

void JwksSource::retire() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wanted_soon_.notify();
  changed_.notify_all();
}

std::shared_ptr<const crypto::KeySet> JwksSource::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

std::chrono::seconds JwksSource::age() const {
  return std::chrono::duration_cast<std::chrono::seconds>(clock_.monotonic() - good_at());
}

JwksSource::Worth JwksSource::refresh() {
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = clock_.monotonic();
  const Worth worth = keys_ && now - good_at() < schedule_.fresh ? Worth::nothing : Worth::waiting;
  if (fetching_ || wanted_) return worth;
  if (stop_ || now - last_ended_ < schedule_.spacing) return Worth::nothing;
  wanted_ = true;
  wanted_soon_.notify();
  return worth;
}

net::Task<void> JwksSource::settled(net::Loop& loop, MonotonicTime deadline) {
  for (;;) {
    const std::uint64_t seen = settled_.version();
    {
      const std::lock_guard lock(mutex_);
      if (!wanted_ && !fetching_) co_return;
    }
    const bool changed = co_await settled_.wait(loop, seen, deadline);
    if (!changed) co_return;
  }
}

Result<> JwksSource::first_fetch() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return fetches_ > 0 || stop_; });
  return last_;
}

void JwksSource::fetch_soon() {
  const std::lock_guard lock(mutex_);
  wanted_ = !stop_;  // no waiter remains for a fetch that is not coming
  wanted_soon_.notify();
}

Result<> JwksSource::fetch_anew() {
  std::unique_lock lock(mutex_);
  // A running fetch may have read an older state.
  const std::uint64_t enough = fetches_ + (fetching_ ? 2 : 1);
  wanted_ = !stop_;
  wanted_soon_.notify();
  changed_.wait(lock, [&] { return fetches_ >= enough || stop_; });
  return last_;
}

net::Task<void> JwksSource::run(net::Loop& loop) {
  client::Backoff backoff(schedule_.after_failure, schedule_.longest_after_failure);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_) break;
      fetching_ = true;
      wanted_ = false;
    }
    auto fetching = fetch_now(loop);
    const auto text = co_await fetching;
    auto set = text ? crypto::KeySet::parse(*text) : Result<crypto::KeySet>(std::unexpected(text.error()));
    MonotonicTime next;
    std::vector<Report> reports;
    {
      const std::lock_guard lock(mutex_);
      take(std::move(set));
      if (last_) backoff.succeeded();
      last_ended_ = clock_.monotonic();
      next = last_ended_ + (last_ ? schedule_.every : backoff.failed());
      // Awake when the keys become stale, however far off the next fetch is.
      if (keys_) next = std::min(next, good_at() + schedule_.stale);
      reports = std::exchange(reports_, {});
    }
    for (const Report& report : reports) tell_(report);
    {
      const std::lock_guard lock(mutex_);
      fetching_ = false;
      ++fetches_;
    }
    changed_.notify_all();
    settled_.notify();
    auto waiting = wait_for_next(loop, next);
    co_await waiting;
  }
  {
    const std::lock_guard lock(mutex_);
    wanted_ = false;
  }
  settled_.notify();
}

// A bug in one fetch is not the end of all.
net::Task<Result<std::string>> JwksSource::fetch_now(net::Loop& loop) {
  Result<std::string> text;
  try {
    auto fetching = fetch_(loop);
    text = co_await fetching;
  } catch (const std::exception& bug) {
    text = failure(ErrorCode::internal, bug.what());
  }
  co_return text;
}

net::Task<void> JwksSource::wait_for_next(net::Loop& loop, MonotonicTime next) {
  for (;;) {
    const std::uint64_t seen = wanted_soon_.version();
    {
      const std::lock_guard lock(mutex_);
      if (stop_ || wanted_) co_return;
    }
    const bool changed = co_await wanted_soon_.wait(loop, seen, next);
    if (!changed) co_return;
  }
}

void JwksSource::note(Report::Kind kind, std::string_view text, Report::News news) {
  reports_.push_back({.kind = kind, .source = name_, .text = printable(text), .news = news});
}

// Keys without a successful fetch for so long may have been withdrawn: without them tokens are refused.
void JwksSource::give_up_when_stale() {
  if (!keys_ || clock_.monotonic() - good_at() < schedule_.stale) return;
  keys_ = nullptr;
  version_.fetch_add(1, std::memory_order_release);
  note(Report::Kind::stale,
       fmt::format("no successful fetch for {} s: the issuer's tokens are refused until there is one",
                   std::chrono::duration_cast<std::chrono::seconds>(schedule_.stale).count()));
}

void JwksSource::take(Result<crypto::KeySet> set) {
  if (!set) {
    // The keys at hand stay for a while: an issuer that is down does not lock its users out.
    failures_.fetch_add(1, std::memory_order_relaxed);
    const std::string text(set.error().text);
    last_ = std::unexpected(set.error());
    note(Report::Kind::failed, text,
         last_failure_ == text ? Report::News::same_as_before : Report::News::fresh);
    last_failure_ = text;
    give_up_when_stale();
    return;
  }
  good_at_.store(clock_.monotonic().time_since_epoch().count(), std::memory_order_relaxed);
  last_ = {};
  if (!last_failure_.empty()) note(Report::Kind::recovered, "the keys were fetched again");
  last_failure_.clear();
  if (keys_ && keys_->same_keys_as(*set)) return;
  for (const std::string& skipped : set->skipped()) note(Report::Kind::skipped, skipped);
  if (set->keys().empty())
    note(Report::Kind::skipped, "no key of the set can verify a token: all are refused");
  keys_ = std::make_shared<const crypto::KeySet>(*std::move(set));
  version_.fetch_add(1, std::memory_order_release);
}

}  // namespace gatehouse::server
