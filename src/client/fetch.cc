#include "client/fetch.h"

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "client/exchange.h"
#include "http/response_writer.h"
#include "net/hang_up.h"

namespace gatehouse::client {
namespace {

void write_request_head(std::string& out, const http::Url& url, const FetchRequest& request) {
  out.clear();
  out.append(name(request.method)).append(" ").append(url.path);
  if (!url.query.empty()) out.append("?").append(url.query);
  out += " HTTP/1.1\r\n";
  http::append_field(out, "Host", url.authority());
  http::append_field(out, "User-Agent", "gatehouse");
  http::append_field(out, "Accept-Encoding", "identity");
  out += request.fields;
  if (!request.body.empty()) http::append_field(out, "Content-Length", std::to_string(request.body.size()));
  out += "\r\n";
}

Result<> check_head(const http::ResponseHead& head, const FetchBounds& bounds) {
  const auto coding = head.fields.value(http::FieldId::content_encoding);
  if (coding && !equal_ignoring_case(*coding, "identity"))
    return failure(ErrorCode::invalid, "the answer has a content coding, which was not asked for");
  if (head.body.kind == http::BodyKind::length && head.body.length > bounds.most_bytes)
    return failure(ErrorCode::too_large, fmt::format("the answer has more than {} bytes", bounds.most_bytes));
  return {};
}

net::Task<Result<FetchedAnswer>> fetch_over(ConnectionPool::Lease lease, const http::Url& url,
                                            const FetchRequest& request, const FetchBounds& bounds) {
  const auto buffers = std::make_unique_for_overwrite<ExchangeBuffers>();
  Exchange exchange(std::move(lease), *buffers, request.method);
  write_request_head(buffers->head, url, request);
  const std::array<std::string_view, 2> parts{buffers->head, request.body};
  const auto written = co_await exchange.stream().write(std::span(parts).first(request.body.empty() ? 1 : 2));
  if (!written)
    co_return failure(written.error().code, written.error().text, exchange.reused() ? Retry::yes : Retry::no);
  for (;;) {
    const auto read = co_await exchange.stream().read(exchange.head_space());
    GATEHOUSE_CO_TRY(const http::Progress progress, exchange.take_head(read));
    if (progress == http::Progress::complete) break;
  }
  GATEHOUSE_CO_CHECK(check_head(exchange.head(), bounds));
  FetchedAnswer answer{.status = exchange.head().status, .body = {}};
  AnswerBody& body = exchange.body();
  auto taken = body.take(exchange.behind_head(), answer.body);
  for (;;) {
    if (!taken) co_return std::unexpected(std::move(taken).error());
    if (answer.body.size() > bounds.most_bytes) {
      co_return failure(ErrorCode::too_large,
                        fmt::format("the answer has more than {} bytes", bounds.most_bytes));
    }
    if (*taken == http::Progress::complete) co_return answer;
    const auto read = co_await body.stream().read(buffers->bytes);
    taken = body.take(read, buffers->bytes, answer.body);
  }
}

net::Task<Result<FetchedAnswer>> fetch_without_deadline(std::shared_ptr<ConnectionPool> pool,
                                                        const http::Url& url, const FetchRequest& request,
                                                        const FetchBounds& bounds) {
  if (auto idle = pool->take_idle()) {
    auto asking = fetch_over(*std::move(idle), url, request, bounds);
    auto answer = co_await asking;
    const bool again = !answer && answer.error().retry == Retry::yes && is_idempotent(request.method);
    if (!again) co_return answer;
  }
  auto connecting = pool->connect(net::Timer::kNever);
  auto fresh = co_await connecting;
  if (!fresh) co_return std::unexpected(std::move(fresh).error().error);
  auto asking = fetch_over(*std::move(fresh), url, request, bounds);
  auto answer = co_await asking;
  co_return answer;
}

}  // namespace

net::Task<Result<FetchedAnswer>> fetch(std::shared_ptr<ConnectionPool> pool, http::Url url,
                                       FetchRequest request, FetchBounds bounds) {
  net::Loop& loop = pool->loop();
  net::HangUpSource nobody(loop);  // only the deadline ends it
  auto running = net::cancellable(nobody, loop.now() + bounds.timeout,
                                  fetch_without_deadline(std::move(pool), url, request, bounds));
  auto answer = co_await running;
  if (!answer) {
    co_return failure(ErrorCode::timeout, fmt::format("no whole answer within {}", to_text(bounds.timeout)),
                      Retry::yes);
  }
  co_return *std::move(answer);
}

}  // namespace gatehouse::client
