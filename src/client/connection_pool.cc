#include "client/connection_pool.h"

#include <algorithm>

#include <fmt/format.h>

#include "net/notifier.h"
#include "net/resolve.h"

namespace gatehouse::client {
namespace {

// Whether an idle connection is still good: nothing may have come over it since its last answer.
bool still_open(net::Stream& stream) {
  if (stream.peer_state() != net::PeerState::present) return false;
  char unasked[1];
  return !stream.try_read(unasked).has_value();
}

}  // namespace

std::shared_ptr<ConnectionPool> ConnectionPool::make(net::Loop& loop, net::BlockingPool& blocking,
                                                     ConnectionPoolOptions options) {
  return std::shared_ptr<ConnectionPool>(new ConnectionPool(loop, blocking, std::move(options)));
}

ConnectionPool::ConnectionPool(net::Loop& loop, net::BlockingPool& blocking, ConnectionPoolOptions options)
    : Timer(loop.timers()),
      loop_(loop),
      blocking_(blocking),
      options_(std::move(options)),
      look_up_ended_(std::make_unique<net::Notifier>()) {
  // An address as text needs no look-up, now or later.
  if (const auto literal = IpAddress::parse(options_.host)) {
    adopt({*literal});
    is_literal_ = true;
  }
}

ConnectionPool::~ConnectionPool() = default;

// ---- leases

ConnectionPool::Lease::Lease(std::shared_ptr<ConnectionPool> pool, std::shared_ptr<Address> address,
                             net::StreamPtr stream, bool reused)
    : pool_(std::move(pool)), address_(std::move(address)), stream_(std::move(stream)), reused_(reused) {
  ++pool_->busy_;
}

const net::Endpoint& ConnectionPool::Lease::endpoint() const { return address_->endpoint; }

void ConnectionPool::Lease::end(Ending ending) {
  if (!stream_) return;
  net::StreamPtr stream = std::move(stream_);
  stream->clear_deadline();
  if (ending == Ending::keep) pool_->give_back(*address_, std::move(stream));
}

void ConnectionPool::give_back(Address& address, net::StreamPtr stream) {
  // An address that answers is available, whatever other attempts to connect did meanwhile.
  if (!rests(address)) address.failures = 0;
  if (address.retired || !still_open(*stream)) return;
  if (address.idle.size() >= options_.most_idle) address.idle.pop_front();
  address.idle.push_back({std::move(stream), loop_.now() + options_.idle_timeout});
  if (!armed()) arm(address.idle.back().until);
}

void ConnectionPool::expired() {
  MonotonicTime next = kNever;
  for (const auto& address : addresses_) {
    auto& idle = address->idle;
    while (!idle.empty() && idle.front().until <= loop_.now()) idle.pop_front();
    if (!idle.empty()) next = std::min(next, idle.front().until);
  }
  arm(next);
}

std::size_t ConnectionPool::idle() const {
  std::size_t all = 0;
  for (const auto& address : addresses_) all += address->idle.size();
  return all;
}

std::optional<ConnectionPool::Lease> ConnectionPool::take_idle() {
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    const auto& address = addresses_[(next_ + i) % addresses_.size()];
    auto& idle = address->idle;
    while (!idle.empty()) {
      net::StreamPtr stream = std::move(idle.back().stream);
      idle.pop_back();
      if (!still_open(*stream)) continue;
      next_ = (next_ + i + 1) % addresses_.size();
      return Lease(shared_from_this(), address, std::move(stream), true);
    }
  }
  return std::nullopt;
}

// ---- health

void ConnectionPool::unreachable(Address& address) {
  if (address.failures < options_.failures_to_open) ++address.failures;
  if (!rests(address)) return;
  address.rests_until = loop_.now() + options_.rest;
  address.idle.clear();
}

// An idle connection gives way to a new one that is needed.
void ConnectionPool::make_room() {
  for (const auto& address : addresses_) {
    while (!address->idle.empty() && busy_ + idle() >= options_.most_connections) address->idle.pop_front();
  }
}

std::shared_ptr<ConnectionPool::Address> ConnectionPool::choose(
    const std::vector<std::shared_ptr<Address>>& tried) {
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    const auto& address = addresses_[(next_ + i) % addresses_.size()];
    if (std::ranges::find(tried, address) != tried.end()) continue;
    if (rests(*address)) {
      if (address->probing || loop_.now() < address->rests_until) continue;
      address->probing = true;
    }
    next_ = (next_ + i + 1) % addresses_.size();
    return address;
  }
  return nullptr;
}

// ---- connecting

