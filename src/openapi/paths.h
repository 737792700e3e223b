// Path templates and servers. Internal to this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doc/reader.h"

namespace gatehouse::openapi {

// The names in a path template, in its order. Problems for templates that no request could match, or two
// ways.
std::vector<std::string> template_names(std::string_view path, const doc::Field& at);

// Whether a template is meant to match several segments: `{rest:path}`, `{*rest}`, `{rest...}`, `{rest+}`,
// `*`.
bool crosses_slashes(std::string_view path);

// The path of each Server Object's URL, with variables inserted, without a `/` at the end and without
// duplicates; one empty path if there are no servers.
std::vector<std::string> base_paths(const doc::Field& servers);

// Whether a path is `prefix`, or below it.
bool is_below(std::string_view path, std::string_view prefix);

}  // namespace gatehouse::openapi
