#include "openapi/documents.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "doc/load.h"
#include "doc/reader.h"
#include "doc/source.h"
#include "openapi/decode.h"
#include "openapi/overlay.h"

namespace gatehouse::openapi {
namespace {

constexpr int kMostReferences = 64;  // one behind the other

bool has_scheme(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  return colon != reference.npos && reference.find_first_of("/?#") > colon;
}

// Keys whose members are names that an author chose.
constexpr std::string_view kKeysOfNames[] = {
    "properties",
    "patternProperties",
    "dependentSchemas",
    "dependentRequired",
    "$defs",
    "definitions",
    "schemas",
    "headers",
    "mapping",
    "variables",
    "parameters",
    "requestBodies",
    "pathItems",
    "callbacks",
    "links",
    "securitySchemes",
    "content",
    "encoding",
    "scopes",
    "mediaTypes",
    "responses",
    "required",
    "enum",
    "const",
};

// Examples, defaults and extensions: no request is held against them.
bool is_only_shown(std::string_view within, std::string_view key) {
  const bool shown = key == "example" || key == "examples" || key == "default" ||
                     (key.starts_with("x-") && key != "x-gatehouse" && key != "x-sensitive");
  return shown && std::ranges::find(kKeysOfNames, within) == std::end(kKeysOfNames);
}

constexpr doc::Limits kDocumentLimits{.only_shown = is_only_shown};

}  // namespace

struct Documents::Broken {
  const doc::Source* in;
  std::string cause;  // the reference, or the file that could not be read
  doc::Field first;
  std::string why;
  std::set<const json::Node*> places{};
};

Documents::~Documents() = default;

Documents::Documents(const std::filesystem::path& path, const doc::ReadFile& read,
                     const std::vector<std::shared_ptr<const doc::Source>>& overlays, Problems& problems)
    : directory_(path.parent_path()), read_(read), problems_(problems) {
  auto source = doc::load(path, read, problems, kDocumentLimits);
  if (source && !overlays.empty()) source = overlaid(source, overlays, problems);
  files_.push_back(
      std::make_unique<File>(std::string(kDocumentBase) + path.filename().string(), std::move(source)));
}

std::optional<doc::Field> Documents::root() {
  const auto& source = files_.front()->source;
  if (!source) return std::nullopt;
  return doc::Field(*source, source->root(), "", problems_);
}

const Documents::File& Documents::file(std::string uri) {
  for (const auto& known : files_) {
    if (known->uri == uri) return *known;
  }
  const std::filesystem::path path = directory_ / uri.substr(kDocumentBase.size());
  files_.push_back(
      std::make_unique<File>(std::move(uri), doc::load(path, read_, problems_, kDocumentLimits)));
  return *files_.back();
}

const Documents::File* Documents::file_below(std::string_view name) {
  const std::filesystem::path normal = std::filesystem::path(name).lexically_normal();
  const std::string target = normal.generic_string();
  if (normal.is_absolute() || target == ".." || target.starts_with("../")) return nullptr;
  return &file(std::string(kDocumentBase) + target);
}

void Documents::add(std::shared_ptr<const doc::Source> source) {
  files_.push_back(std::make_unique<File>(File{"file:///configuration", std::move(source)}));
}

const std::string& Documents::uri(const doc::Source& source) const {
  for (const auto& known : files_) {
    if (known->source.get() == &source) return known->uri;
  }
  return files_.front()->uri;  // not reached: every source comes from here
}

std::optional<json::Value> Documents::fetch(std::string_view uri) {
  if (!uri.starts_with(kDocumentBase)) return std::nullopt;
  std::string scratch;
  const auto name = decode(uri, Encoding::percent, scratch);
  if (!name) return std::nullopt;
  const File* const known = file_below(name->substr(kDocumentBase.size()));
  if (!known || !known->source) return std::nullopt;
  return known->source->root();
}

const doc::Source* Documents::source(std::string_view uri) const {
  for (const auto& known : files_) {
    if (known->uri == uri) return known->source.get();
  }
  return nullptr;
}

std::vector<std::shared_ptr<const doc::Source>> Documents::sources() const {
  std::vector<std::shared_ptr<const doc::Source>> all;
  for (const auto& known : files_) {
    if (known->source) all.push_back(known->source);
  }
  return all;
}

std::optional<doc::Field> Documents::resolve(const doc::Field& from, std::string_view reference) {
  std::string cause(reference);
  const auto wrong = [&](std::string_view why) -> std::optional<doc::Field> {
    std::string what = "`$ref: " + std::string(reference) + "` " + std::string(why);
    if (&from.problems() != &problems_) {
      from.problem(what);  // not for the person who wrote the document
      return std::nullopt;
    }
    const auto known = std::ranges::find_if(
        broken_, [&](const auto& one) { return one->in == &from.source() && one->cause == cause; });
    Broken& broken =
        known != broken_.end()
            ? **known
            : *broken_.emplace_back(std::make_unique<Broken>(&from.source(), cause, from, std::move(what)));
    broken.places.insert(from.value().node());
    return std::nullopt;
  };
  const std::size_t hash = std::min(reference.find('#'), reference.size());
  std::string_view path = reference.substr(0, hash);
  // OpenAPI 3.2 section 4.1.2.2: a document may refer to itself by its `$self`.
  if (!path.empty() && path == from.source().root().find_string("$self")) path = {};
  std::string_view fragment = reference.substr(std::min(hash + 1, reference.size()));

  if (has_scheme(path) || path.starts_with("//"))
    return wrong("is a network address; save the file beside the document and refer to that");
  const doc::Source* source = &from.source();
  if (!path.empty()) {
    std::string scratch;
    const auto decoded = decode(path, Encoding::percent, scratch);
    if (!decoded || path.find('?') != path.npos || path.find('\\') != path.npos)
      return wrong("is not the path of a file");
    const std::filesystem::path base =
        std::filesystem::path(uri(*source).substr(kDocumentBase.size())).parent_path();
    const File* const known = file_below((base / *decoded).generic_string());
    if (!known) return wrong("leads out of the document's directory; move the file below it");
    cause = path;  // any part of the file
    if (!known->source) return wrong("cannot be followed: the file could not be read; save it there");
    source = known->source.get();
  }
  cause = reference;
  std::string scratch;
  const auto pointer = decode(fragment, Encoding::percent, scratch);
  const auto value = pointer ? source->root().pointer(*pointer) : std::nullopt;
  if (!value)
    return wrong("has no target: there is no such place in " + source->name() +
                 "; add it there, or correct the reference");
  std::string where;
  for (std::string_view rest = *pointer; !rest.empty();) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (!where.empty()) where += '.';
    where += rest.substr(0, end);
    rest.remove_prefix(end);
  }
  return doc::Field(*source, *value, std::move(where), problems_);
}

void Documents::report() {
  for (const auto& one : broken_) {
    const std::size_t more = one->places.size() - 1;
    one->first.problem(one->why + (more == 0 ? "" : "; so it is for " + std::to_string(more) + " more"));
  }
}

std::optional<doc::Field> Documents::follow(const doc::Field& field) {
  std::optional<doc::Field> here = field;
  for (int i = 0; i < kMostReferences; ++i) {
    const auto reference = here->value().find_string("$ref");
    if (!reference) return here;
    here = resolve(*here, *reference);
    if (!here) return std::nullopt;
  }
  field.problem("`$ref` refers to itself; let it refer to a definition");
  return std::nullopt;
}

}  // namespace gatehouse::openapi
