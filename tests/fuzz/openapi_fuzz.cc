// OpenAPI documents: loaded into operations that are complete, or into problems that have a place and say
// something. A line "%%%" parts the document from a second file, other.yaml, that it may refer to.
#include <algorithm>
#include <array>
#include <string>

#include "fuzz.h"
#include "openapi/api.h"
#include "openapi/load.h"
#include "openapi/parameter.h"

namespace gatehouse::openapi {
namespace {

void expect_complete(const Api& api) {
  for (const Operation& operation : api.operations) {
    FUZZ_EXPECT(!operation.title().empty() && !operation.routes.empty() && operation.input);
    for (const std::string& route : operation.routes) FUZZ_EXPECT(route.starts_with('/'));
    for (const Parameter& parameter : operation.parameters) {
      FUZZ_EXPECT(!parameter.name.empty() && parameter.checked_by && parameter.shape);
    }
    for (const SecurityAlternative& alternative : operation.security) {
      for (const SecurityNeed& need : alternative) FUZZ_EXPECT(api.scheme(need.scheme) != nullptr);
    }
    if (operation.body) {
      for (const Content& content : operation.body->content) {
        FUZZ_EXPECT((content.checked_by == nullptr) == (content.kind == BodyKind::opaque));
        FUZZ_EXPECT((content.form != nullptr) == (content.kind == BodyKind::form));
      }
    }
  }
}

// A request that brings nothing, and one that brings something undeclared.
void ask(const Operation& operation) {
  static InputMemory memory;
  json::Document values;
  schema::Findings findings;
  const std::vector<std::string_view> captures(operation.path_names.size(), "1");
  for (const std::string_view query : {"", "a=1&%00=2"}) {
    const bool taken = operation.input->read({.path = captures, .query = query}, memory, values, findings);
    FUZZ_EXPECT(taken == findings.empty() && taken != values.empty());
  }
}

}  // namespace
}  // namespace gatehouse::openapi

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::openapi;
  constexpr std::string_view kBreak = "\n%%%\n";
  const std::string_view all = fuzz_text(data, size);
  const std::size_t end = std::min(all.find(kBreak), all.size());
  const std::string document(all.substr(0, end));
  const std::string other(all.substr(std::min(end + kBreak.size(), all.size())));

  Problems problems;
  const Api api = load(
      "api.yaml",
      [&](const std::filesystem::path& path) -> Result<std::string> {
        if (path == "api.yaml") return document;
        if (path == "other.yaml") return other;
        FUZZ_EXPECT(!path.is_absolute() && std::ranges::find(path, "..") == path.end());
        return failure(ErrorCode::not_found, "no such file");
      },
      {}, problems);
  for (const Problem& problem : problems.list())
    FUZZ_EXPECT(!problem.what.empty() && !problem.place.file.empty());
  if (!problems.empty()) return 0;
  expect_complete(api);
  for (const Operation& operation : api.operations) ask(operation);
  return 0;
}
