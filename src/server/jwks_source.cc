#include "server/jwks_source.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/file.h"

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

JwksSchedule jwks_schedule(const std::string& where) {
  // A file costs nothing to look at: a rotation is seen within two seconds.
  if (is_file(where))
    return {std::chrono::seconds(2), std::chrono::seconds(2), std::chrono::milliseconds(200)};
  return {};
}

JwksSource::JwksSource(std::string name, Fetch fetch, JwksSchedule schedule, Tell tell)
    : name_(std::move(name)),
      fetch_(std::move(fetch)),
      schedule_(schedule),
      tell_(std::move(tell)),
      thread_([this] { run(); }) {}

JwksSource::~JwksSource() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::shared_ptr<const crypto::KeySet> JwksSource::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

bool JwksSource::refresh() {
  const std::lock_guard lock(mutex_);
  if (fetching_ || wanted_) return true;
  if (std::chrono::steady_clock::now() - last_ended_ < schedule_.spacing) return false;
  wanted_ = true;
  changed_.notify_all();
  return true;
}

net::Task<void> JwksSource::settled(net::Loop& loop, MonotonicTime deadline) {
  constexpr std::chrono::milliseconds kLook{5};
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (!wanted_ && !fetching_) co_return;
    }
    if (loop.now() >= deadline) co_return;
    co_await net::sleep_for(loop, kLook);
  }
}

Result<> JwksSource::first_fetch() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return fetches_ > 0; });
  return last_;
}

void JwksSource::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    fetching_ = true;
    wanted_ = false;
    fetch_once(lock);
    fetching_ = false;
    ++fetches_;
    last_ended_ = std::chrono::steady_clock::now();
    changed_.notify_all();
    changed_.wait_for(lock, last_ ? schedule_.every : schedule_.after_failure,
                      [&] { return stop_ || wanted_; });
  }
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
    // The keys at hand stay: an issuer that is down does not lock its users out.
    if (last_ || fetches_ == 0) tell_(fmt::format("the keys of {}: {}", name_, set.error().text));
    last_ = std::unexpected(set.error());
    return;
  }
  last_ = {};
  if (keys_ && keys_->same_keys_as(*set)) return;
  for (const std::string& skipped : set->skipped()) tell_(fmt::format("the keys of {}: {}", name_, skipped));
  keys_ = std::make_shared<const crypto::KeySet>(*std::move(set));
  version_.fetch_add(1, std::memory_order_release);
}

}  // namespace gatehouse::server
