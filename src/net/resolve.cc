#include "net/resolve.h"

#include <algorithm>

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include "net/socket_address.h"

namespace gatehouse::net {
namespace {

Result<std::vector<IpAddress>> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) {
    const bool unknown = code == EAI_NONAME || code == EAI_NODATA;
    return failure(unknown ? ErrorCode::not_found : ErrorCode::unavailable,
                   fmt::format("cannot resolve '{}': {}", host, ::gai_strerror(code)),
                   unknown ? Retry::no : Retry::yes);
  }
  std::vector<IpAddress> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    SocketAddress address;
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen,
                reinterpret_cast<char*>(&address.storage));
    const IpAddress ip = address.endpoint().address;
    if (std::ranges::find(addresses, ip) == addresses.end()) addresses.push_back(ip);
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

Task<Result<std::vector<IpAddress>>> resolve(Loop& loop, BlockingPool& pool, std::string host) {
  if (const auto literal = IpAddress::parse(host)) co_return std::vector{*literal};
  auto call = pool.run(loop, [owned = std::move(host)] { return look_up(owned); });
  auto addresses = co_await call;
  co_return addresses;
}

}  // namespace gatehouse::net
