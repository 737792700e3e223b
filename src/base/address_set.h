// Many networks, and whether one of them holds an address: the cost is that of a search for each length of
// prefix that there is, however many networks there are.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "base/ip.h"

namespace gatehouse {

class AddressSet {
 public:
  explicit AddressSet(const std::vector<IpNetwork>& networks = {});
  bool contains(const IpAddress& address) const;
  bool empty() const { return by_prefix_.empty(); }

 private:
  std::map<unsigned, std::vector<IpAddress>> by_prefix_;  // sorted
};

}  // namespace gatehouse
