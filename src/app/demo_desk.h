// The sample API of `gatehouse demo`: the files of its folder, and the secrets that are shown once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "policy/policy_set.h"

namespace gatehouse::app {

struct DemoPorts {
  std::uint16_t https = 8443;
  std::uint16_t http = 8080;
  std::uint16_t admin = 9443;
};

// Those that are free on this machine: others where they are taken. `conflict` where `https` was asked for.
Result<DemoPorts> choose_ports(std::uint16_t https);

// A folder for its owner only. It goes, with all that is in it, when this object does.
class DemoFolder {
 public:
  // A new one under the system's temporary directory, or, to be kept, at `keep`, where nothing may be yet.
  static Result<DemoFolder> make(const std::string& keep);
  DemoFolder(DemoFolder&& other) noexcept;
  DemoFolder& operator=(DemoFolder&&) = delete;
  ~DemoFolder();

  std::string path(std::string_view name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }
  bool stays() const { return stays_; }
  Result<> write(std::string_view name, std::string_view text) const;

 private:
  DemoFolder(std::filesystem::path path, bool stays) : path_(std::move(path)), stays_(stays) {}
  std::filesystem::path path_;  // empty: moved from
  bool stays_ = false;
};

// Tokens of users. The key that signs them is gone when this is returned; its public half is in the folder.
struct DemoTokens {
  Secret<std::string> clerk, administrator, expired;
};

// Certificates by authorities whose keys are kept nowhere, the configuration and its document, the tables,
// tokens.
Result<DemoTokens> furnish(const DemoFolder& folder, const DemoPorts& ports);

struct DemoKey {
  std::string id;
  Secret<std::string> text;
};
// A partner's API key, in the store of the policy that was loaded from the folder.
Result<DemoKey> make_partner_key(const policy::PolicySet& policy);

}  // namespace gatehouse::app
