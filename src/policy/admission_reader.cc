#include "policy/admission_reader.h"

#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "cel/time.h"
#include "policy/key_reader.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {

using doc::as_field;
using doc::as_text;
using doc::Field;

std::vector<IpNetwork> read_networks(const Field& field) {
  std::vector<IpNetwork> networks;
  for (const Field& item : field.list_or_one()) {
    const auto text = item.text();
    if (!text) continue;
    const auto network = IpNetwork::parse(*text);
    if (network) {
      networks.push_back(*network);
    } else {
      item.problem(fmt::format("`{}` is not a network; write it as 10.0.0.0/8", *text));
    }
  }
  return networks;
}

// `allowed: {addresses: […]}` and `blocked: {addresses: […] or file:PATH, principals: […]}`.
Admittance read_admittance(KeyReader<keys::kTop>& in, const std::string& directory) {
  Admittance admittance;
  if (const auto allowed = in.optional("allowed", as_field)) {
    KeyReader<keys::kAllowed> inner(*allowed);
    if (const auto addresses = inner.required_field("addresses")) {
      admittance.allowed = read_networks(*addresses);
      if (admittance.allowed.empty())
        inner.problem("addresses", "is empty, so that no request would be answered");
    }
    inner.finish();
  }
  if (const auto blocked = in.optional("blocked", as_field)) {
    KeyReader<keys::kBlocked> inner(*blocked);
    const auto addresses = inner.optional("addresses", as_field);
    if (addresses && addresses->is_text() && addresses->value().string().starts_with("file:")) {
      admittance.blocked_file = as_secret_file(directory)(*addresses).value_or(PlacedText());
    } else if (addresses) {
      admittance.blocked = read_networks(*addresses);
    }
    if (const auto principals = inner.optional("principals", as_placed_list))
      admittance.blocked_principals = *principals;
    inner.finish();
  }
  return admittance;
}

MaintenanceSettings read_maintenance(const Field& field) {
  KeyReader<keys::kMaintenance> in(field);
  MaintenanceSettings maintenance;
  if (const auto operations = in.required_field("operations")) {
    maintenance.operations = placed_list(*operations);
    if (maintenance.operations.empty())
      in.problem("operations", "names no operation; add one, or `\"*\"` for all");
  }
  if (const auto until = in.take("until")) {
    const auto text = until->text();
    if (const auto time = text ? cel::parse_timestamp(*text) : std::nullopt) {
      maintenance.until = std::chrono::sys_seconds(std::chrono::seconds(time->seconds));
    } else if (text) {
      until->problem("must be a date and time of RFC 3339, such as 2027-06-30T06:00:00Z");
    }
  }
  maintenance.body = in.optional("body", as_text).value_or("");
  if (maintenance.body.size() > 1000) in.problem("body", "must have at most 1000 bytes");
  in.finish();
  return maintenance;
}

}  // namespace gatehouse::policy
