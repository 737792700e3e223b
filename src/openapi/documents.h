// The document and the local files that its references lead to. Internal to this room.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/problems.h"
#include "doc/load.h"
#include "doc/reader.h"
#include "doc/source.h"

namespace gatehouse::openapi {

// Files are known by URIs below one virtual directory, which stands for the directory of the document. Files
// outside of it, or on other hosts, are never read.
inline constexpr std::string_view kDocumentBase = "file:///document/";

class Documents {
 public:
  Documents(const std::filesystem::path& path, const doc::ReadFile& read,
            const std::vector<std::shared_ptr<const doc::Source>>& overlays, Problems& problems);
  ~Documents();

  // The document's root; nothing when it could not be read.
  std::optional<doc::Field> root();
  Problems& problems() { return problems_; }

  // The value itself, or the target of its `$ref`, through any number of references. Nothing, and a problem,
  // if one has no target, refers to itself, or leads out of the directory.
  std::optional<doc::Field> follow(const doc::Field& field);
  // The same for one reference text, as it stands in `from`.
  std::optional<doc::Field> resolve(const doc::Field& from, std::string_view reference);

  // A file beside the document, whose schemas are compiled too; nothing in the document refers to it.
  void add(std::shared_ptr<const doc::Source> source);
  const std::string& uri(const doc::Source& source) const;
  // The root of the file with that URI, which is read if it has not been; nothing if there is none.
  std::optional<json::Value> fetch(std::string_view uri);
  const doc::Source* source(std::string_view uri) const;

  std::vector<std::shared_ptr<const doc::Source>> sources() const;

  // References that could not be followed are told here, each once for all of its places.
  void report();

 private:
  struct File {
    std::string uri;
    std::shared_ptr<const doc::Source> source;  // null: could not be read, which was reported
  };
  struct Broken;  // a reference that cannot be followed
  const File& file(std::string uri);
  // The file of that name, a relative path; null where it leads out of the document's directory. Every name
  // that a document gives comes through here.
  const File* file_below(std::string_view name);

  std::filesystem::path directory_;
  const doc::ReadFile& read_;
  Problems& problems_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<std::unique_ptr<Broken>> broken_;
};

}  // namespace gatehouse::openapi
