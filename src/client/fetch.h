// A request to a server whose whole answer is needed: an issuer's keys, a token's introspection, a delivery.
// For a configured upstream use target/upstream.h.
//
//   auto pool = ConnectionPool::make(loop, blocking, {.host = url.host, .port = url.port, .tls = tls});
//   auto fetching = fetch(pool, url);
//   auto answer = co_await fetching;
//
// Redirects are answers like any other, and are not followed. There are no proxies, whatever the environment
// says. The request asks for no content coding, and an answer with one is an error.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "client/connection_pool.h"
#include "http/method.h"
#include "http/uri.h"
#include "net/task.h"

namespace gatehouse::client {

struct FetchRequest {
  http::Method method = http::Method::get;
  std::string fields = {};  // lines of the head, each with its CRLF, beside those that fetch() writes
  std::string body = {};
};

struct FetchBounds {
  Nanoseconds timeout = std::chrono::seconds(5);   // to the end of the answer, name resolution included
  std::size_t most_bytes = std::size_t{1} << 20U;  // of its body
};

struct FetchedAnswer {
  int status = 0;  // 200 to 599
  std::string body;
};

// `pool` leads to the server of `url`. A request that is idempotent is sent a second time where the first
// went over a connection that the server had closed.
// Error{timeout}; Error{too_large}: the body is longer; Error{invalid}: it is not an answer; Error{closed}:
// there was none, or no end; Error{denied}: the certificate is not accepted; Error{not_found}: nor does the
// name exist; Error{unavailable}.
net::Task<Result<FetchedAnswer>> fetch(std::shared_ptr<ConnectionPool> pool, http::Url url,
                                       FetchRequest request = {}, FetchBounds bounds = {});

}  // namespace gatehouse::client
