// Which file a database is, whatever its path names.
#pragma once

#include <cstdint>

namespace gatehouse::db {

struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  bool operator==(const FileIdentity&) const = default;
};

}  // namespace gatehouse::db
