#include "policy/reference.h"

#include <algorithm>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "base/golden_testing.h"
#include "doc/source.h"
#include "policy/key_reader.h"
#include "policy/problems_testing.h"
#include "policy/settings.h"

namespace gatehouse::policy {
namespace {

TEST(Reference, IsThePageOfTheDocumentation) {
  expect_golden_part("docs/reference.md",
                     "<!-- Behind this line `gatehouse reference --markdown` writes. -->\n",
                     reference_as_markdown());
}

// Code that makes settings without a file has the same.
TEST(Reference, HasTheDefaultsOfTheSettings) {
  const std::string text =
      "openapi: [a.json]\n"
      "listen: {https: \"127.0.0.1:8443\"}\n"
      "tls: {certificate: a.crt, private_key: file:a.key, hsts: {max_age: 730d}}\n"
      "upstreams: {a: {url: \"http://127.0.0.1:1\"}}\n"
      "authenticators: {a: {type: jwt, issuer: a, audience: a, jwks: file:a, algorithms: [ES256]}}\n"
      "limits: {a: {per: ip, rate: 1/s}}\n"
      "operations: {a: {respond: {}}}\n"
      "log: [{file: a.jsonl}]\n";
  Problems problems;
  const auto source = doc::parse(text, "gatehouse.yaml", problems);
  ASSERT_TRUE(source);
  const Settings read = read_settings(*source, "/etc/gatehouse", problems);
  EXPECT_EQ(problems.text(), "");
  const Settings none;
  EXPECT_EQ(read.listen.head, none.listen.head);
  EXPECT_EQ(read.listen.proxy_protocol, none.listen.proxy_protocol);
  EXPECT_EQ(read.deadlines.handshake, none.deadlines.handshake);
  EXPECT_EQ(read.deadlines.head, none.deadlines.head);
  EXPECT_EQ(read.deadlines.body, none.deadlines.body);
  EXPECT_EQ(read.deadlines.idle, none.deadlines.idle);
  EXPECT_EQ(read.deadlines.answer, none.deadlines.answer);
  EXPECT_EQ(read.deadlines.drain, none.deadlines.drain);
  EXPECT_EQ(read.tls.minimum, none.tls.minimum);
  EXPECT_EQ(read.tls.hsts.max_age, none.tls.hsts.max_age);  // "words" in the list
  EXPECT_EQ(read.tls.hsts.include_subdomains, none.tls.hsts.include_subdomains);
  EXPECT_EQ(read.tls.hsts.preload, none.tls.hsts.preload);
  const Upstream& upstream = read.upstreams.at("a");
  EXPECT_EQ(upstream.connect_timeout, Upstream().connect_timeout);
  EXPECT_EQ(upstream.timeout, Upstream().timeout);
  EXPECT_EQ(upstream.idle, Upstream().idle);
  EXPECT_EQ(upstream.connections, Upstream().connections);
  EXPECT_EQ(upstream.failures, Upstream().failures);
  EXPECT_EQ(upstream.retries, Upstream().retries);
  EXPECT_EQ(upstream.open_for, Upstream().open_for);
  EXPECT_EQ(upstream.host, Upstream().host);
  EXPECT_EQ(upstream.read_ahead, Upstream().read_ahead);
  const JwtSettings& jwt = *read.authenticators.at("a").jwt();
  EXPECT_EQ(jwt.leeway, JwtSettings().leeway);
  EXPECT_EQ(jwt.stale, JwtSettings().stale);
  EXPECT_EQ(read.limits.at("a").ipv6_prefix, LimitSettings().ipv6_prefix);
  EXPECT_EQ(read.defaults.body, none.defaults.body);
  EXPECT_EQ(read.defaults.timeout, none.defaults.timeout);
  EXPECT_EQ(read.defaults.caps.string, none.defaults.caps.string);
  EXPECT_EQ(read.defaults.caps.items, none.defaults.caps.items);
  EXPECT_EQ(read.defaults.caps.properties, none.defaults.caps.properties);
  EXPECT_EQ(read.defaults.caps.depth, none.defaults.caps.depth);
  EXPECT_EQ(read.defaults.plus, none.defaults.plus);
  EXPECT_EQ(read.defaults.dates, none.defaults.dates);
  EXPECT_EQ(read.defaults.semicolon, none.defaults.semicolon);
  EXPECT_EQ(read.defaults.deep, none.defaults.deep);
  EXPECT_EQ(read.defaults.errors_from_upstream.value, none.defaults.errors_from_upstream.value);
  EXPECT_EQ(read.routing.letters, none.routing.letters);
  EXPECT_EQ(read.routing.cuts, none.routing.cuts);
  EXPECT_EQ(read.tracing, none.tracing);
  EXPECT_EQ(read.details, none.details);
  EXPECT_EQ(read.keep_events, none.keep_events);
  EXPECT_EQ(read.keep_size, none.keep_size);
  EXPECT_EQ(read.memory_bodies, none.memory_bodies);
  EXPECT_EQ(read.store, "/etc/gatehouse/state/gatehouse.db");
  const auto& file = std::get<LogFileSettings>(read.log.at(0));
  EXPECT_EQ(file.rotate, LogFileSettings().rotate);
  EXPECT_EQ(file.keep, LogFileSettings().keep);
  EXPECT_EQ(read.operations.at(0).respond->status, RespondSettings().status);
}

// What is read in place of an absent key is right, whatever stands around it.
TEST(Reference, HasDefaultsThatAreYaml) {
  for (const Section* const section : keys::kSections) {
    for (const Key& key : section->keys) {
      if (key.otherwise.kind != Otherwise::Kind::value) continue;
      Problems problems;
      const std::string text = std::string(key.name) + ": " + std::string(key.otherwise.text);
      const auto source = doc::parse(text, "default", problems);
      ASSERT_TRUE(source) << section->path << ' ' << key.name << '\n' << problems.text();
      EXPECT_TRUE(source->root().find(key.name)) << section->path << ' ' << key.name;
    }
  }
}

TEST(Reference, ListsEachKeyOfASectionOnce) {
  for (const Section* const section : keys::kSections) {
    for (const Key& key : section->keys) {
      EXPECT_EQ(std::ranges::count(section->keys, key.name, &Key::name), 1)
          << section->path << ' ' << key.name;
      EXPECT_TRUE(key.sentence.ends_with('.')) << section->path << ' ' << key.name;
      EXPECT_TRUE(key.type.members == nullptr || keys::is_listed(*key.type.members)) << key.name;
    }
  }
}

TEST(Reference, FindsAKeyByTheEndOfItsPathOrByAPathOfAFile) {
  EXPECT_EQ(reference_of("upstreams.billing.timeout"), reference_of("upstreams.NAME.timeout"));
  EXPECT_TRUE(reference_of("log[0].rotate").starts_with("log[].rotate\n"));
  EXPECT_TRUE(reference_of("tls.certificate").starts_with("tls.certificate\n"));
  EXPECT_EQ(reference_of("tls.certificate").find("listen"), std::string::npos);
  EXPECT_TRUE(reference_of("operations.getOrder.fields.referer").starts_with("fields.referer\n"));
  EXPECT_TRUE(reference_of("x-gatehouse.permission").starts_with("operations.OPERATION.permission\n"));
  EXPECT_EQ(reference_of("nothing"), "");
  EXPECT_EQ(reference_of(""), "");
  EXPECT_EQ(reference_of("..."), "");
  EXPECT_EQ(nearest_key("tls.certifcate"), "certificate");
}

TEST(Reference, SaysWhereAMisplacedKeyBelongs) {
  EXPECT_EQ(help_with("hsts", keys::kTop), "it is a key of `tls`");
  EXPECT_EQ(help_with("workers", keys::kTls), "it is a key of the top of gatehouse.yaml");
  EXPECT_EQ(help_with("issuer", keys::kTop), "it is a key of `authenticators.SCHEME`");
  EXPECT_EQ(help_with("issuer", keys::kAuthenticator), "");  // of another type
  EXPECT_EQ(help_with("nothing", keys::kTop), "`gatehouse reference` lists those that there are");
  EXPECT_EQ(help_with("nothing", keys::kOperation),
            "`gatehouse reference operations` lists those that there are");
  EXPECT_EQ(help_with("nothing", keys::kTls), "");
}

}  // namespace
}  // namespace gatehouse::policy
