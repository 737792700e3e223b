#include "policy/documents_reader.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "http/characters.h"
#include "http/served_names.h"
#include "policy/key_reader.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {
namespace {

using doc::Field;

// "/v1" of `/v1` and `/v1/`. The beginning of paths, which is compared byte for byte: it has one spelling.
std::optional<PlacedText> path_beginning(const Field& field) {
  auto path = placed(field);
  if (!path) return std::nullopt;
  const auto fine = [](char c) { return http::is(c, http::kUnreserved) || c == '/'; };
  std::string& text = path->value;
  if (!text.starts_with('/') || text.size() == 1 || !std::ranges::all_of(text, fine) || text.contains("//") ||
      (text + '/').contains("/./") || (text + '/').contains("/../")) {
    field.problem(
        "must be the beginning of a path, of whole segments of letters, digits, `-`, `_`, `.` and "
        "`~`, such as /billing");
    return std::nullopt;
  }
  if (text.ends_with('/')) text.pop_back();
  return path;
}
constexpr auto as_path_beginning = [](const Field& field) { return path_beginning(field); };

// The same, where nothing may stand in front.
std::optional<PlacedText> base_path(const Field& field) {
  if (field.value().is_string() && (field.value().string().empty() || field.value().string() == "/"))
    return PlacedText{"", field.place()};
  return path_beginning(field);
}
constexpr auto as_base_path = [](const Field& field) { return base_path(field); };

std::vector<PlacedText> read_hosts(const Field& field) {
  std::vector<PlacedText> hosts;
  for (const Field& item : field.list_or_one()) {
    auto host = placed(item);
    if (!host) continue;
    auto name = http::host_name(host->value);
    if (!name) {
      item.problem(
          fmt::format("`{}` is not a host without a port; write it as api.example.com, "
                      "*.example.com, 192.0.2.1 or 2001:db8::1",
                      host->value));
      continue;
    }
    host->value = *std::move(name);
    hosts.push_back(*std::move(host));
  }
  if (field.is_list() && field.list().empty())
    field.problem("names no host, so no request could reach the document; name some, or remove `hosts`");
  return hosts;
}
constexpr auto as_hosts = [](const Field& field) { return std::optional(read_hosts(field)); };

std::optional<PlacedText> document_name(const Field& field) {
  auto name = placed(field);
  const auto fine = [](char c) { return http::is(c, http::kUnreserved) && c != '.' && c != '~'; };
  if (name && std::ranges::all_of(name->value, fine)) return name;
  if (name) field.problem("must be of letters, digits, `-` and `_`, such as billing");
  return std::nullopt;
}
constexpr auto as_document_name = [](const Field& field) { return document_name(field); };

}  // namespace

std::vector<DocumentSettings> read_documents(const Field& field, const std::string& directory) {
  std::vector<DocumentSettings> documents;
  if (field.is_list() && field.value().size() == 0)
    field.problem("names no document; name one, such as [api.yaml]");
  for (const Field& item : field.list_or_one()) {
    DocumentSettings document;
    if (!item.is_object()) {
      auto file = placed(item);
      if (!file) continue;
      document.file = *std::move(file);
    } else {
      KeyReader<keys::kDocument> in(item);
      document.file = in.required("file", as_placed);
      document.name = in.optional("name", as_document_name).value_or(PlacedText());
      document.upstream = in.optional("upstream", as_placed);
      document.strip = in.optional("strip", as_path_beginning).value_or(PlacedText());
      document.prefix = in.optional("prefix", as_base_path);
      document.hosts = in.optional("hosts", as_hosts).value_or(document.hosts);
      in.finish();
      if (document.file.value.empty()) continue;
    }
    if (document.file.value.starts_with("http://") || document.file.value.starts_with("https://")) {
      item.problem(
          fmt::format("`{}` is a URL, and documents are read from files; `gatehouse init --openapi "
                      "URL` fetches it into a file, or save it yourself, and name the file",
                      document.file.value));
      continue;
    }
    document.file.value = absolute(directory, document.file.value);
    documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace gatehouse::policy
