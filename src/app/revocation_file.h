// The file of `tls.client_crl`: read when it changes, for all workers and listeners.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "gate/revocation.h"
#include "policy/settings.h"

namespace gatehouse::app {

class RevocationFile final : public gate::RevocationSource {
 public:
  // The settings name a file of lists. Fails if it cannot be read, or if the authorities of clients and of
  // the admin listener have not signed it.
  static Result<std::shared_ptr<RevocationFile>> open(const policy::Settings& settings);

  std::shared_ptr<const crypto::RevocationLists> lists() const override;
  std::uint64_t version() const override { return version_.load(std::memory_order_acquire); }

  // Reads the file again where it, or a file of authorities, has changed. When it fails the lists stay as
  // they were; they end by themselves (nextUpdate).
  Result<> look();

 private:
  explicit RevocationFile(const policy::Settings& settings);

  const std::string lists_path_;
  const std::vector<std::string> authorities_paths_;
  std::string state_;  // of the files, when they were last read
  mutable std::mutex mutex_;
  std::shared_ptr<const crypto::RevocationLists> lists_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace gatehouse::app
