#include "app/fetch_document.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "client/connection_pool.h"
#include "client/fetch.h"
#include "http/characters.h"
#include "http/uri.h"
#include "net/blocking_pool.h"
#include "net/loop.h"
#include "net/task_group.h"
#include "net/tls.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t kMostBytes = std::size_t{32} << 20U;

net::Task<void> fetch_into(net::Loop& loop, net::BlockingPool& threads, http::Url url,
                           std::optional<Result<client::FetchedAnswer>>& into) {
  client::ConnectionPoolOptions options;
  options.host = url.host;
  options.port = url.port;
  options.connect_timeout = std::chrono::seconds(5);
  if (url.scheme == http::Scheme::https) {
    auto tls = net::ClientTls::make({});
    if (!tls) {
      into = std::unexpected(tls.error());
      loop.stop();
      co_return;
    }
    options.tls = *std::move(tls);
  }
  client::FetchRequest request;
  request.fields = "Accept: application/json, application/yaml, */*;q=0.1\r\n";
  auto fetching =
      client::fetch(client::ConnectionPool::make(loop, threads, std::move(options)), std::move(url),
                    std::move(request), {.timeout = std::chrono::seconds(30), .most_bytes = kMostBytes});
  into = co_await fetching;
  loop.stop();
}

Result<std::string> fetched(const http::Url& url, const std::string& shown) {
  const SystemClock clock;
  net::Loop loop(clock);
  net::BlockingPool threads(1, 16);
  std::optional<Result<client::FetchedAnswer>> answer;
  {
    net::TaskGroup tasks(loop);
    tasks.spawn(fetch_into(loop, threads, url, answer), [&](const std::exception_ptr&) { loop.stop(); });
    loop.run();
  }
  if (!answer || !*answer)
    return failure(ErrorCode::unavailable,
                   fmt::format("{}: {}", shown, answer ? answer->error().text : "it cannot be fetched"));
  if ((*answer)->status != 200)
    return failure(ErrorCode::unavailable,
                   fmt::format("{} answers {}; fetch the document yourself, and name the file", shown,
                               (*answer)->status));
  return std::move((*answer)->body);
}

// "openapi.json" of "/v1/openapi.json"; without an extension, the one of the content.
std::string file_name(std::string_view path, std::string_view content) {
  std::string name(path.substr(path.rfind('/') + 1));
  std::erase_if(name, [](char c) { return !http::is(c, http::kUnreserved); });
  if (name.empty() || name.starts_with('.')) name.insert(0, "openapi");
  if (!name.contains('.')) name += content.find_first_not_of(" \t\r\n{") != 0 ? ".json" : ".yaml";
  return name;
}

}  // namespace

Result<std::filesystem::path> local_document(const std::string& named, const std::filesystem::path& folder) {
  if (!named.starts_with("http://") && !named.starts_with("https://")) return std::filesystem::path(named);
  const std::string shown = named.substr(0, named.find('?'));  // a query may hold a secret
  const auto url = http::parse_url(named);
  if (!url) return failure(ErrorCode::invalid, fmt::format("--openapi `{}` is not a URL", shown));
  GATEHOUSE_TRY(const std::string text, fetched(*url, shown));
  const std::filesystem::path file = folder / file_name(url->path, text);
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored))
    return failure(
        ErrorCode::conflict,
        fmt::format("{} exists and is not overwritten; name the file with --openapi, or move it away",
                    file.string()));
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) return failure(ErrorCode::denied, fmt::format("{} cannot be written", file.string()));
  return file;
}

}  // namespace gatehouse::app
