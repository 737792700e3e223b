// The values of `listen.names`, `listen.health`, `tracing` and `upstreams.….host`.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "doc/source.h"
#include "openapi/load.h"
#include "policy/compile.h"

namespace gatehouse::policy {
namespace {

constexpr std::string_view kListenApi = R"(openapi: 3.1.0
info: {title: Orders, version: "1"}
paths:
  /orders: {get: {operationId: listOrders, security: [{}], responses: {"200": {description: all}}}}
  /ready/{what}: {post: {operationId: getReady, security: [{}], responses: {"200": {description: all}},
    parameters: [{name: what, in: path, required: true, schema: {type: string}}]}}
)";

struct Configured {
  Settings settings;
  std::string problems;
};

Configured configured(std::string_view listen, std::string_view more = {}, std::string_view upstream = {}) {
  const std::string text = fmt::format(
      "listen: {{https: \"127.0.0.1:8443\"{}}}\nopenapi: [api.yaml]\ntls: {{certificate: c, private_key: "
      "file:k}}\n"
      "upstreams: {{orders: {{url: \"http://127.0.0.1:3000\"{}}}}}\nroles: {{anonymous: [orders]}}\n"
      "limits: {{a: {{per: ip, rate: 1/s}}}}\ndefaults: {{limits: [a], upstream: orders}}\noperations:\n"
      "  listOrders: {{permission: orders, public: a test of the keys}}\n"
      "  getReady: {{permission: orders, public: a test of the keys}}\n{}",
      listen, upstream, more);
  Problems problems;
  Configured loaded;
  CompileInput input;
  if (const auto source = doc::parse(text, "g", problems, {}))
    loaded.settings = read_settings(*source, "/", problems);
  input.settings = loaded.settings;
  input.apis.push_back(openapi::load(
      "api.yaml", [](const std::filesystem::path&) -> Result<std::string> { return std::string(kListenApi); },
      {}, problems));
  (void)compile(std::move(input), problems);
  loaded.problems = problems.text();
  return loaded;
}

TEST(ListenNames, AreHostsWithOrWithoutAPort) {
  const Configured loaded = configured(
      R"(, names: [api.example.com, "api.example.com:8443", "*.shop.example", 192.0.2.1, "[2001:db8::1]:8443"])");
  EXPECT_EQ(loaded.problems, "");
  EXPECT_EQ(loaded.settings.listen.names.size(), 5U);
  EXPECT_TRUE(configured("").settings.listen.names.empty()) << "the certificate's names";
  for (const char* name :
       {"https://api.example.com", "*", "api.example.com/", "api.example.com:0", "b\xc3\xbc.example"})
    EXPECT_EQ(
        configured(fmt::format(", names: [api.example.com, \"{}\"]", name)).problems,
        fmt::format(
            "g:1:60: listen.names: `{}` is not a host; write it as api.example.com, api.example.com:8443, "
            "*.example.com, 192.0.2.1 or [2001:db8::1]:8443\n",
            name));
  EXPECT_EQ(configured(", names: []").problems,
            "g:1:42: listen.names: names no host; remove it to use the names of the certificate\n");
}

TEST(ListenHealth, IsAPathOfItsOwn) {
  EXPECT_EQ(configured(", health: /healthz").problems, "");
  EXPECT_EQ(configured(", health: /healthz").settings.listen.health.value, "/healthz");
  for (const char* path : {"healthz", "/", "//a", "/a?b", "/a%62", "/a b", "/{a}", "/a;b"})
    EXPECT_EQ(configured(fmt::format(", health: \"{}\"", path)).problems,
              "g:1:43: listen.health: must be a path of letters, digits, `-`, `_`, `.`, `~` and `/`, such as "
              "/healthz\n")
        << path;
  for (const char* path : {"/../a", "/.well-known/health", "/a/.", "/.health"})
    EXPECT_EQ(configured(fmt::format(", health: \"{}\"", path)).problems,
              "g:1:43: listen.health: no segment may begin with `.`; use a path such as /healthz\n")
        << path;
  for (const char* path : {"/orders", "/ready/now"})
    EXPECT_EQ(configured(fmt::format(", health: {}", path)).problems,
              fmt::format("g:1:43: listen.health: {} is a path of a document, whose operations could not be "
                          "called; choose a path that no document has\n",
                          path));
}

TEST(Tracing, ContinuesWhatTrustedProxiesSendUnlessItIsSaid) {
  EXPECT_EQ(configured("").settings.tracing, TraceContinuation::trusted_proxies);
  EXPECT_EQ(configured("", "tracing: {continue: all}\n").settings.tracing, TraceContinuation::all);
  EXPECT_EQ(configured("", "tracing: {continue: none}\n").settings.tracing, TraceContinuation::none);
  EXPECT_EQ(configured("", "tracing: {continue: yes please}\n").problems,
            "g:11:21: tracing.continue: must be `trusted_proxies`, `all` or `none`, not `yes please`\n");
  EXPECT_EQ(configured("", "tracing: {}\n").problems, "g:11:10: tracing: `continue` is missing\n");
}

TEST(UpstreamHost, IsTheUpstreamsOwnUnlessItIsSaid) {
  EXPECT_EQ(configured("").settings.upstreams.at("orders").host, HostField::of_upstream);
  EXPECT_EQ(configured("", "", ", host: original").settings.upstreams.at("orders").host, HostField::original);
  EXPECT_EQ(configured("", "", ", host: evil.example").problems,
            "g:4:58: upstreams.orders.host: must be `upstream` or `original`, not `evil.example`\n");
}

}  // namespace
}  // namespace gatehouse::policy
