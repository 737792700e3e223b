// The list of keys (keys_server.h, keys_api.h) as text.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::policy {

// The keys behind the heading of docs/reference.md: a section for each kind of object.
std::string reference_as_markdown();

// An array of objects, for programs: section, key, type, kind, default, meaning, example.
std::string reference_as_json();

// Each key in a line.
std::string reference_in_lines();

// The keys that are meant: `timeout`, `upstreams.NAME.timeout` and `upstreams.billing.timeout` are all found.
// Empty: there is none.
std::string reference_of(std::string_view key);

// The nearest name of a key; empty: none is near.
std::string_view nearest_key(std::string_view written);

}  // namespace gatehouse::policy
