#include "store/key_rows.h"

#include <algorithm>

#include "json/parser.h"
#include "json/writer.h"

namespace gatehouse::store {

std::string list_text(const std::vector<std::string>& list) {
  std::string out = "[";
  for (const std::string& item : list) {
    if (out.size() > 1) out += ',';
    json::append_string(out, item);
  }
  return out += ']';
}

std::optional<std::vector<std::string>> read_list(std::string_view text) {
  json::Parser parser;
  json::Document document;
  if (!parser.parse(text, document) || !document.root().is_array()) return std::nullopt;
  std::vector<std::string> list;
  for (const json::Value item : document.root().elements()) {
    if (!item.is_string()) return std::nullopt;
    list.emplace_back(item.string());
  }
  return list;
}

Result<KeyVersionRow> read_key_version(db::Connection& connection) {
  GATEHOUSE_TRY(db::Rows version, connection.query("SELECT version, value FROM gatehouse_key_version"));
  GATEHOUSE_TRY(const bool there, version.next());
  if (!there) return failure(ErrorCode::invalid, "the table gatehouse_key_version is empty");
  return KeyVersionRow{version.integer(0), version.integer(1)};
}

std::optional<StoredKey> read_key(const db::Rows& row) {
  StoredKey key;
  key.id = row.text(0);
  key.principal = row.text(1);
  key.tenant = row.text(2);
  auto roles = read_list(row.text(3));
  const std::string_view hash = row.blob(4);
  auto addresses = read_list(row.text(9));
  auto scopes = read_list(row.text(10));
  auto authenticators = read_list(row.text(11));
  if (!roles || !scopes || !addresses || !authenticators || hash.size() != key.hash.size() ||
      key.principal.empty())
    return std::nullopt;
  key.roles = *std::move(roles);
  key.scopes = *std::move(scopes);
  key.authenticators = *std::move(authenticators);
  std::ranges::copy(hash, key.hash.begin());
  key.created = wall_time_from_nanoseconds(row.integer(5));
  if (!row.is_null(6)) key.expires = wall_time_from_nanoseconds(row.integer(6));
  if (!row.is_null(7)) key.overlap_ends = wall_time_from_nanoseconds(row.integer(7));
  if (!row.is_null(8)) key.revoked = wall_time_from_nanoseconds(row.integer(8));
  for (const std::string& address : *addresses) {
    const auto network = IpNetwork::parse(address);
    if (!network) return std::nullopt;
    key.addresses.push_back(*network);
  }
  return key;
}

}  // namespace gatehouse::store
