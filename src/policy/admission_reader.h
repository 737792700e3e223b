// The keys that decide whose requests are answered, and which operations answer. Internal to the readers of
// settings.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "policy/key_reader.h"
#include "policy/settings.h"

namespace gatehouse::policy {

// One network or a list, as in `trusted_proxies`.
std::vector<IpNetwork> read_networks(const doc::Field& field);
// `allowed` and `blocked`, among the keys of `in`.
Admittance read_admittance(KeyReader<keys::kTop>& in, const std::string& directory);
MaintenanceSettings read_maintenance(const doc::Field& field);

}  // namespace gatehouse::policy
