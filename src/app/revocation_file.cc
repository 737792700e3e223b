#include "app/revocation_file.h"

#include <filesystem>

#include <fmt/format.h>

#include "app/process_resources.h"

namespace gatehouse::app {
namespace {

// Changes when one of the files does.
std::string state_of_files(const std::vector<std::string>& paths) {
  std::string state;
  for (const std::string& path : paths) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(path, error);
    const auto size = error ? 0 : std::filesystem::file_size(path, error);
    state += fmt::format("{}:{}:{};", error.value(), error ? 0 : time.time_since_epoch().count(), size);
  }
  return state;
}

std::vector<std::string> authorities_of(const policy::Settings& settings) {
  std::vector<std::string> paths{settings.tls.client_ca.value};
  const std::string& of_admin = settings.listen.admin_access.client_ca.value;
  if (!of_admin.empty() && of_admin != paths.front()) paths.push_back(of_admin);
  return paths;
}

}  // namespace

RevocationFile::RevocationFile(const policy::Settings& settings)
    : lists_path_(settings.tls.client_crl.value), authorities_paths_(authorities_of(settings)) {}

Result<std::shared_ptr<RevocationFile>> RevocationFile::open(const policy::Settings& settings) {
  std::shared_ptr<RevocationFile> file(new RevocationFile(settings));
  GATEHOUSE_CHECK(file->look());
  return file;
}

std::shared_ptr<const crypto::RevocationLists> RevocationFile::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}

Result<> RevocationFile::look() {
  std::vector<std::string> paths = authorities_paths_;
  paths.push_back(lists_path_);
  std::string state = state_of_files(paths);
  if (state == state_) return {};
  state_ = std::move(state);
  GATEHOUSE_TRY(const std::string pem, read_whole(lists_path_));
  std::string authorities;
  for (const std::string& path : authorities_paths_) {
    GATEHOUSE_TRY(const std::string some, read_whole(path));
    authorities += some + "\n";
  }
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
