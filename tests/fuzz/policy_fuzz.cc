// gatehouse.yaml, held against a fixed API and database: compiled into a policy in which every operation is
// decided, or into problems that have a place and say something. Behind a line "%%%" may stand one
// operation's x-gatehouse.
#include <string>

#include "doc/source.h"
#include "fuzz.h"
#include "openapi/api.h"
#include "openapi/load.h"
#include "policy/compile.h"

namespace gatehouse::policy {
namespace {

constexpr std::string_view kApi = R"({"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"},
  "paths": {
    "/orders/{id}": {"get": {"operationId": "getOrder", "security": [{"userToken": []}, {"partnerKey": []}],
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
                     {"name": "q", "in": "query", "schema": {"type": "string"}}],
      "responses": {"200": {"description": "it", "content": {"application/json": {"schema": {"type": "object"}}}}}}},
    "/orders": {"post": {"operationId": "createOrder", "security": [{"userToken": []}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object",
        "properties": {"total": {"type": "number"}, "email": {"type": "string"}}}}}},
      "responses": {"201": {"description": "done"}}@}},
    "/prices": {"get": {"operationId": "listPrices", "security": [], "responses": {"200": {"description": "all"}}}}},
  "components": {"securitySchemes": {
    "userToken": {"type": "http", "scheme": "bearer"},
    "partnerKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}}})";

db::Connection database() {
  auto connection = db::Connection::open({.path = ":memory:"});
  FUZZ_EXPECT(connection &&
              connection->execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL)"));
  return *std::move(connection);
}

openapi::Api api(std::string_view extension, Problems& problems) {
  std::string text(kApi);
  const std::size_t at = text.find('@');
  text.replace(at, 1, extension.empty() ? "" : ", \"x-gatehouse\": " + std::string(extension));
  return openapi::load(
      "api.json", [&](const std::filesystem::path&) -> Result<std::string> { return text; }, {}, problems);
}

void expect_decided(const PolicySet& set) {
  FUZZ_EXPECT(set.operations.size() == 3);
  for (const Operation& operation : set.operations) {
    FUZZ_EXPECT(!operation.permission.empty() && operation.body_bytes > 0 && operation.timeout.count() > 0);
    FUZZ_EXPECT((!operation.alternatives.empty() || operation.admits_anonymous) && operation.depth > 0);
    // A caller without a credential is admitted only where the configuration gives its reason.
    if (operation.admits_anonymous)
      FUZZ_EXPECT(operation.settings->open && !operation.settings->open->value.empty());
    if (const auto* target = operation.upstream()) FUZZ_EXPECT(target->upstream != nullptr);
    if (const auto* target = operation.sql()) FUZZ_EXPECT(target->statement.fixed != nullptr);
    if (const auto* target = operation.handler()) FUZZ_EXPECT(!target->name.empty());
  }
}

}  // namespace
}  // namespace gatehouse::policy

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::policy;
  constexpr std::string_view kBreak = "\n%%%\n";
  const std::string_view all = fuzz_text(data, size);
  const std::size_t end = std::min(all.find(kBreak), all.size());
  const std::string_view extension = all.substr(std::min(end + kBreak.size(), all.size()));

  static db::Connection connection = database();
  Problems problems;
  const doc::Limits limits{.bytes = 1U << 16U, .depth = 64, .values = 10'000, .text = 1U << 20U};
  const auto source = doc::parse(std::string(all.substr(0, end)), "gatehouse.yaml", problems, limits);
  CompileInput input;
  if (source) input.settings = read_settings(*source, "/etc/gatehouse", problems);
  input.apis.push_back(api(extension, problems));
  input.database = &connection;
  input.handlers = {"getOrder"};
  if (source && input.apis.back().operations.size() == 3) {
    const auto set = compile(std::move(input), problems);
    FUZZ_EXPECT((set == nullptr) == !problems.empty());
    if (set) expect_decided(*set);
  }
  for (const Problem& problem : problems.list()) FUZZ_EXPECT(!problem.what.empty());
  return 0;
}
