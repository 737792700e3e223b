#include "openapi/parameter.h"

#include <gtest/gtest.h>

#include "openapi/pairs.h"
#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

constexpr const char* kColors = "{type: array, items: {type: string}}";
constexpr const char* kNumbers = "{type: array, items: {type: integer}}";
constexpr const char* kRgb = "{type: object, properties: {R: {type: integer}, G: {type: integer}}}";

std::string parameter(std::string in, std::string schema, std::string more = "") {
  return "{name: c, in: " + in + ", schema: " + schema + (in == "path" ? ", required: true" : "") +
         (more.empty() ? "" : ", " + more) + "}";
}
Asked in_query(std::string schema, std::string more = "") {
  return Asked({parameter("query", schema, more)});
}
Asked in_path(std::string schema, std::string more = "") {
  return Asked({parameter("path", schema, more)}, "/x/{c}");
}
Asked in_header(std::string schema, std::string more = "") {
  return Asked({parameter("header", schema, more)});
}
Asked in_cookie(std::string schema, std::string more = "") {
  return Asked({parameter("cookie", schema, more)});
}

TEST(Simple, IsHowAPathSegmentIsWritten) {
  EXPECT_EQ(in_path("{type: string}").path("blue"), R"({"c":"blue"})");
  EXPECT_EQ(in_path("{type: integer}").path("42"), R"({"c":42})");
  EXPECT_EQ(in_path(kColors).path("blue,black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_path(kColors, "explode: true").path("blue,black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_path(kRgb).path("R,100,G,200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_path(kRgb, "explode: true").path("R=100,G=200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_path("{type: string}").path("a,b;c=d"), R"({"c":"a,b;c=d"})");
}

TEST(Simple, RefusesWhatIsNotOfItsForm) {
  EXPECT_EQ(in_path(kRgb).path("R,100,G"), "style /path/c");
  EXPECT_EQ(in_path(kRgb).path("R,100,R,200"), "repeated /path/c");
  EXPECT_EQ(in_path(kRgb, "explode: true").path("R=100,G"), "style /path/c");
  EXPECT_EQ(in_path(kRgb, "explode: true").path("=100"), "style /path/c");
  EXPECT_EQ(in_path(kNumbers).path("1,,2"), "type /path/c");
  EXPECT_EQ(in_path("{type: string}").path(""), "required /path/c");
}

TEST(Label, BeginsWithADot) {
  EXPECT_EQ(in_path("{type: string}", "style: label").path(".blue"), R"({"c":"blue"})");
  EXPECT_EQ(in_path("{type: number}", "style: label").path(".1.5"), R"({"c":1.5})");
  EXPECT_EQ(in_path(kColors, "style: label").path(".blue,black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_path(kColors, "style: label, explode: true").path(".blue.black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_path(kRgb, "style: label").path(".R,100,G,200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_path(kRgb, "style: label, explode: true").path(".R=100.G=200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_path("{type: string}", "style: label").path("blue"), "style /path/c");
}

TEST(Matrix, BeginsWithASemicolonAndTheName) {
  EXPECT_EQ(in_path("{type: string}", "style: matrix").path(";c=blue"), R"({"c":"blue"})");
  EXPECT_EQ(in_path("{type: string}", "style: matrix").path(";c"), R"({"c":""})");
  EXPECT_EQ(in_path(kColors, "style: matrix").path(";c=blue,black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_path(kColors, "style: matrix, explode: true").path(";c=blue;c=black"),
            R"({"c":["blue","black"]})");
  EXPECT_EQ(in_path(kRgb, "style: matrix").path(";c=R,100,G,200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_path(kRgb, "style: matrix, explode: true").path(";R=100;G=200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_path("{type: string}", "style: matrix").path("c=blue"), "style /path/c");
  EXPECT_EQ(in_path("{type: string}", "style: matrix").path(";d=blue"), "style /path/c");
  EXPECT_EQ(in_path("{type: string}", "style: matrix").path(";c=blue;c=red"), "style /path/c");
  EXPECT_EQ(in_path("{type: string}", "style: matrix").path(";c=blue;admin=1"), "style /path/c");
  EXPECT_EQ(in_path(kColors, "style: matrix, explode: true").path(";c=blue;d=black"), "style /path/c");
  EXPECT_EQ(in_path(kColors, "style: matrix").path(";c=blue;c=black"), "style /path/c");
  EXPECT_EQ(in_path(kColors, "style: matrix").path(";c=blue;admin=1"), "style /path/c");
  EXPECT_EQ(in_path(kRgb, "style: matrix").path(";c=R,100;admin=1"), "style /path/c");
}

TEST(Path, CannotBeLeftByWhatWasEncoded) {
  for (const char* raw : {"%2F", "a%2Fb", "a%2fb", "%2E%2E", "%2e", "..", ".", "a%5Cb", "..%2F..%2Fetc"}) {
    EXPECT_EQ(in_path("{type: string}").path(raw), "encoding /path/c") << raw;
  }
  const std::string any = "{type: object, additionalProperties: {type: string}}";
  EXPECT_EQ(in_path(any).path("a%2Fb,1"), "encoding /path/c");
  EXPECT_EQ(in_path(any, "explode: true").path("%2E%2E=1"), "encoding /path/c");
  Asked content({"{name: c, in: path, required: true, content: {text/plain: {schema: {type: string}}}}"},
                "/x/{c}");
  EXPECT_EQ(content.path("a%2Fb"), "encoding /path/c");
  EXPECT_EQ(content.path("%2e%2e"), "encoding /path/c");
  EXPECT_EQ(content.path("a.b"), R"({"c":"a.b"})");
  EXPECT_EQ(in_path("{type: string}").path("a..b"), R"({"c":"a..b"})");
  EXPECT_EQ(in_path("{type: string}").path("a+b"), R"({"c":"a+b"})");
}

TEST(Form, IsHowAQueryIsWritten) {
  EXPECT_EQ(in_query("{type: string}").query("c=blue"), R"({"c":"blue"})");
  EXPECT_EQ(in_query("{type: string}").query("c="), R"({"c":""})");
  EXPECT_EQ(in_query("{type: string}").query("c=a=b"), R"({"c":"a=b"})");
  EXPECT_EQ(in_query("{type: string}").query(""), "{}");
  EXPECT_EQ(in_query(kColors).query("c=blue&c=black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_query(kColors).query("c=blue"), R"({"c":["blue"]})");
  EXPECT_EQ(in_query(kColors).query("c=a,b"), R"({"c":["a,b"]})");
  EXPECT_EQ(in_query(kColors, "explode: false").query("c=blue,black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_query(kRgb).query("R=100&G=200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_query(kRgb, "explode: false").query("c=R,100,G,200"), R"({"c":{"R":100,"G":200}})");
}

TEST(Form, ANameTwiceIsRefusedUnlessItIsAnExplodedArray) {
  EXPECT_EQ(in_query("{type: string}").query("c=1&c=2"), "repeated /query/c");
  EXPECT_EQ(in_query("{type: string}").query("c=1&%63=2"), "repeated /query/c");
  EXPECT_EQ(in_query(kColors, "explode: false").query("c=1&c=2"), "repeated /query/c");
  EXPECT_EQ(in_query(kRgb).query("R=1&R=2"), "repeated /query/c");
}

// Spring splits `List<String>` and Node code `get('c').split(',')` after decoding; RFC 6570 splits before.
TEST(Lists, WithAnEncodedDelimiterAreRefused) {
  for (const char* raw : {"c=a%2Cb", "c=a%2cb,c", "c=,%2C", "c=%2C"})
    EXPECT_EQ(in_query(kColors, "explode: false").query(raw), "ambiguous /query/c") << raw;
  EXPECT_EQ(in_query(kNumbers, "explode: false").query("c=1%2C2"), "ambiguous /query/c");
  for (const char* raw : {"c=R,1%2CG%2C2", "c=x%2CR,1", "c=R,1%2c"})
    EXPECT_EQ(in_query(kRgb, "explode: false").query(raw), "ambiguous /query/c") << raw;
  const std::string any = "{type: object, additionalProperties: {type: string}}";
  for (const char* more : {"", "explode: true"})
    EXPECT_EQ(in_path(kColors, more).path("a,b%2Cc"), "ambiguous /path/c") << more;
  EXPECT_EQ(in_path(any).path("a,b%2Crole%2Cadmin"), "ambiguous /path/c");
  EXPECT_EQ(in_path(any, "explode: true").path("a=b%2Crole=admin"), "ambiguous /path/c");
  EXPECT_EQ(in_path(any, "explode: true").path("role%3Dadmin=b"), "ambiguous /path/c");
  EXPECT_EQ(in_path(kColors, "style: label, explode: true").path(".a%2Eb"), "ambiguous /path/c");
  EXPECT_EQ(in_path(kColors, "style: label").path(".a%2Cb"), "ambiguous /path/c");
  EXPECT_EQ(in_path(kColors, "style: matrix").path(";c=a%2Cb"), "ambiguous /path/c");
  EXPECT_EQ(in_path(kColors, "style: matrix, explode: true").path(";c=a%3Bc=b"), "ambiguous /path/c");
  LoadOptions spaces;
  spaces.plus = Plus::space;
  EXPECT_EQ(Asked({parameter("query", kColors, "style: pipeDelimited")}, "/x", spaces).query("c=a+b|c"),
            R"({"c":["a b","c"]})");
}

TEST(Lists, OfOneItemEachAndTextsMayHaveCommas) {
  EXPECT_EQ(in_query(kColors).query("c=a%2Cb&c=c"), R"({"c":["a,b","c"]})");
  EXPECT_EQ(in_query("{type: string}", "explode: false").query("c=a%2Cb"), R"({"c":"a,b"})");
  EXPECT_EQ(in_path("{type: string}").path("a%2Cb"), R"({"c":"a,b"})");
  EXPECT_EQ(in_query("{type: object, additionalProperties: {type: string}}", "style: deepObject")
                .query("c[a%2Cb]=c%2Cd"),
            R"({"c":{"a,b":"c,d"}})");
  EXPECT_EQ(in_query("{type: string}").query("c=a%26c%3D2"), R"({"c":"a&c=2"})");
  EXPECT_EQ(in_query(kColors, "style: pipeDelimited").query("c=a,b|c"), R"({"c":["a,b","c"]})");
}

// Spring splits the only value of a `List<String>` at its commas, and takes several values as they are.
TEST(Lists, OfOneItemHaveNoCommaWhereAConditionReadsThem) {
  const auto read = [](Asked asked, std::string_view query) {
    return asked.ask({.path = {},
                      .query = query,
                      .headers = nullptr,
                      .passed_over = {},
                      .guarded = nullptr,
                      .input_values = InputValues::unambiguous});
  };
  LoadOptions exploded;
  exploded.additions = [](const Operation&) {
    Additions added;
    added.deep = Deep::exploded;
    return added;
  };
  const auto in_object = [&] {
    return Asked({parameter("query", "{type: object, properties: {m: " + std::string(kColors) + "}}")}, "/x",
                 exploded);
  };
  for (const char* value : {"a,b", "a%2Cb", ",", "%2c"}) {
    EXPECT_EQ(read(in_query(kColors), "c=" + std::string(value)), "ambiguous /query/c") << value;
    EXPECT_EQ(read(in_object(), "m=" + std::string(value)), "ambiguous /query/c") << value;
  }
  for (const char* query : {"c=a", "c=a,b&c=c"})
    EXPECT_NE(read(in_query(kColors), query), "ambiguous /query/c");
  EXPECT_NE(read(in_object(), "m=a,b&m=c"), "ambiguous /query/c");
  EXPECT_NE(read(in_query("{type: string}"), "c=a,b"), "ambiguous /query/c");
  EXPECT_NE(read(in_query(kColors, "explode: false"), "c=a,b"), "ambiguous /query/c");
}

TEST(Delimited, PartsAtSpacesAndPipes) {
  EXPECT_EQ(in_query(kColors, "style: spaceDelimited").query("c=blue%20black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_query(kColors, "style: pipeDelimited").query("c=blue|black"), R"({"c":["blue","black"]})");
  EXPECT_EQ(in_query(kColors, "style: pipeDelimited").query("c=blue%7Cblack%7cred"),
            R"({"c":["blue","black","red"]})");
  EXPECT_EQ(in_query(kRgb, "style: spaceDelimited").query("c=R%20100%20G%20200"),
            R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_query(kRgb, "style: pipeDelimited").query("c=R|100|G|200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_query(kColors, "style: spaceDelimited, explode: true").query("c=a&c=b"), R"({"c":["a","b"]})");
  EXPECT_EQ(in_query(kColors, "style: spaceDelimited").query("c=blue+black"), "plus /query/c");
}

TEST(DeepObject, HasOneLevel) {
  Asked asked = in_query(kRgb, "style: deepObject, explode: true");
  EXPECT_EQ(asked.query("c[R]=100&c[G]=200"), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(asked.query("c%5BR%5D=100"), R"({"c":{"R":100}})");
  for (const char* raw : {"c[R][x]=1", "c[]=1", "c[R=1", "cR]=1", "c[R]x=1", "c[[R]]=1", "c[R]]=1", "c=1",
                          "c[", "c[=1", "c]=1"}) {
    EXPECT_THAT(asked.query(raw), testing::AnyOf("style /query/c", "undeclared /query/*", "empty /query/c"))
        << raw;
  }
  EXPECT_EQ(asked.query("c[R]=1&c[R]=2"), "repeated /query/c");
  EXPECT_EQ(asked.query("d[R]=1"), "undeclared /query/*");
  EXPECT_EQ(asked.query("c[R]"), "empty /query/c");
  EXPECT_NE(asked.query("c[__proto__]=1"), R"({"c":{"__proto__":"1"}})");
}

TEST(DeepObject, CannotBeMadeToGrowWithoutEnd) {
  Asked asked = in_query("{type: object, additionalProperties: {type: string}}", "style: deepObject");
  std::string raw;
  for (int i = 0; i < 20'000; ++i) raw += (i == 0 ? "c[k" : "&c[k") + std::to_string(i) + "]=v";
  EXPECT_EQ(asked.query(raw), "maxProperties /query/c");
}

TEST(Query, FreeNamesAreNotTakenForDeclaredOnes) {
  const std::string open =
      "{type: object, properties: {a_b: {type: integer}}, additionalProperties: {type: string}}";
  for (const char* raw :
       {"a.b=x", "a%20b=x", "a[b=x", "%20a_b=x", "a_b[]=x", "a_b[c]=x", "[a_b]=x", "A_B=x", "c=1&a.b=x"})
    EXPECT_EQ(in_query(open).query(raw), "alias /query/c") << raw;
  for (const char* raw : {"a-b=x", "a_bc=x", "ab=x", "a__b=x", "x[a_b]=x"})
    EXPECT_TRUE(in_query(open).query(raw).starts_with("{")) << raw;
}

TEST(Query, FreeNamesAreNotTakenForGuardedOnes) {
  NameTable guarded;
  guarded.add({"a_b"});
  const auto asked = [&](std::string_view raw) {
    return in_query("{type: object, additionalProperties: {type: string}}")
        .ask({.path = {}, .query = raw, .headers = nullptr, .guarded = &guarded});
  };
  for (const char* raw : {"a.b=x", "a%20b=x", "a_b[]=x", "[a_b]=x", "A_B=x", "c=1&a.b=x"})
    EXPECT_EQ(asked(raw), "alias /query/*") << raw;
  for (const char* raw : {"a_b=x", "a-b=x", "ab=x", "x[a_b]=x"})
    EXPECT_TRUE(asked(raw).starts_with("{")) << raw;
}

// A proxy that decodes the query and writes it decoded, or a framework that decodes names twice.
TEST(FreeNames, HideNoOtherNameFromASecondDecoding) {
  const auto open = [] {
    return Asked({"{name: c, in: query, schema: {type: string}}",
                  "{name: more, in: query, schema: {type: object, additionalProperties: {type: string}}}",
                  "{name: deep, in: query, style: deepObject, schema: {type: object, "
                  "additionalProperties: {type: string}}}"});
  };
  NameTable guarded;
  guarded.add({"api_key"});
  const auto asked = [&](std::string_view raw) {
    return open().ask({.path = {}, .query = raw, .headers = nullptr, .guarded = &guarded});
  };
  for (const std::string_view raw :
       {"%2561pi_key=x", "%252561pi_key=x", "%25%36%31pi_key=x", "api%255Fkey=x", "api%2Bkey=x",
        "API%252eKEY=x", "x%26api_key=1", "x%3B%61pi_key=1", "x%3D1%2526api_key=1", "api_key%255Bx%255D=1",
        "deep[x%2526api_key%253D1]=2", "deep[x%26api_key%3D1]=2"}) {
    EXPECT_EQ(asked(raw).find('{'), std::string::npos) << raw;
  }
  EXPECT_EQ(asked("%2561pi_key=x"), "alias /query/*");
  EXPECT_EQ(asked("%2563=x"), "alias /query/c");
  EXPECT_EQ(asked("deep[a%2526c]=x"), "alias /query/c");
  EXPECT_EQ(asked("x%2525252525252525252561=x"), "alias /query/*") << "decoded more often than anybody does";
  for (const std::string_view raw : {"a%3Db=x", "100%25=x", "a%2526b=x", "%25zz=x", "a%20b=x"})
    EXPECT_THAT(asked(raw), testing::HasSubstr("more")) << raw;
  for (const std::string_view raw : {"deep[a%3Db]=x", "deep[%2561]=x", "deep[a%26b]=x", "deep[100%25]=x"})
    EXPECT_THAT(asked(raw), testing::HasSubstr("deep")) << raw;
}

TEST(Query, UndeclaredNamesAreRefused) {
  EXPECT_EQ(in_query("{type: string}").query("c=1&d=2"), "undeclared /query/*");
  EXPECT_EQ(in_query("{type: string}").query("C=1"), "undeclared /query/*");
  EXPECT_EQ(in_query("{type: string}").query("c[]=1"), "undeclared /query/*");
  EXPECT_EQ(in_query("{type: string}").query("c%00=1"), "encoding /query/*");
  EXPECT_EQ(Asked({}).query("a"), "undeclared /query/*");
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "p" + std::to_string(i) + "=1&";
  EXPECT_EQ(in_query("{type: string}").query(many), "undeclared /query/*");
}

TEST(Query, EmptyPairsAreRefused) {
  for (const char* raw : {"&", "c=1&", "&c=1", "c=1&&", "=1", "="}) {
    EXPECT_EQ(in_query("{type: string}").query(raw), "style /query/*") << raw;
  }
}

TEST(Query, EveryTextIsDecodedExactlyOnce) {
  EXPECT_EQ(in_query("{type: string}").query("c=%2541"), R"({"c":"%41"})");
  EXPECT_EQ(in_query("{type: string}").query("c=%252F"), R"({"c":"%2F"})");
  EXPECT_EQ(in_query("{type: string}").query("c=%C3%A9%20%2B"), "{\"c\":\"\xC3\xA9 +\"}");
}

TEST(Query, AmbiguousAndBrokenEncodingsAreRefused) {
  for (const char* value : {"%", "%4", "%zz", "%2", "%00", "%0A", "%1b", "%7F", "%C0%AF", "%C0%80",
                            "%ED%A0%80", "%F5%80%80%80", "%FF", "%C3", "\xC3\xA9", "a b", "a#b", "a\tb"}) {
    EXPECT_EQ(in_query("{type: string}").query(std::string("c=") + value), "encoding /query/c") << value;
  }
  for (const char* value : {"a+b", "+", "a+b%20c", "%+1"})
    EXPECT_EQ(in_query("{type: string}").query(std::string("c=") + value), "plus /query/c") << value;
  EXPECT_EQ(in_query("{type: string}").query("+c=1"), "plus /query/*");
  EXPECT_EQ(in_query("{type: string}", "allowReserved: true").query("c=a+b/c?d:e"), R"({"c":"a+b/c?d:e"})");
}

Asked with_spaces(std::string schema, std::string more = "") {
  return Asked({parameter("query", schema, more)}, "/x", {.plus = Plus::space});
}

TEST(Query, APlusIsASpaceWhereItIsSaidToBe) {
  EXPECT_EQ(with_spaces("{type: string}").query("c=a+b%20c%2Bd"), R"({"c":"a b c+d"})");
  EXPECT_EQ(with_spaces(kColors).query("c=light+blue&c=black"), R"({"c":["light blue","black"]})");
  EXPECT_EQ(with_spaces(kColors, "explode: false").query("c=light+blue,black"),
            R"({"c":["light blue","black"]})");
  EXPECT_EQ(with_spaces(kRgb, "style: deepObject, explode: true").query("c[R]=1&c[+G]=2"),
            "additionalProperties /query/c");
  EXPECT_EQ(with_spaces("{type: integer}").query("c=+1"), "type /query/c");
  EXPECT_EQ(with_spaces("{type: string}").query("+c=1"), "undeclared /query/*");
}

TEST(Query, APlusThatIsASpaceNeitherPartsNorHides) {
  EXPECT_EQ(with_spaces(kColors, "style: spaceDelimited").query("c=blue+black"), "plus /query/c");
  EXPECT_EQ(with_spaces("{type: string}", "allowReserved: true").query("c=a+b"), R"({"c":"a+b"})");
  // No other byte is read differently for it.
  for (const char* value : {"%", "%0A", "%09", "a b", "a#b", "%C0%AF", "+%00"})
    EXPECT_EQ(with_spaces("{type: string}").query(std::string("c=") + value), "encoding /query/c") << value;
  EXPECT_EQ(with_spaces("{type: string, enum: ['a b']}").query("c=a+b&c=a+b"), "repeated /query/c");
  EXPECT_EQ(Asked({parameter("path", "{type: string}")}, "/x/{c}", {.plus = Plus::space}).path("a+b"),
            R"({"c":"a+b"})");
  EXPECT_EQ(Asked({parameter("cookie", "{type: string}")}, "/x", {.plus = Plus::space}).cookie("c=a+b"),
            "ambiguous /cookie/c");
}

TEST(Types, TextBecomesWhatTheSchemaSaysAndNothingElse) {
  EXPECT_EQ(in_query("{type: integer}").query("c=12"), R"({"c":12})");
  EXPECT_EQ(in_query("{type: integer}").query("c=-1"), R"({"c":-1})");
  EXPECT_EQ(in_query("{type: number}").query("c=1.50e2"), R"({"c":1.50e2})");
  EXPECT_EQ(in_query("{type: string}").query("c=12"), R"({"c":"12"})");
  EXPECT_EQ(in_query("{type: string}").query("c=null"), R"({"c":"null"})");
  EXPECT_EQ(in_query("{type: boolean}").query("c=true"), R"({"c":true})");
  EXPECT_EQ(in_query("{}").query("c=12"), R"({"c":"12"})");
  EXPECT_EQ(in_query("{enum: [1, 2]}").query("c=2"), R"({"c":2})");
  EXPECT_EQ(in_query("{allOf: [{type: integer}, {minimum: 2}]}").query("c=2"), R"({"c":2})");
  for (const char* raw : {"012", "%2B1", "0x1F", "1.", ".5", "1e", "", "-", "1.0", "1e2", "1E0", "1_000",
                          "%201", "1%20", "NaN", "Infinity", "1,2", "true"}) {
    EXPECT_EQ(in_query("{type: integer}").query(std::string("c=") + raw), "type /query/c") << raw;
  }
  for (const char* raw : {"True", "TRUE", "1", "0", "yes", ""}) {
    EXPECT_EQ(in_query("{type: boolean}").query(std::string("c=") + raw), "type /query/c") << raw;
  }
  EXPECT_EQ(in_query("{type: [integer, 'null']}").query("c=null"), "type /query/c");
  EXPECT_EQ(in_query("{type: integer}").query("c=1.5"), "type /query/c");
  EXPECT_EQ(in_query("{type: number}").query("c=1e2"), R"({"c":1e2})");
  EXPECT_EQ(in_query("{allOf: [{type: number}, {type: integer}]}").query("c=1.0"), "type /query/c");
  EXPECT_EQ(in_query("{allOf: [{type: number}, {type: integer}]}").query("c=10"), R"({"c":10})");
  EXPECT_EQ(in_query("{type: integer, maximum: 5}").query("c=6"), "maximum /query/c");
  EXPECT_EQ(in_query("{type: array, items: {type: integer}}").query("c=1&c=x"), "type /query/c");
}

TEST(Types, WhereSeveralAreAllowedTheFirstThatTheSchemaAcceptsIsTaken) {
  EXPECT_EQ(in_query("{oneOf: [{type: integer}, {type: string}]}").query("c=12"), R"({"c":12})");
  EXPECT_EQ(in_query("{oneOf: [{type: integer}, {type: string}]}").query("c=x"), R"({"c":"x"})");
  EXPECT_EQ(
      in_query("{oneOf: [{type: integer, maximum: 9}, {type: string, pattern: '^[0-9]{2}$'}]}").query("c=12"),
      R"({"c":"12"})");
  const std::string text_or_list =
      "{oneOf: [{type: string, enum: [a]}, {type: array, items: {type: string}}]}";
  EXPECT_EQ(in_query(text_or_list).query("c=a"), R"({"c":"a"})");
  EXPECT_EQ(in_query(text_or_list).query("c=b"), R"({"c":["b"]})");
  EXPECT_EQ(in_query(text_or_list).query("c=a&c=b"), R"({"c":["a","b"]})");
}

TEST(EmptyValues, AreTakenWhereTheParameterAllowsThem) {
  EXPECT_EQ(in_query("{type: string}").query("c"), "empty /query/c");
  EXPECT_EQ(in_query("{type: boolean}", "allowEmptyValue: true").query("c"), R"({"c":""})");
  EXPECT_EQ(in_query("{type: boolean}", "allowEmptyValue: true").query("c="), R"({"c":""})");
  EXPECT_EQ(in_query("{type: boolean}", "allowEmptyValue: true").query("c=&c="), "repeated /query/c");
  EXPECT_EQ(in_query(kColors).query("c="), "empty /query/c");
  EXPECT_EQ(in_query(kColors, "explode: false").query("c="), "empty /query/c");
}

TEST(Content, IsJsonInOneText) {
  Asked asked(
      {"{name: c, in: query, content: {application/json: {schema: {type: object, properties: {a: {type: "
       "array, items: {type: integer}}}}}}}"});
  EXPECT_EQ(asked.query("c=%7B%22a%22:[1,2]%7D"), R"({"c":{"a":[1,2]}})");
  EXPECT_EQ(asked.query("c=%7B%22a%22:1"), "json /query/c");
  EXPECT_EQ(asked.query("c=%7B%22a%22:[],%22a%22:[]%7D"), "json /query/c");
  EXPECT_EQ(asked.query("c=%7B%22b%22:1%7D").find("/query/c"),
            asked.query("c=%7B%22b%22:1%7D").rfind("/query/c"));
  EXPECT_EQ(asked.query("c=1&c=2"), "repeated /query/c");
  EXPECT_EQ(asked.query("c"), "empty /query/c");
  EXPECT_EQ(asked.query("c=" + std::string(100'000, '[')), "json /query/c");
}

TEST(Header, IsTakenAsItIs) {
  EXPECT_EQ(in_header("{type: string}").headers({{"c", "a%20b+c"}}), R"({"c":"a%20b+c"})");
  EXPECT_EQ(in_header("{type: integer}").headers({{"c", " 7 "}}), R"({"c":7})");
  EXPECT_EQ(Asked({"{name: c, in: header, content: {text/plain: {schema: {type: string}}}}"})
                .headers({{"c", " x "}}),
            R"({"c":"x"})");
  EXPECT_EQ(in_header(kNumbers).headers({{"c", "1, 2,3"}}), R"({"c":[1,2,3]})");
  EXPECT_EQ(in_header(kNumbers).headers({{"c", "1"}, {"c", "2"}}), R"({"c":[1,2]})");
  EXPECT_EQ(in_header(kRgb).headers({{"c", "R,100,G,200"}}), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_header(kRgb, "explode: true").headers({{"c", "R=100, G=200"}}), R"({"c":{"R":100,"G":200}})");
  EXPECT_EQ(in_header("{type: string}").headers({{"c", "1"}, {"c", "2"}}), "repeated /header/c");
  EXPECT_EQ(in_header("{type: string}").headers({{"c", "\xFF"}}), "encoding /header/c");
  EXPECT_EQ(in_header("{type: string}").headers({{"c", "a\tb"}}), "encoding /header/c");
  EXPECT_EQ(in_header("{type: string}", "required: true").headers({}), "required /header/c");
  EXPECT_EQ(Asked({"{name: Accept, in: header, schema: {type: integer}}"}).headers({{"Accept", "text/html"}}),
            "{}");
}

TEST(Cookie, IsReadStrictlyWhereItIsDeclared) {
  EXPECT_EQ(in_cookie("{type: string}").cookie("a=1; c=x%79; d=2"), R"({"c":"xy"})");
  EXPECT_EQ(in_cookie(kNumbers, "explode: false").cookie("c=1,2"), R"({"c":[1,2]})");
  EXPECT_EQ(in_cookie(kRgb, "explode: false").cookie("c=R,1"), R"({"c":{"R":1}})");
  EXPECT_EQ(in_cookie("{type: string}").cookie("a={\"json\": 1}; c=x"), R"({"c":"x"})");
  EXPECT_EQ(in_cookie("{type: string}").cookie("c=1; c=2"), "repeated /cookie/c");
  EXPECT_EQ(in_cookie("{type: string}").cookie("c=\"x\""), "style /cookie/c");
  EXPECT_EQ(in_cookie("{type: string}").cookie("c=x y"), "style /cookie/c");
  EXPECT_EQ(in_cookie("{type: string}").cookie("c=x c=y"), "style /cookie/c");
  EXPECT_EQ(in_cookie("{type: string}").cookie("a=b c=y; c=x"), R"({"c":"x"})");
  EXPECT_EQ(in_cookie("{type: string}").cookie("c=x,y"), "style /cookie/c");
  EXPECT_EQ(in_cookie("{type: string}").cookie("c=x,c=y"), "style /cookie/c");
  EXPECT_EQ(in_cookie(kNumbers, "explode: false").cookie("c=1,a=2"), "style /cookie/c");
  EXPECT_EQ(in_cookie("{type: array, items: {type: string}}").cookie("c=1,2"), "style /cookie/c");
  EXPECT_EQ(in_cookie("{type: string}").cookie("c=%00"), "ambiguous /cookie/c");
  for (const char* raw :
       {"c=x%20y", "c=a+b", "c=a%2Bb", "c=%2561", "c=a%3Bb", "c=%C3%A9", "c=%4", "c=%22a%22"})
    EXPECT_EQ(in_cookie("{type: string}").cookie(raw), "ambiguous /cookie/c") << raw;
  EXPECT_EQ(in_cookie("{type: array, items: {type: string}}", "explode: false").cookie("c=1%2C2,3"),
            "ambiguous /cookie/c");
  for (const char* raw : {"c", "c=1;d=2", "c=1;", "c=1; ", "", "; c=1", "c=1;  d=2", "c =1", "=1"}) {
    EXPECT_EQ(in_cookie("{type: string}").cookie(raw), "style /cookie/*") << raw;
  }
}

TEST(InputReader, FindsEveryProblemAndPutsEachValueInItsPlace) {
  Asked asked({"{name: id, in: path, required: true, schema: {type: integer}}",
               "{name: q, in: query, required: true, schema: {type: string}}",
               "{name: X-Trace, in: header, schema: {type: boolean}}",
               "{name: sid, in: cookie, schema: {type: string}}"},
              "/x/{id}");
  const std::string_view one = "7", bad = "x";
  const Fields fields{{"X-Trace", "true"}, {"cookie", "sid=abc"}};
  EXPECT_EQ(asked.ask({.path = {&one, 1}, .query = "q=a", .headers = &fields}),
            R"({"path":{"id":7},"query":{"q":"a"},"header":{"X-Trace":true},"cookie":{"sid":"abc"}})");
  const Fields wrong{{"X-Trace", "1"}, {"cookie", "sid=\"\""}};
  EXPECT_EQ(asked.ask({.path = {&bad, 1}, .query = "", .headers = &wrong}),
            "type /path/id, required /query/q, type /header/X-Trace, style /cookie/sid");
}

class FormBody : public testing::Test {
 protected:
  std::string read(const std::string& schema, std::string_view body, const std::string& more = "") {
    const Loaded loaded = load_text(
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /x:\n    post:\n      requestBody:\n      "
        "  content:\n"
        "          application/x-www-form-urlencoded:\n            schema: " +
        schema + "\n" + more);
    EXPECT_EQ(loaded.problems.text(), "");
    if (!loaded.problems.empty()) return "";
    InputMemory memory;
    json::Document values;
    schema::Findings findings;
    if (loaded.api.operations[0].body->content[0].form->read(body, memory, values, findings))
      return json::to_text(values.root());
    return std::string(findings[0].keyword()) + " " + findings[0].at;
  }
};

TEST_F(FormBody, IsDecodedByTheTypesOfItsProperties) {
  const std::string schema =
      "{type: object, required: [a], properties: {a: {type: string}, n: {type: integer}, l: {type: array, "
      "items: {type: integer}}}}";
  EXPECT_EQ(read(schema, "a=x+y%2B&n=3&l=1&l=2"), R"({"a":"x y+","n":3,"l":[1,2]})");
  EXPECT_EQ(read(schema, "a=two%0D%0Alines"), R"({"a":"two\r\nlines"})");
  EXPECT_EQ(read(schema, "n=3"), "required /a");
  EXPECT_EQ(read(schema, "a=1&a=2"), "repeated /a");
  EXPECT_EQ(read(schema, "a=1&z=2"), "undeclared /*");
  EXPECT_EQ(read(schema, "a=%00"), "encoding /a");
  EXPECT_EQ(read(schema, "a=1&n=x"), "type /n");
}

TEST_F(FormBody, AnObjectIsJsonUnlessItsEncodingSaysAStyle) {
  const std::string schema =
      "{type: object, properties: {o: {type: object, properties: {k: {type: integer}}}}}";
  EXPECT_EQ(read(schema, "o=%7B%22k%22:1%7D"), R"({"o":{"k":1}})");
  EXPECT_EQ(read(schema, "o=%7B%22k%22:%7D"), "json /o");
  EXPECT_EQ(read(schema, "o[k]=1", "            encoding: {o: {style: deepObject, explode: true}}\n"),
            R"({"o":{"k":1}})");
}

TEST_F(FormBody, FreeMembersAreTextAndStillUnique) {
  const std::string schema =
      "{type: object, properties: {a: {type: integer}}, additionalProperties: {type: string}}";
  EXPECT_EQ(read(schema, "a=1&b=2"), R"({"a":1,"b":"2"})");
  EXPECT_EQ(read(schema, "b=2&b=3"), "repeated /*");
}

}  // namespace
}  // namespace gatehouse::openapi
