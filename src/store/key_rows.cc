#include "store/key_rows.h"

#include <algorithm>
#include <utility>

#include "db/store.h"
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

net::Task<Result<KeyChange>> read_last_change(db::Session& session) {
  auto rows = co_await session.run("SELECT version, value FROM gatehouse_key_version", {});
  GATEHOUSE_CO_CHECK(rows);
  if (rows->empty()) co_return failure(ErrorCode::invalid, "the table gatehouse_key_version is empty");
  co_return KeyChange{(*rows)[0].integer(0), (*rows)[0].integer(1)};
}

std::optional<StoredKey> read_key(const db::RowSet::Row& row, std::size_t first) {
  const auto text = [&](std::size_t column) { return row.bytes(first + column); };
  const auto time = [&](std::size_t column) {
    return wall_time_from_nanoseconds(row.integer(first + column));
  };
  StoredKey key;
  key.id = text(0);
  key.principal = text(1);
  key.tenant = text(2);
  auto roles = read_list(text(3));
  const std::string_view hash = text(4);
  auto addresses = read_list(text(9));
  auto scopes = read_list(text(10));
  auto authenticators = read_list(text(11));
  if (!roles || !scopes || !addresses || !authenticators || hash.size() != key.hash.size() ||
      key.principal.empty())
    return std::nullopt;
  key.roles = *std::move(roles);
  key.scopes = *std::move(scopes);
  key.authenticators = *std::move(authenticators);
  std::ranges::copy(hash, key.hash.begin());
  key.created = time(5);
  if (!row.is_null(first + 6)) key.expires = time(6);
  if (!row.is_null(first + 7)) key.overlap_ends = time(7);
  if (!row.is_null(first + 8)) key.revoked = time(8);
  for (const std::string& address : *addresses) {
    const auto network = IpNetwork::parse(address);
    if (!network) return std::nullopt;
    key.addresses.push_back(*network);
  }
  return key;
}

}  // namespace gatehouse::store
