// Request Body Objects. Internal to this room.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doc/reader.h"
#include "openapi/api.h"
#include "openapi/plus.h"
#include "openapi/security.h"

namespace gatehouse::openapi {

struct Additions;
class Documents;
class InputCompiler;
class Schemas;

class BodyReader {
 public:
  BodyReader(Documents& documents, Schemas& schemas, InputCompiler& inputs, Version version)
      : documents_(documents), schemas_(schemas), inputs_(inputs), version_(version) {}

  // Fills the operation's `body`, or its `ignored_body`. Adds every problem that it finds, but for types that
  // cannot be taken: report() tells each of them once.
  void read(const doc::Field& written, const Additions& decided, Operation& operation);
  void report();

 private:
  // How a type comes to be taken: because it is named, or everything is; or because a range of the
  // configuration covers it, which asks for nothing that cannot be.
  enum class Taken : unsigned char { named, covered };
  bool is_ignored(Method method) const;
  void read_contents(const doc::Field& content, const Additions& decided, RequestBody& body);
  std::optional<Content> read_content(const std::string& type, const std::string& written,
                                      const doc::Field& media, Taken taken, Deep deep);
  // A JSON value after another. false: it cannot be taken, for the reason in `why`, or there is a problem.
  bool read_sequence(const std::optional<doc::Field>& schema, const std::optional<doc::Field>& item,
                     Content& content, std::string_view& why);
  void cannot_take(const std::string& type, std::string_view why, const doc::Field& media);

  // Bodies of one type that cannot be taken.
  struct Untakeable {
    std::string_view why;
    doc::Field first;
    std::size_t count = 0;
  };

  Documents& documents_;
  Schemas& schemas_;
  InputCompiler& inputs_;
  Version version_;
  std::map<std::string, Untakeable> untakeable_;  // by type
};

}  // namespace gatehouse::openapi
