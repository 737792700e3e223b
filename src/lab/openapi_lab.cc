// openapi: a document of the disk, loaded as the server does it.
#include <chrono>
#include <string>

#include "doc/load.h"
#include "doc/source.h"
#include "json/writer.h"
#include "lab/lab.h"
#include "openapi/api.h"
#include "openapi/load.h"

namespace gatehouse::lab {

std::string answer_openapi(json::Value question) {
  const auto path = question.find_string("path");
  if (!path) return R"({"error":"a question has a path"})";
  const auto begin = std::chrono::steady_clock::now();
  Problems problems;
  const openapi::Api api = openapi::load(std::string(*path), doc::disk_files(), {}, problems);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);

  std::string out = R"({"operations":)" + std::to_string(api.operations.size()) + R"(,"milliseconds":)" +
                    std::to_string(took.count()) + R"(,"problems":[)";
  for (const Problem& problem : problems.list()) {
    if (out.back() != '[') out += ',';
    json::append_string(out, std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) +
                                 ": " + problem.what);
  }
  return out + "]}";
}

}  // namespace gatehouse::lab
