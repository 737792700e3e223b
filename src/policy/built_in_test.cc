// The requirements of a group of built-in operations hold in every configuration. The group of this test is
// larger than the real ones.
#include "policy/built_in.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/target.h"
#include "policy/load.h"

namespace gatehouse::policy {
namespace {

constexpr std::string_view kDoorDocument = R"(openapi: 3.1.0
info: {title: Door, version: "1"}
paths:
  /door/{name}:
    post:
      operationId: door.open
      security: [{}]
      parameters: [{name: name, in: path, required: true, schema: {type: string, maxLength: 9}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {code: {type: string, maxLength: 9}}}}}}
      responses: {"204": {description: open}}
)";
constexpr std::string_view kDoorPolicy = R"(roles: {anonymous: [door:open]}
limits:
  door.per_ip: {per: ip, rate: 9/s, burst: 9}
  door.per_name: {per: [ip, request.path.name], rate: 9/s, burst: 9}
operations:
  door.open: {permission: door:open, public: a test of a group, limits: [door.per_ip, door.per_name], body: 4KiB, sensitive: door}
)";

std::unique_ptr<Target> no_target(const BuiltInContext&) { return nullptr; }
constexpr BuiltInOperation kDoorOperations[] = {{"door.open", no_target}};
const Place* always_on(const Settings& settings) { return &settings.listen.place; }

constexpr BuiltInGroup kDoor{"door", kDoorDocument, kDoorPolicy, kDoorOperations, always_on};

struct LoadedDoor {
  std::shared_ptr<const PolicySet> set;
  std::string problems;

  const Operation* door() const { return set ? set->find("door.open") : nullptr; }
};

LoadedDoor load_door(const BuiltInGroup& group, std::string_view entry = {},
                     std::string_view api_path = "/mine") {
  const std::string api = fmt::format(
      "openapi: 3.1.0\ninfo: {{title: Mine, version: \"1\"}}\npaths:\n"
      "  {}: {{get: {{operationId: mine, security: [{{}}], parameters: {}}}}}\n",
      api_path,
      api_path.contains('{') ? "[{name: key, in: path, required: true, schema: {type: string}}]" : "[]");
  const std::string configuration = fmt::format(
      "openapi: [api.yaml]\nlisten: {{https: \"127.0.0.1:8443\"}}\ntls: {{certificate: c, private_key: "
      "file:k}}\n"
      "upstreams: {{mine: {{url: \"http://127.0.0.1:3000\"}}}}\nroles: {{anonymous: [mine]}}\n"
      "limits: {{per_ip: {{per: ip, rate: 9/s, burst: 9}}, per_name: {{per: [request.path.name, ip], rate: "
      "9/s, burst: 9}}, "
      "per_caller: {{per: principal, rate: 9/s}}}}\n"
      "defaults: {{limits: [per_caller], upstream: mine}}\noperations:\n"
      "  mine: {{permission: mine, public: a test of a group, limits: [per_ip]}}\n{}",
      entry.empty() ? std::string() : fmt::format("  door.open: {}\n", entry));
  const BuiltInGroup* const groups[] = {&group};
  Problems problems;
  LoadedDoor loaded;
  loaded.set = load("gatehouse.yaml",
                    {.read = [&](const std::filesystem::path& path) -> Result<std::string> {
                       return path.filename() == "api.yaml" ? api : configuration;
                     },
                     .handlers = {},
                     .built_ins = groups},
                    problems);
  loaded.problems = problems.text();
  return loaded;
}

TEST(BuiltInGroup, BringsItsDocumentItsPolicyAndItsTargets) {
  const LoadedDoor loaded = load_door(kDoor);
  ASSERT_NE(loaded.door(), nullptr) << loaded.problems;
  const Operation& door = *loaded.door();
  ASSERT_NE(door.built_in(), nullptr);
  EXPECT_EQ(door.built_in()->operation, kDoorOperations);
  EXPECT_EQ(door.permission, "door:open");
  EXPECT_EQ(door.sensitive, "door");
  EXPECT_EQ(door.body_bytes, 4096U);
  EXPECT_EQ(door.address_limits.size(), 1U);
  EXPECT_EQ(door.input_limits.size(), 1U);
  EXPECT_EQ(loaded.set->find("mine")->built_in(), nullptr);
}

TEST(BuiltInGroup, TakesASmallerBodyAndNoLargerOne) {
  EXPECT_EQ(load_door(kDoor, "{body: 1KiB}").door()->body_bytes, 1024U);
  EXPECT_EQ(load_door(kDoor, "{body: 5KiB}").problems,
            "gatehouse.yaml:10:14: operations.door.open: `body` may be at most 4KiB: this operation needs no "
            "more\n");
}

TEST(BuiltInGroup, KeepsALimitOfEachOfItsKinds) {
  EXPECT_NE(load_door(kDoor, "{limits: [per_ip, per_name, per_caller]}").door(), nullptr);
  for (const std::string_view limits : {"[per_ip]", "[per_ip, per_caller]"})
    EXPECT_EQ(
        load_door(kDoor, fmt::format("{{limits: {}}}", limits)).problems,
        "gatehouse.yaml:10:14: operations.door.open: `limits` needs one per ip and request.path.name, as "
        "`door.per_name` is; add one, or leave `limits` out\n")
        << limits;
  EXPECT_EQ(
      load_door(kDoor, "{limits: [per_name]}").problems,
      "gatehouse.yaml:10:14: operations.door.open: `limits` needs one per ip, as `door.per_ip` is; add one, "
      "or leave `limits` out\n");
}

TEST(BuiltInGroup, KeepsItsPathsWhateverTheirParametersAreCalled) {
  EXPECT_EQ(load_door(kDoor, {}, "/door/{key}").problems,
            "api.yaml:4:17: mine: Gatehouse answers /door/{key} itself (door.open, turned on in "
            "gatehouse.yaml:2); remove the path from this document, or turn that off\n");
  EXPECT_EQ(load_door(kDoor, {}, "/doors/{key}").problems, "");
}

// Without its target it would be an operation of a person's, which the default upstream answers.
TEST(BuiltInGroup, IsRefusedWhereItsDocumentAndItsTargetsDisagree) {
  BuiltInGroup group = kDoor;
  group.operations = {};
  const LoadedDoor without = load_door(group);
  EXPECT_EQ(without.set, nullptr);
  EXPECT_TRUE(without.problems.contains("door.open: the operations and targets of `door` disagree"))
      << without.problems;
  constexpr BuiltInOperation kMore[] = {{"door.open", no_target}, {"door.close", no_target}};
  group.operations = kMore;
  EXPECT_TRUE(
      load_door(group).problems.contains("door.close: the operations and targets of `door` disagree"));
}

TEST(BuiltInGroup, IsRefusedWhereItsPolicyLeavesAQuestionOpen) {
  BuiltInGroup group = kDoor;
  group.policy = "limits: {door.per_ip: {per: ip, rate: 9/s}}\n";
  const LoadedDoor loaded = load_door(group);
  EXPECT_EQ(loaded.set, nullptr);
  EXPECT_TRUE(loaded.problems.contains("door.open")) << loaded.problems;
}

}  // namespace
}  // namespace gatehouse::policy