net::Task<std::expected<ConnectionPool::Lease, ConnectionPool::NoConnection>> ConnectionPool::connect(
    MonotonicTime deadline) {
  const auto none = [](ConnectFailure failure, Error error) {
    return std::unexpected(NoConnection{failure, std::move(error), {}});
  };
  const auto out_of_reach = [&](Error error) {
    return none(error.code == ErrorCode::timeout ? ConnectFailure::late : ConnectFailure::unreachable,
                std::move(error));
  };
  if (busy_ >= options_.most_connections) {
    co_return none(ConnectFailure::busy,
                   {ErrorCode::unavailable,
                    fmt::format("all {} connections to {} are busy", busy_, options_.host), Retry::yes});
  }
  if (addresses_.empty()) {
    auto task = first_addresses(deadline);
    auto found = co_await task;
    if (!found) co_return out_of_reach(std::move(found).error());
  } else if (!is_literal_ && loop_.now() - resolved_ >= options_.resolve_every) {
    start_look_up();
  }

  std::vector<std::shared_ptr<Address>> tried;
  Error last{ErrorCode::unavailable,
             fmt::format("no address of {} is called for a while after failures", options_.host), Retry::yes};
  while (auto address = choose(tried)) {
    tried.push_back(address);
    // Gives the place, and the probe, back, also when this is cancelled while it connects.
    struct Attempt {
      ConnectionPool& pool;
      Address& address;
      bool probing;
      ~Attempt() {
        --pool.busy_;
        if (probing) address.probing = false;
      }
    } attempt{*this, *address, address->probing};
    make_room();
    ++busy_;
    auto task = open(address->endpoint, std::min(deadline, loop_.now() + options_.connect_timeout));
    auto stream = co_await task;
    if (stream) {
      address->failures = 0;
      co_return Lease(shared_from_this(), std::move(address), std::move(*stream), false);
    }
    last = std::move(stream).error();
    last.text = fmt::format("{}: {}", address->endpoint.text(), last.text);
    if (loop_.now() >= deadline) break;  // the caller's haste is not the address's fault
    // Nor is it that this machine has no descriptor or port left.
    if (last.code == ErrorCode::internal) co_return none(ConnectFailure::busy, std::move(last));
    unreachable(*address);
  }
  if (!tried.empty()) co_return out_of_reach(std::move(last));
  co_return std::unexpected(NoConnection{ConnectFailure::resting, std::move(last), shortest_rest()});
}

Nanoseconds ConnectionPool::shortest_rest() const {
  Nanoseconds shortest = options_.rest;
  for (const auto& address : addresses_)
    shortest = std::min<Nanoseconds>(shortest, address->rests_until - loop_.now());
  return std::max(shortest, Nanoseconds(0));
}

net::Task<Result<net::StreamPtr>> ConnectionPool::open(net::Endpoint endpoint, MonotonicTime deadline) {
  auto connecting = net::connect(loop_, endpoint, deadline);
  auto stream = co_await connecting;
  if (!stream || !options_.tls) co_return stream;
  (*stream)->set_deadline(deadline);
  auto shaken = co_await (*stream)->connect_tls(options_.tls, options_.host);
  GATEHOUSE_CO_CHECK(shaken);
  (*stream)->clear_deadline();
  co_return stream;
}

// ---- names

void ConnectionPool::start_look_up() {
  if (looking_up_) return;
  looking_up_ = true;
  net::spawn(loop_, look_up(shared_from_this()));
}

net::Task<void> ConnectionPool::look_up(std::shared_ptr<ConnectionPool> pool) {
  auto task = net::resolve(pool->loop_, pool->blocking_, pool->options_.host);
  auto found = co_await task;
  pool->looking_up_ = false;
  if (found) {
    pool->adopt(*found);
    pool->looked_up_ = {};
  } else {
    // While the resolver is down the addresses stay, and are asked for again after the same time.
    pool->resolved_ = pool->loop_.now();
    pool->looked_up_ = std::unexpected(std::move(found).error());
  }
  pool->look_up_ended_->notify();
}

net::Task<Result<>> ConnectionPool::first_addresses(MonotonicTime deadline) {
  const std::uint64_t seen = look_up_ended_->version();
  start_look_up();
  const bool ended = co_await look_up_ended_->wait(loop_, seen, deadline);
  if (!ended)
    co_return failure(ErrorCode::timeout, fmt::format("no addresses of {} in time", options_.host),
                      Retry::yes);
  co_return looked_up_;
}

void ConnectionPool::adopt(const std::vector<IpAddress>& found) {
  std::vector<std::shared_ptr<Address>> now;
  for (const IpAddress& ip : found) {
    const auto known =
        std::ranges::find_if(addresses_, [&](const auto& a) { return a->endpoint.address == ip; });
    now.push_back(known != addresses_.end()
                      ? *known
                      : std::make_shared<Address>(Address{.endpoint = {ip, options_.port}, .idle = {}}));
  }
  for (const auto& address : addresses_) {
    if (std::ranges::find(now, address) != now.end()) continue;
    address->retired = true;
    address->idle.clear();
  }
  addresses_ = std::move(now);
  next_ = 0;
  resolved_ = loop_.now();
}

}  // namespace gatehouse::client
