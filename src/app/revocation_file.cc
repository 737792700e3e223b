#include "app/revocation_file.h"

#include <filesystem>

#include <fmt/format.h>

#include "app/world.h"

namespace gatehouse::app {
namespace {

// Changes when one of the files does.
std::string state_of_files(const std::string& first, const std::string& second) {
  std::string state;
  for (const std::string& path : {first, second}) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(path, error);
    const auto size = error ? 0 : std::filesystem::file_size(path, error);
    state += fmt::format("{}:{}:{};", error.value(), error ? 0 : time.time_since_epoch().count(), size);
  }
  return state;
}

}  // namespace

RevocationFile::RevocationFile(const policy::Tls& tls)
    : lists_path_(tls.client_crl.value), authorities_path_(tls.client_ca.value) {}

Result<std::shared_ptr<RevocationFile>> RevocationFile::open(const policy::Tls& tls) {
  std::shared_ptr<RevocationFile> file(new RevocationFile(tls));
  GATEHOUSE_CHECK(file->look());
  return file;
}

std::shared_ptr<const crypto::RevocationLists> RevocationFile::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

Result<> RevocationFile::look() {
  std::string state = state_of_files(lists_path_, authorities_path_);
  if (state == state_) return {};
  state_ = std::move(state);
  GATEHOUSE_TRY(const std::string pem, read_whole(lists_path_));
  GATEHOUSE_TRY(const std::string authorities, read_whole(authorities_path_));
  auto lists = crypto::RevocationLists::parse(pem, authorities);
  if (!lists) {
    return failure(ErrorCode::invalid, fmt::format("{}: {}", lists_path_, lists.error().text));
  }
  const std::lock_guard lock(mutex_);
  lists_ = std::make_shared<const crypto::RevocationLists>(*std::move(lists));
  version_.fetch_add(1, std::memory_order_release);
  return {};
}

}  // namespace gatehouse::app
