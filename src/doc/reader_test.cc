#include "doc/reader.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::doc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

enum class Answer { redirect, reject };
constexpr Choice<Answer> kAnswers[] = {{"redirect", Answer::redirect}, {"reject", Answer::reject}};

struct Document {
  explicit Document(std::string text) : source(parse(std::move(text), "g.yaml", problems)) {}
  Reader reader() { return Reader(*source, source->root(), "", problems); }
  Problems problems;
  std::shared_ptr<const Source> source;
};

TEST(Reader, GivesEachTypeThatConfigurationHas) {
  Document d("name: api\nwait: 10s\nbody: 64KiB\nrate: 60/min\non: true\nn: 7\ndo: reject\nhosts: [a, b]\n");
  Reader in = d.reader();
  EXPECT_EQ(in.required("name", as_text), "api");
  EXPECT_EQ(in.optional("wait", as_duration), 10s);
  EXPECT_EQ(in.required("body", as_size), kibibytes(64));
  EXPECT_EQ(in.required("rate", as_rate), (Rate{60, 1min}));
  EXPECT_EQ(in.optional("on", as_boolean), true);
  EXPECT_EQ(in.required("n", as_integer(1, 9)), 7);
  EXPECT_EQ(in.optional("do", as_one_of(kAnswers)), Answer::reject);
  EXPECT_THAT(in.required("hosts", as_texts), ElementsAre("a", "b"));
  EXPECT_EQ(in.optional("absent", as_text), std::nullopt);
  in.finish();
  EXPECT_EQ(d.problems.text(), "");
}

TEST(Reader, AWrongTypeIsAProblemWithItsRemedy) {
  Document d(
      "name: 12\nwait: 10\nbody: 64KB\nrate: fast\non: yes\nn: 10\ndo: redirct\nhosts: a\nempty: ''\n");
  Reader in = d.reader();
  EXPECT_EQ(in.required("name", as_text), "");
  EXPECT_EQ(in.optional("wait", as_duration), std::nullopt);
  in.required("body", as_size);
  in.required("rate", as_rate);
  in.required("on", as_boolean);
  in.required("n", as_integer(1, 9));
  in.required("do", as_one_of(kAnswers));
  in.required("hosts", as_texts);
  in.required("empty", as_text);
  in.required("gone", as_text);
  EXPECT_EQ(d.problems.text(),
            "g.yaml:1:1: `gone` is missing\n"
            "g.yaml:1:7: name: must be a text (put it in quotes), not a number\n"
            "g.yaml:2:7: wait: must be a duration such as `500ms`, `10s`, `15m` or `30d`, not a number\n"
            "g.yaml:3:7: body: must be a size such as `64KiB` or `10MiB`, not `64KB`; write `64KiB`\n"
            "g.yaml:4:7: rate: must be a rate such as `60/min` or `5/s`, not `fast`\n"
            "g.yaml:5:5: on: must be `true` or `false`, not `yes`\n"
            "g.yaml:6:4: n: must be a whole number from 1 to 9, not 10\n"
            "g.yaml:7:5: do: must be `redirect` or `reject`, not `redirct`\n"
            "g.yaml:8:8: hosts: must be a list, not a text; write `[a]`\n"
            "g.yaml:9:8: empty: must not be empty\n");
}

TEST(Reader, AnUnknownKeyIsAProblemWithTheNearestKnownOne) {
  Document d("upstreams:\n  orders: {url: x, tiemout: 1s, zzz: 1}\n");
  Reader in = d.reader();
  for (const auto& [name, upstream] : in.required_field("upstreams")->map()) {
    EXPECT_EQ(name, "orders");
    Reader each(upstream);
    each.required("url", as_text);
    each.optional("timeout", as_duration);
    each.finish();
  }
  in.finish();
  EXPECT_EQ(
      d.problems.text(),
      "g.yaml:2:20: upstreams.orders: there is no key `tiemout` here; did you mean `timeout`?\ng.yaml:2:33: "
      "upstreams.orders: there is no key `zzz` here; there are `timeout`, `url`\n");
}

TEST(Reader, AValueInPlaceOfAnObjectIsOneProblem) {
  Document d("tls: yes\n");
  Reader in = d.reader();
  Reader tls(*in.take("tls"));
  tls.required("certificate", as_text);
  tls.finish();
  in.finish();
  EXPECT_EQ(d.problems.text(), "g.yaml:1:6: tls: must be a map, not a text\n");
}

TEST(Nearest, OffersOnlyProbableTypingErrors) {
  const std::vector<std::string> names = {"timeout", "url", "connect_timeout"};
  EXPECT_EQ(nearest("timeuot", names), "timeout");
  EXPECT_EQ(nearest("urls", names), "url");
  EXPECT_EQ(nearest("conect_timeout", names), "connect_timeout");
  EXPECT_EQ(nearest("password", names), "");
}

}  // namespace
}  // namespace gatehouse::doc
