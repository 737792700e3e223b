// Whether the pepper is the one by which the keys of a store were hashed. With another one every key would be
// listed as active, and refused.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "net/task.h"

namespace gatehouse::db {
class Store;
}
namespace gatehouse::net {
class Loop;
}

namespace gatehouse::store {

// Compares the fingerprint of the pepper with that of the store, which gets it where it has none. A pepper
// that is not there yet (none) and another one are `conflict` while a key of the store is in force at `now`;
// where none is, the store gets the new fingerprint.
net::Task<Result<>> check_pepper(net::Loop& loop, db::Store& store, MonotonicTime until,
                                 std::optional<crypto::Digest256> fingerprint, WallTime now);

}  // namespace gatehouse::store
