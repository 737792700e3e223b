// The attributes of an object, from an upstream: GET on a path that names it. 200 with a JSON object are the
// attributes, 404 and 410 say that there is no such object, and every other answer refuses.
#pragma once

#include <memory>

#include "core/path_template.h"
#include "json/parser.h"
#include "target/upstream.h"

namespace gatehouse::target {

class UpstreamLookup final : public ResourceLookup {
 public:
  // `assertion`: empty where the operation does not assert.
  UpstreamLookup(std::shared_ptr<UpstreamClient> client, PathTemplate path, MakeAssertion assertion)
      : client_(std::move(client)), path_(std::move(path)), assertion_(std::move(assertion)) {}
  net::Task<Verdict<void>> find(const Input& input, const Call& call, json::Document& row,
                                CallReport& report) override;

  static constexpr std::size_t kMostBytes = std::size_t{64} << 10U;  // of attributes
  static constexpr std::size_t kMostDepth = 16;

 private:
  net::Task<Verdict<void>> read(Response& response, json::Document& row, CallReport& report);

  std::shared_ptr<UpstreamClient> client_;
  PathTemplate path_;
  MakeAssertion assertion_;
  json::Parser parser_;
};

}  // namespace gatehouse::target
