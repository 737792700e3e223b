// The identity of a database's file, independent of its path.
#pragma once

#include <cstdint>

namespace gatehouse::db {

struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;
  bool operator==(const FileIdentity&) const = default;
};

}  // namespace gatehouse::db
