// For this room's tests: documents in memory, and questions to one parameter.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/writer.h"
#include "openapi/api.h"
#include "openapi/load.h"
#include "openapi/parameter.h"

namespace gatehouse::openapi {

struct Loaded {
  Api api;
  Problems problems;
};

// `files` by their names; the document is `api.yaml`.
inline Loaded load_files(std::map<std::string, std::string> files, const LoadOptions& options = {}) {
  Loaded loaded;
  loaded.api = load(
      "api.yaml",
      [&](const std::filesystem::path& path) -> Result<std::string> {
        const auto found = files.find(path.generic_string());
        if (found == files.end()) return failure(ErrorCode::not_found, "no such file");
        return found->second;
      },
      options, loaded.problems);
  return loaded;
}
inline Loaded load_text(std::string text) { return load_files({{"api.yaml", std::move(text)}}); }

// The problems of a document, one line each.
inline std::string problems_of(std::string text) { return load_text(std::move(text)).problems.text(); }

class Fields final : public HeaderFields {
 public:
  Fields(std::initializer_list<std::pair<std::string, std::string>> list) : list_(list) {}
  std::optional<std::string_view> value(std::string_view name, std::size_t nth) const override {
    for (const auto& [known, value] : list_) {
      if (known == name && nth-- == 0) return value;
    }
    return std::nullopt;
  }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

// One operation with the given parameters (YAML flow objects), to be asked.
class Asked {
 public:
  explicit Asked(std::vector<std::string> parameters, std::string path = "/x",
                 const LoadOptions& options = {}) {
    std::string text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  " + path +
                       ":\n    get:\n      parameters:" + (parameters.empty() ? " []\n" : "\n");
    for (const std::string& parameter : parameters) text += "        - " + parameter + "\n";
    loaded_ = load_files({{"api.yaml", text}}, options);
    EXPECT_EQ(loaded_.problems.text(), "") << text;
  }
  std::string ask(const RawInput& raw) {
    if (loaded_.api.operations.empty()) return "no operation";
    if (loaded_.api.operations[0].input->read(raw, memory_, values_, findings_))
      return json::to_text(values_.root());
    std::string text;
    for (const schema::Finding& finding : findings_) {
      if (!text.empty()) text += ", ";
      text += std::string(finding.keyword()) + " " + finding.at;
    }
    EXPECT_TRUE(values_.empty());
    return text;
  }
  // The relevant part of the answer: the value of the only parameter, or the problem.
  std::string query(std::string_view raw) {
    return only("query", ask({.path = {}, .query = raw, .headers = nullptr}));
  }
  std::string path(std::string_view raw) {
    return only("path", ask({.path = {&raw, 1}, .query = {}, .headers = nullptr}));
  }
  std::string headers(const Fields& fields, std::string_view part = "header") {
    return only(part, ask({.path = {}, .query = {}, .headers = &fields}));
  }
  std::string cookie(std::string raw) { return headers({{"cookie", std::move(raw)}}, "cookie"); }

 private:
  std::string only(std::string_view part, std::string answer) {
    return values_.empty() ? answer : json::to_text(*values_.root().find(part));
  }
  Loaded loaded_;
  InputMemory memory_;
  json::Document values_;
  schema::Findings findings_;
};

}  // namespace gatehouse::openapi
