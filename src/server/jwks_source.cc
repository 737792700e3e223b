#include "server/jwks_source.h"

#include <algorithm>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/file.h"
#include "base/utf8.h"

namespace gatehouse::server {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;

std::size_t collect(char* data, std::size_t size, std::size_t count, void* into) {
  auto& text = *static_cast<std::string*>(into);
  if (text.size() + size * count > kMostBytes) return 0;  // makes curl fail
  text.append(data, size * count);
  return size * count;
}

Result<std::string> fetch_url(const std::string& url, const std::string& ca_file) {
  static const bool initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == 0;
  if (!initialised) return failure(ErrorCode::internal, "libcurl cannot be initialised");
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), &curl_easy_cleanup);
  if (!handle) return failure(ErrorCode::internal, "libcurl gives no handle");
  CURL* const curl = handle.get();
  std::string text;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 3000L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &text);
  if (!ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    return failure(ErrorCode::unavailable, fmt::format("{}: {}", url, curl_easy_strerror(code)), Retry::yes);
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200)
    return failure(ErrorCode::unavailable, fmt::format("{} answers {}", url, status), Retry::yes);
  return text;
}

Result<std::string> fetch_file(const std::string& path) {
  auto text = read_file(path, kMostBytes);
  if (!text) return failure(text.error().code, fmt::format("{}: {}", path, text.error().text), Retry::yes);
  return text;
}

bool is_file(const std::string& where) { return where.starts_with("file:"); }

}  // namespace

JwksSource::Fetch jwks_fetch(const std::string& where, const std::string& ca_file) {
  if (is_file(where)) return [path = where.substr(5)] { return fetch_file(path); };
  return [where, ca_file] { return fetch_url(where, ca_file); };
}

JwksSchedule jwks_schedule(const std::string& where, std::chrono::nanoseconds stale) {
  JwksSchedule schedule;
  // A file costs nothing to look at: a rotation is seen within two seconds.
  if (is_file(where)) {
    schedule.every = schedule.after_failure = std::chrono::seconds(2);
    schedule.spacing = std::chrono::milliseconds(200);
    schedule.fresh = std::chrono::milliseconds(0);
  }
  schedule.stale = std::chrono::duration_cast<std::chrono::milliseconds>(stale);
  return schedule;
}

JwksSource::JwksSource(std::string name, Fetch fetch, JwksSchedule schedule, Tell tell)
    : name_(std::move(name)),
      fetch_(std::move(fetch)),
      schedule_(schedule),
      tell_(std::move(tell)),
      good_at_(std::chrono::steady_clock::now().time_since_epoch().count()),
      thread_([this] { run(); }) {}

JwksSource::~JwksSource() { end(); }

void JwksSource::end() {
  retire();
  if (thread_.joinable()) thread_.join();
}

void JwksSource::retire() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
}

std::shared_ptr<const crypto::KeySet> JwksSource::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

std::chrono::seconds JwksSource::age() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - good_at());
}

JwksSource::Worth JwksSource::refresh() {
  const std::lock_guard lock(mutex_);
  const Moment now = std::chrono::steady_clock::now();
  const Worth worth = keys_ && now - good_at() < schedule_.fresh ? Worth::nothing : Worth::waiting;
  if (fetching_ || wanted_) return worth;
  if (stop_ || now - last_ended_ < schedule_.spacing) return Worth::nothing;
  wanted_ = true;
  changed_.notify_all();
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
  changed_.wait(lock, [&] { return fetches_ > 0; });
  return last_;
}

void JwksSource::fetch_soon() {
  const std::lock_guard lock(mutex_);
  wanted_ = !stop_;  // nobody waits for a fetch that does not come
  changed_.notify_all();
}

Result<> JwksSource::fetch_anew() {
  std::unique_lock lock(mutex_);
  // One that is under way may have read what has changed since.
  const std::uint64_t enough = fetches_ + (fetching_ ? 2 : 1);
  wanted_ = !stop_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return fetches_ >= enough || stop_; });
  return last_;
}

void JwksSource::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    fetching_ = true;
    wanted_ = false;
    fetch_once(lock);
    // An operator's terminal may stand still; requests look at the keys meanwhile.
    const std::vector<Report> reports = std::exchange(reports_, {});
    lock.unlock();
    for (const Report& report : reports) tell_(report);
    lock.lock();
    fetching_ = false;
    ++fetches_;
    last_ended_ = std::chrono::steady_clock::now();
    changed_.notify_all();
    settled_.notify();
    Moment next = last_ended_ + (last_ ? schedule_.every : schedule_.after_failure);
    // Awake when the keys become stale, however far off the next fetch is.
    if (keys_) next = std::min(next, good_at() + schedule_.stale);
    changed_.wait_until(lock, next, [&] { return stop_ || wanted_; });
  }
  wanted_ = false;
  settled_.notify();
}

void JwksSource::note(Report::Kind kind, std::string_view text, Report::News news) {
  reports_.push_back({.kind = kind, .source = name_, .text = printable(text), .news = news});
}

// Keys that nobody has vouched for in so long may have been withdrawn: without them tokens are refused.
void JwksSource::give_up_when_stale() {
  if (!keys_ || std::chrono::steady_clock::now() - good_at() < schedule_.stale) return;
  keys_ = nullptr;
  version_.fetch_add(1, std::memory_order_release);
  note(Report::Kind::stale,
       fmt::format("no good answer for {} s: the issuer's tokens are refused until there is one",
                   std::chrono::duration_cast<std::chrono::seconds>(schedule_.stale).count()));
}

void JwksSource::fetch_once(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  Result<crypto::KeySet> set = failure(ErrorCode::internal, "");
  if (auto text = fetch_()) {
    set = crypto::KeySet::parse(*text);
  } else {
    set = std::unexpected(text.error());
  }
  lock.lock();
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
  good_at_.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  last_ = {};
  if (!last_failure_.empty()) note(Report::Kind::recovered, "the keys were read again");
  last_failure_.clear();
  if (keys_ && keys_->same_keys_as(*set)) return;
  for (const std::string& skipped : set->skipped()) note(Report::Kind::skipped, skipped);
  keys_ = std::make_shared<const crypto::KeySet>(*std::move(set));
  version_.fetch_add(1, std::memory_order_release);
}

}  // namespace gatehouse::server
