#include "app/descriptors.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <sys/resource.h>

#include "server/admin.h"

namespace gatehouse::app {
namespace {

// A database's connections (three files each), key fetches, name look-ups, standard streams.
constexpr std::uint64_t kStoreAndKeys = 128;
// Listeners, the loop's own, and a connection that is accepted only to be refused.
constexpr std::uint64_t kEachWorker = 16;
// A sink's own descriptors, and its reader's: a connection to the database, a file of events, a lock.
constexpr std::uint64_t kEachSink = 6;
constexpr std::uint64_t kUsualConnections = 20'000;
constexpr std::uint64_t kUsualPerAddress = 1'000;
constexpr std::uint64_t kFewConnections = 16;

}  // namespace

std::uint64_t descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 1024;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // to raise it that far is every process's right
}

unsigned worker_count(const policy::Settings& settings) {
  return settings.workers != 0 ? settings.workers : std::max(1U, std::thread::hardware_concurrency());
}

Result<ConnectionBounds> connection_bounds(const policy::Settings& settings, std::uint64_t limit) {
  const std::uint64_t workers = worker_count(settings);
  std::uint64_t upstreams = 0;
  for (const auto& [name, upstream] : settings.upstreams)
    upstreams += workers * upstream.connections * upstream.urls.size();
  const std::uint64_t own =
      kStoreAndKeys + server::kMostAdminConnections + kEachWorker * workers + kEachSink * settings.log.size();
  const std::uint64_t taken = upstreams + own;
  const std::uint64_t wanted =
      settings.listen.connections != 0 ? settings.listen.connections : kFewConnections;
  if (taken + wanted > limit) {
    return failure(
        ErrorCode::invalid,
        fmt::format(
            "{} connections, {} to upstreams (for {} workers) and {} descriptors for the store, the log and "
            "the administration exceed the {} file descriptors of this process: lower listen.connections or "
            "an upstream's connections, or raise the limit (`ulimit -Hn`, LimitNOFILE= of systemd)",
            wanted, upstreams, workers, own, limit));
  }
  ConnectionBounds bounds;
  bounds.connections = static_cast<std::uint32_t>(
      settings.listen.connections != 0 ? wanted : std::min(kUsualConnections, limit - taken));
  // An address that is at its bound leaves most of them to the others.
  const std::uint64_t usual =
      std::clamp<std::uint64_t>(bounds.connections / 4, kFewConnections, kUsualPerAddress);
  bounds.per_address = settings.listen.connections_per_address != 0 ? settings.listen.connections_per_address
                                                                    : static_cast<std::uint32_t>(usual);
  return bounds;
}

}  // namespace gatehouse::app
