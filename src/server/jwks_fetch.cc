#include "server/jwks_fetch.h"

#include <cstddef>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "client/fetch.h"
#include "http/uri.h"
#include "net/tls.h"

namespace gatehouse::server {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
constexpr std::size_t kMostAuthorities = std::size_t{4} << 20U;
// A host may have addresses without a server: others are tried within the whole time.
constexpr std::chrono::milliseconds kConnectTimeout{1500};
constexpr std::chrono::seconds kTimeout{5};

Result<std::string> read_named(const std::string& path, std::size_t most) {
  auto text = read_file(path, most);
  if (!text) return failure(text.error().code, fmt::format("{}: {}", path, text.error().text), Retry::yes);
  return text;
}

Result<std::shared_ptr<const net::ClientTls>> trusting(const std::string& ca_file) {
  net::ClientTlsOptions options;
  if (!ca_file.empty()) {
    GATEHOUSE_TRY(options.ca_pem, read_named(ca_file, kMostAuthorities));
  }
  return net::ClientTls::make(options);
}

net::Task<Result<std::string>> fetch_url(net::Loop& loop, net::BlockingPool& threads, std::string where,
                                         std::string ca_file) {
  const auto url = http::parse_url(where);
  if (!url) co_return failure(ErrorCode::invalid, fmt::format("{} is not a URL", where));
  client::ConnectionPoolOptions options;
  options.host = url->host;
  options.port = url->port;
  options.connect_timeout = kConnectTimeout;
  if (url->scheme == http::Scheme::https) {
    auto making = threads.run(loop, [file = std::move(ca_file)] { return trusting(file); });
    auto tls = co_await making;
    GATEHOUSE_CO_TRY(options.tls, std::move(tls));
  }
  client::FetchRequest request;
  request.fields = "Accept: application/jwk-set+json, application/json, */*;q=0.1\r\n";
  // Nothing is kept: the next fetch is minutes away, and its authorities may be others.
  auto fetching = client::fetch(client::ConnectionPool::make(loop, threads, std::move(options)), *url,
                                std::move(request), {.timeout = kTimeout, .most_bytes = kMostBytes});
  auto answer = co_await fetching;
  const std::string shown = where.substr(0, where.find('?'));  // a query may hold a secret
  if (!answer)
    co_return failure(ErrorCode::unavailable, fmt::format("{}: {}", shown, answer.error().text), Retry::yes);
  if (answer->status != 200)
    co_return failure(ErrorCode::unavailable, fmt::format("{} answers {}", shown, answer->status),
                      Retry::yes);
  co_return std::move(answer->body);
}

net::Task<Result<std::string>> fetch_file(net::Loop& loop, net::BlockingPool& threads, std::string path) {
  auto reading = threads.run(loop, [owned = std::move(path)] { return read_named(owned, kMostBytes); });
  auto text = co_await reading;
  co_return text;
}

bool is_file(const std::string& where) { return where.starts_with("file:"); }

}  // namespace

JwksSource::Fetch jwks_fetch(const std::string& where, const std::string& ca_file,
                             net::BlockingPool& threads) {
  if (is_file(where)) {
    return [path = where.substr(5), &threads](net::Loop& loop) { return fetch_file(loop, threads, path); };
  }
  return [where, ca_file, &threads](net::Loop& loop) { return fetch_url(loop, threads, where, ca_file); };
}

JwksSchedule jwks_schedule(const std::string& where, std::chrono::nanoseconds stale) {
  JwksSchedule schedule;
  // A file costs nothing to look at: a rotation is seen within two seconds.
  if (is_file(where)) {
    schedule.every = schedule.after_failure = schedule.longest_after_failure = std::chrono::seconds(2);
    schedule.spacing = std::chrono::milliseconds(200);
    schedule.fresh = std::chrono::milliseconds(0);
  }
  schedule.stale = std::chrono::duration_cast<std::chrono::milliseconds>(stale);
  return schedule;
}

}  // namespace gatehouse::server
