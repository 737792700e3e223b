// The port to the API keys that are in force (store/key_store.h holds them in SQLite). One instance for each
// worker, used on its thread only; no call waits.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"

namespace gatehouse {

struct ApiKeyRecord {
  std::string id;         // in events and commands; not a secret
  std::string principal;  // who it proves: "partner:acme"
  std::string tenant;
  std::vector<std::string> roles;
  std::array<std::uint8_t, 32> hash{};  // crypto::KeyHasher
  WallTime created{};
  WallTime expires = WallTime::max();  // not valid from here on, also by the end of a rotation's overlap
  WallTime revoked = WallTime::max();
  std::vector<IpNetwork> addresses;  // where it may be used from; empty: everywhere

  bool allows(const IpAddress& address) const {
    for (const IpNetwork& network : addresses) {
      if (network.contains(address)) return true;
    }
    return addresses.empty();
  }
};

enum class KeyLookup : std::uint8_t {
  unavailable,  // the store has not been readable for so long that a revocation could have been missed
  unknown,
  found,  // also a key that has expired or was revoked: the record says so
};

struct FoundKey {
  KeyLookup status = KeyLookup::unavailable;
  const ApiKeyRecord* key = nullptr;  // valid until the next call on this instance
};

class ApiKeys {
 public:
  virtual ~ApiKeys() = default;
  virtual FoundKey find(std::string_view id) = 0;
  // A request was let in by the key that find() gave last; kept to the second, written in batches.
  virtual void used(const ApiKeyRecord& key, WallTime now) = 0;
  // Changes when any key did: what was derived from a record under another number is void.
  virtual std::uint64_t generation() = 0;
};

}  // namespace gatehouse
