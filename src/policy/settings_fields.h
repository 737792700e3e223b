// How the fields of gatehouse.yaml are read that several parts of it have. Internal to the readers of
// settings.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "doc/reader.h"
#include "http/media_type.h"
#include "policy/settings.h"

namespace gatehouse::policy {

inline std::optional<PlacedText> placed(const doc::Field& field) {
  auto text = field.text();
  if (!text) return std::nullopt;
  return PlacedText{*std::move(text), field.place()};
}
inline constexpr auto as_placed = [](const doc::Field& field) { return placed(field); };

inline std::vector<PlacedText> placed_list(const doc::Field& field) {
  std::vector<PlacedText> texts;
  for (const doc::Field& item : field.list_or_one()) {
    if (auto text = placed(item)) texts.push_back(*std::move(text));
  }
  return texts;
}
inline constexpr auto as_placed_list = [](const doc::Field& field) {
  return std::optional(placed_list(field));
};

inline std::string absolute(const std::string& directory, std::string_view path) {
  return (std::filesystem::path(directory) / path).lexically_normal().string();
}

// The path of a file.
inline auto as_file(const std::string& directory) {
  return [&directory](const doc::Field& field) -> std::optional<PlacedText> {
    auto path = placed(field);
    if (path && path->value.starts_with("file:")) {
      field.problem("names a file that is not secret: write `" + path->value.substr(5) +
                    "`, without `file:`");
      return std::nullopt;
    }
    if (path) path->value = absolute(directory, path->value);
    return path;
  };
}

// A secret is named, never written: the text after `file:`, as a path.
inline auto as_secret_file(const std::string& directory) {
  return [&directory](const doc::Field& field) -> std::optional<PlacedText> {
    auto path = placed(field);
    if (!path) return std::nullopt;
    if (!path->value.starts_with("file:")) {
      // The text may be the secret, which no message shows; the name of a file is none.
      std::error_code error;
      const bool is_path =
          path->value.ends_with(".key") || path->value.ends_with(".pem") ||
          (path->value.size() < 256 && std::filesystem::exists(absolute(directory, path->value), error));
      field.problem(is_path ? "names a secret: write `file:" + path->value + "`"
                            : "names a secret: write `file:PATH`, never the secret itself");
      return std::nullopt;
    }
    path->value = absolute(directory, std::string_view(path->value).substr(5));
    return path;
  };
}

// `set`: {X-Env: prod, Authorization: "env:BILLING_TOKEN", X-Key: "file:key.txt"}.
inline std::vector<SetField> read_set(const doc::Field& field, const std::string& directory) {
  std::vector<SetField> all;
  for (const auto& [name, value] : field.map()) {
    auto text = placed(value);
    if (!text) continue;
    SetField one{{name, text->place}, *std::move(text), SetField::From::text};
    std::string& written = one.value.value;
    if (written.starts_with("env:")) {
      one.from = SetField::From::environment;
      written.erase(0, 4);
    } else if (written.starts_with("file:")) {
      one.from = SetField::From::file;
      written = absolute(directory, std::string_view(written).substr(5));
    }
    all.push_back(std::move(one));
  }
  return all;
}

// Kept to be read with the documents.
inline std::shared_ptr<const doc::Field> kept(const std::optional<doc::Field>& field) {
  return field ? std::make_shared<const doc::Field>(*field) : nullptr;
}

// `media_types`.
inline constexpr auto as_media_types = [](const doc::Field& field) {
  std::vector<PlacedText> types = placed_list(field);
  for (PlacedText& type : types) {
    std::ranges::transform(type.value, type.value.begin(), ascii_lower);
    const auto parsed = http::parse_media_type(type.value);
    if (!parsed || !parsed->parameters.empty())
      field.problem("`" + type.value +
                    "` is not a media type without parameters, such as `application/json`");
  }
  return std::optional(std::move(types));
};

// One entry of `limits`.
LimitSettings read_limit(std::string name, const doc::Field& field);

// One authenticator, of any type.
Authenticator read_authenticator(std::string name, const doc::Field& field, const std::string& directory);

}  // namespace gatehouse::policy
