// The forwarded parts of a client's head: fields by the table and the operation's rules, and cookies written
// anew.
#include "target/upstream_head.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/strings.h"
#include "core/answer_rules.h"
#include "http/request_parser.h"
#include "target/testing.h"

namespace gatehouse::target {
namespace {

struct HeadRules {
  CredentialCarriers carriers;
  RequestRules forwards;
  TraceOrigin trace = TraceOrigin::of_caller;
};

HeadRules head_rules() {
  HeadRules rules;
  rules.carriers.fields = {FieldName("X-API-Key"), FieldName("User-Agent")};
  rules.forwards.fields = {FieldName("X-Tenant"), FieldName("Referer"), FieldName("Client-IP")};
  rules.forwards.checked_cookies = {"tenant", "ids"};
  rules.forwards.forwarded_cookies = {"theme", "lang"};
  return rules;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), ascii_lower);
  return text;
}

// The lines that go on, without the others.
std::string gone_on(const std::string& lines, const HeadRules& with = head_rules(),
                    const Principal& principal = gate::Identifier::principal("ann"),
                    const std::string& method = "GET", Via via = Via::client) {
  const std::string text = method + " /x HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
  http::RequestParser parser;
  http::RequestHead head;
  EXPECT_EQ(parser.parse(text, head), http::Progress::complete) << lines;
  const http::TraceContext trace;
  const AnswerRules answers;
  const SystemClock clock;
  static Passages passages;  // one for all requests, as an exchange has: it remembers values
  if (const auto refused = passages.decide(head, via, with.trace, with.carriers, with.forwards))
    return "refused: " + lower(std::string(head.fields[refused->index].name)) + " " +
           std::string(refused->rule);
  const Call call{.head = head,
                  .operation = "x",
                  .request_id = {},
                  .path = "/x",
                  .client = {},
                  .client_text = {},
                  .authority = {},
                  .trace = trace,
                  .clock = clock,
                  .carriers = with.carriers,
                  .forwards = with.forwards,
                  .passages = passages,
                  .answers = answers};
  std::string out;
  const bool has_body = head.body.kind == http::BodyKind::chunked || head.body.length > 0;
  append_client_fields(out, call, principal, has_body ? WithBody::yes : WithBody::no);
  return out;
}

TEST(ClientFields, ThatCarryAForwardedCredentialGoOnWhereItProvedThePrincipal) {
  using Place = ForwardedCredential::Place;
  HeadRules rules;
  rules.carriers.authorization = CredentialCarriers::Authorization::goes_on;
  rules.forwards.fields = {FieldName("X-Tenant"), FieldName("X-Key")};
  rules.forwards.forwarded_cookies = {"sid", "lang"};
  rules.forwards.credentials = {{Place::field, FieldName("Authorization"), {1, 4}},
                                {Place::field, FieldName("X-Key"), {2}},
                                {Place::cookie, FieldName("sid"), {3}}};
  const std::string all = "Authorization: b\r\nX-Tenant: t\r\nX-Key: k\r\nCookie: sid=s; lang=de\r\n";
  const auto proven = [&](std::uint32_t by, std::vector<IdentityPointer> beside = {}) {
    return gone_on(all, rules, gate::Identifier::proven_by(by, std::move(beside)));
  };
  const std::string others = "X-Tenant: t\r\n", language = "Cookie: lang=de\r\n";
  EXPECT_EQ(gone_on(all, rules), others + language) << "of nobody, whatever number an authenticator has";
  EXPECT_EQ(proven(0), others + language);
  EXPECT_EQ(proven(1), "Authorization: b\r\n" + others + language);
  EXPECT_EQ(proven(4), "Authorization: b\r\n" + others + language);
  EXPECT_EQ(proven(2), others + "X-Key: k\r\n" + language);
  EXPECT_EQ(proven(3), others + "Cookie: sid=s; lang=de\r\n");
  EXPECT_EQ(proven(1, {gate::Identifier::identity("machine", PrincipalKind::key, 2)}),
            "Authorization: b\r\n" + others + "X-Key: k\r\n" + language);
}

TEST(ClientFields, OfTheTableGoOnWhereTheyParse) {
  for (const char* line :
       {"Accept: a/b\r\n", "accept-language: de\r\n", "If-None-Match: \"1\"\r\n", "Range: bytes=0-1\r\n",
        "Origin: https://a.test\r\n", "Sec-Fetch-Site: same-origin\r\n"})
    EXPECT_EQ(gone_on(line), line);
  for (const char* line : {"Accept: a\r\n", "Range: lines=0-1\r\n", "If-None-Match: \"\r\n",
                           "X-Requested-With: app\r\n", "Sec-Fetch-Site: evil\r\n"})
    EXPECT_EQ(gone_on(line), "") << line;
}

TEST(ClientFields, OfATraceGoOnWithItOnly) {
  const std::string lines = "tracestate: a=1\r\nbaggage: user=ann;p, x=y\r\n";
  EXPECT_EQ(gone_on(lines), lines);
  EXPECT_EQ(gone_on("baggage: user=ann\r\nbaggage: ${x}, b=1\r\n"), "baggage: user=ann, b=1\r\n");
  HeadRules own = head_rules();
  own.trace = TraceOrigin::own;
  EXPECT_EQ(gone_on(lines, own), "");
  own.forwards.fields.emplace_back("baggage");
  EXPECT_EQ(gone_on(lines, own), "")
      << "an operation that declares it gets none of a stranger's trace either";
  for (const char* field :
       {"b3: 1", "X-B3-TraceId: 1", "x-b3-sampled: 1", "uber-trace-id: 1", "sentry-trace: 1"}) {
    const std::string line = std::string(field) + "\r\n";
    EXPECT_EQ(gone_on(line), "") << "only by name: " << field;
    HeadRules named;
    named.forwards.fields.emplace_back(std::string_view(field).substr(0, std::string_view(field).find(':')));
    EXPECT_EQ(gone_on(line, named), line);
  }
}

TEST(ClientFields, OfAListTheMembersThatParseGoOn) {
  EXPECT_EQ(gone_on("Accept: a/b, ${x}, c/d\r\n"), "Accept: a/b, c/d\r\n");
  EXPECT_EQ(gone_on("Accept: a/b\r\nPrefer: wait=1\r\naccept: $, c/d\r\n"),
            "Accept: a/b, c/d\r\nPrefer: wait=1\r\n")
      << "the lines of a field are one list";
  EXPECT_EQ(gone_on("If-None-Match: \"a\"\r\nIf-None-Match: b\r\n"), "")
      << "which is kept whole or not at all";
}

TEST(ClientFields, GoOnByTheirOwnValueWhateverEarlierRequestsHad) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(gone_on("Accept: a/b\r\nIf-Match: \"a\"\r\n"), "Accept: a/b\r\nIf-Match: \"a\"\r\n");
    EXPECT_EQ(gone_on("Accept: a/b, $\r\nIf-Match: \"a\", $\r\n"), "Accept: a/b\r\n");
    EXPECT_EQ(gone_on("Accept: a/b@\r\nIf-Match: \"\r\n"), "");
    EXPECT_EQ(gone_on("Accept: a/\r\nIf-Match: a/b\r\n"), "") << "what another grammar took is nothing here";
    EXPECT_EQ(gone_on("Accept: a/b\r\naccept: a/b\r\n"), "Accept: a/b, a/b\r\n");
    EXPECT_EQ(gone_on("Accept:\r\nIf-Match:\r\n"), "");
  }
}

TEST(ClientFields, WhoseAbsenceWouldLetMoreHappenAreRefused) {
  EXPECT_EQ(gone_on("Content-Digest: x\r\n"), "refused: content-digest format");
  EXPECT_EQ(gone_on("Repr-Digest: sha-256=1\r\n"), "refused: repr-digest format");
  for (const char* field : {"If-Match", "If-None-Match", "If-Unmodified-Since"}) {
    const std::string line = std::string(field) + ": \x80\r\n";
    EXPECT_EQ(gone_on(line), "") << "GET";
    EXPECT_EQ(gone_on(line, head_rules(), gate::Identifier::principal("ann"), "PUT"),
              "refused: " + lower(field) + " format");
  }
}

TEST(ClientFields, ThatNothingNamesAreTheConfigurationsToDecide) {
  HeadRules rules;
  rules.carriers.fields = {FieldName("X-API-Key")};
  rules.carriers.cookies = {"sid"};
  const std::string lines =
      "X-New: 1\r\nX-API-Key: k\r\nClient-IP: 1\r\nDNT: 1\r\nCookie: sid=s; a=1; a=2; b=x y; c=3\r\n";
  EXPECT_EQ(gone_on(lines, rules), "");
  rules.forwards.undeclared = Undeclared::forward;
  EXPECT_EQ(gone_on(lines, rules), "X-New: 1\r\nDNT: 1\r\nCookie: a=1; c=3\r\n");
  EXPECT_EQ(gone_on("b3: 1\r\nX-B3-Sampled: 1\r\nuber-trace-id: 1\r\nsentry-trace: 1\r\n", rules), "")
      << "a trace by its name only";
  EXPECT_EQ(gone_on("X-New: 1\r\nX_New: 2\r\nx.new: 3\r\nX~New: 4\r\n", rules), "X-New: 1\r\n")
      << "which CGI reads as one";
  rules.forwards.fields.push_back(FieldName("X_Named"));
  rules.forwards.fields.push_back(FieldName("b3"));
  EXPECT_EQ(gone_on("X_Named: 1\r\nb3: 1\r\n", rules), "X_Named: 1\r\nb3: 1\r\n");
  rules.forwards.undeclared = Undeclared::refuse;
  EXPECT_EQ(gone_on(lines, rules), "refused: x-new undeclared");
  EXPECT_EQ(gone_on("DNT: 1\r\nX-API-Key: k\r\nAccept: */*\r\n", rules), "Accept: */*\r\n")
      << "what every browser sends, and what ends here";
}

TEST(ClientFields, ThatNothingNamesGoOnOnceUnlessTheyAreLists) {
  HeadRules rules;
  rules.forwards.undeclared = Undeclared::forward;
  rules.forwards.fields = {FieldName("X-Listed")};
  EXPECT_EQ(gone_on("X-New: 1\r\nx-new: 1\r\n", rules), "refused: x-new repeated");
  EXPECT_EQ(gone_on("DNT: 1\r\nX-New: 1\r\ndnt: 0\r\n", rules), "refused: dnt repeated");
  const std::string lists =
      "X-Listed: 1\r\nX-Listed: 2\r\nPreference-Applied: a\r\nPreference-Applied: b\r\n";
  EXPECT_EQ(gone_on(lists, rules), lists) << "a parameter's schema says whether it may come twice";
  rules.forwards.undeclared = Undeclared::drop;
  EXPECT_EQ(gone_on("X-New: 1\r\nx-new: 1\r\n", rules), "");
}

TEST(ClientFields, CookiesAreWrittenInTheOrderOfTheDocument) {
  EXPECT_EQ(gone_on("Cookie: lang=de; ids=1; theme=x; other=1; tenant=t; ids=2\r\n"),
            "Cookie: tenant=t; ids=1; ids=2; theme=x; lang=de\r\n");
}

TEST(ClientFields, ThatASenderSignedGoOn) {
  HeadRules rules;
  const std::string lines =
      "Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/r/s/aws4_request, SignedHeaders=host, "
      "Signature=" +
      std::string(64, '0') + "\r\nX-Amz-Date: 20260101T000000Z\r\n";
  EXPECT_EQ(gone_on(lines, rules), "");
  rules.forwards.signatures = Signatures::kept;
  EXPECT_EQ(gone_on(lines, rules), lines);
  EXPECT_EQ(gone_on("Authorization: Bearer x\r\n", rules), "");
  EXPECT_EQ(gone_on("Authorization: AWS4-Bearer x, SignedHeaders=host\r\n", rules), "") << "by its name only";
  rules.carriers.authorization = CredentialCarriers::Authorization::goes_on;
  rules.forwards.credentials = {{ForwardedCredential::Place::field, FieldName("Authorization"), {1}}};
  EXPECT_EQ(gone_on(lines, rules), lines)
      << "a signature is no credential of a scheme that says forward: true";
  EXPECT_EQ(gone_on("Authorization: Bearer x\r\n", rules), "");
  EXPECT_EQ(gone_on("X-Amz-Date: 1\r\nx-amz-date: 2\r\n", rules), "refused: x-amz-date repeated");
  rules.carriers.fields = {FieldName("X-Amz-Security-Token")};
  EXPECT_EQ(gone_on("X-Amz-Security-Token: secret\r\n", rules), "") << "a configured scheme's credential";
}

TEST(ClientFields, OfAProxyAreBelievedOfATrustedOneOnly) {
  HeadRules rules;
  rules.forwards.fields = rules.forwards.of_proxies = {FieldName("CF-IPCountry")};
  const std::string line = "cf-ipcountry: CH\r\n";
  EXPECT_EQ(gone_on(line, rules), "");
  EXPECT_EQ(gone_on(line, rules, gate::Identifier::principal("ann"), "GET", Via::trusted_proxy), line);
}

TEST(ClientFields, OfAProxyAreNotBelievedOfOthersThoughTheTableKnowsThem) {
  for (std::size_t i = 1; i < http::kFieldIdCount; ++i) {
    const auto id = static_cast<http::FieldId>(i);
    if (http::to_upstream(id) != http::ToUpstream::goes_on || id == http::FieldId::cookie ||
        id == http::FieldId::content_type)
      continue;
    HeadRules rules;
    rules.forwards.fields = rules.forwards.of_proxies = {FieldName(http::name(id))};
    const std::string line = std::string(http::name(id)) + ": *\r\n";
    EXPECT_EQ(gone_on(line, rules), "") << line;
    rules.forwards.undeclared = Undeclared::forward;
    EXPECT_EQ(gone_on(line, rules), "") << line;
  }
}

TEST(ClientFields, ARangeGoesOnWithItsConditionOnly) {
  const std::string range = "Range: bytes=100-\r\n";
  EXPECT_EQ(gone_on("If-Range: \"a\"\r\n" + range), "If-Range: \"a\"\r\n" + range);
  for (const char* condition : {"If-Range: 5f3c-abc\r\n", "If-Range: \"a b\"\r\n", "If-Match: \"a b\"\r\n",
                                "If-Unmodified-Since: today\r\n"}) {
    EXPECT_EQ(gone_on(condition + range), "") << condition;
    EXPECT_EQ(gone_on(range + condition), "") << condition;
  }
}

TEST(ClientFields, ARefererShowsNoCredential) {
  HeadRules rules;
  rules.forwards.referer = RefererPassage::full;
  rules.carriers.pairs = {"hook"};
  const auto shown = [&](const std::string& url) { return gone_on("Referer: " + url + "\r\n", rules); };
  const std::string origin = "Referer: https://a.test/\r\n";
  for (const char* query : {"?hook=secret", "?a=1&hook=secret", "?h%6fok=secret", "?x=gh_0123456789AB_2345",
                            "?t=eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "?a=1;hook=s", "?HOOK=s", "?hook%5B%5D=s",
                            "?ho%256fk=s", "?x=%65yJhbGciOi", "?a=%3fhook=s"})
    EXPECT_EQ(shown("https://a.test/x" + std::string(query)), origin) << query;
  EXPECT_EQ(shown("https://a.test/x?hooks=1"), "Referer: https://a.test/x?hooks=1\r\n");
  EXPECT_EQ(shown("https://a.test/hook"), "Referer: https://a.test/hook\r\n");
}

TEST(ClientFields, RefererAndUserAgentGoOnAsFarAsTheConfigurationSays) {
  HeadRules rules;
  const std::string lines = "Referer: https://a.test:8443/x?secret=1\r\nUser-Agent: curl/8\r\n";
  EXPECT_EQ(gone_on(lines, rules), "User-Agent: curl/8\r\n");
  rules.forwards.user_agent = UserAgentPassage::drop;
  rules.forwards.referer = RefererPassage::origin;
  EXPECT_EQ(gone_on(lines, rules), "Referer: https://a.test:8443/\r\n");
  rules.forwards.referer = RefererPassage::full;
  EXPECT_EQ(gone_on(lines, rules), "Referer: https://a.test:8443/x?secret=1\r\n");
  for (const char* line : {"Referer: ${jndi:x}\r\n", "Referer: https://u@a/\r\n", "Referer: /x\r\n",
                           "Referer: javascript:alert(1)\r\n", "Referer: about:blank\r\n"})
    EXPECT_EQ(gone_on(line, rules), "") << line;
}

TEST(ClientFields, ThatAPolicyNamesGoOnAsTheirSchemaTookThem) {
  HeadRules rules;
  rules.forwards.fields = {FieldName("user-agent"), FieldName("X-Requested-With")};
  const std::string lines = "User-Agent: ${x}\r\nX-Requested-With: app\r\n";
  EXPECT_EQ(gone_on(lines, rules), lines);
}

TEST(ClientFields, AContentTypeIsWrittenAnew) {
  const auto written = [](const std::string& value) {
    return gone_on("content-TYPE: " + value + "\r\nContent-Length: 1\r\n");
  };
  EXPECT_EQ(written("application/json"), "Content-Type: application/json\r\n");
  EXPECT_EQ(written("Application/JSON ;\tCharSet=UTF-8"),
            "Content-Type: application/json; charset=UTF-8\r\n");
  EXPECT_EQ(written("multipart/form-data;Boundary=\"a b\""),
            "Content-Type: multipart/form-data; boundary=\"a b\"\r\n");
}

TEST(ClientFields, AContentTypeWithoutABodyStaysBehind) {
  EXPECT_EQ(gone_on("Content-Type: text/plain; charset=utf-7\r\n"), "");
  EXPECT_EQ(gone_on("Content-Type: text/plain\r\nContent-Length: 0\r\n"), "");
  EXPECT_EQ(gone_on("Content-Type: text/plain\r\nContent-Length: 1\r\n"), "Content-Type: text/plain\r\n");
  EXPECT_EQ(gone_on("Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n"),
            "Content-Type: text/plain\r\n");
}

TEST(ClientFields, ThatNothingNamesStayBehind) {
  for (const char* name : {"X-SSL-Client-Verify",
                           "SSL-Client-Verify",
                           "X-SSL-Client-S-DN",
                           "Client-IP",
                           "X-Auth-Request-User",
                           "X-Auth-Request-Email",
                           "X-Original-Method",
                           "X-Middleware-Subrequest",
                           "X-HTTP-Method-Override",
                           "X-Authenticated-User",
                           "X-User-Id",
                           "X-Amz-Security-Token",
                           "Destination",
                           "Translate",
                           "Early-Data",
                           "Content-Range",
                           "Next-Action",
                           "X-Envoy-Original-Path",
                           "X-Forwarded-User",
                           "Proxy",
                           "Remote-User",
                           "Gatehouse-Roles",
                           "X-Tenants",
                           "X-Tenan",
                           "x_tenant",
                           "Baggage",
                           "Server",
                           "X-Powered-By",
                           "Set-Cookie"})
    EXPECT_EQ(gone_on(std::string(name) + ": 1\r\n"), "") << name;
}

TEST(ClientFields, ThatTheRulesNameGoOnUnlessTheTableEndsThem) {
  EXPECT_EQ(gone_on("x-tenant: a\r\nReferer: https://a.test/\r\nClient-IP: c\r\n"), "x-tenant: a\r\n")
      << "Referer goes on by `referer` alone";
}

TEST(ClientFields, ThatCarryACredentialEndHere) {
  EXPECT_EQ(gone_on("X-API-Key: k\r\nUser-Agent: k\r\nAuthorization: Bearer x\r\nProxy-Authorization: x\r\n"),
            "");
}

TEST(ClientCookies, AreWrittenAnewFromThoseThatTheRulesName) {
  EXPECT_EQ(gone_on("cookie: lang=de; other=1; tenant=mine; theme=dark; session=x\r\n"),
            "Cookie: tenant=mine; theme=dark; lang=de\r\n")
      << "in the order of the rules";
  EXPECT_EQ(gone_on("Cookie: ids=1; ids=2\r\n"), "Cookie: ids=1; ids=2\r\n") << "of a list every item";
  EXPECT_EQ(gone_on("Cookie: theme=a; theme=b\r\n"), "Cookie: theme=a\r\n") << "of a name the first";
  EXPECT_EQ(gone_on("Cookie: theme=\"a\"\r\n"), "Cookie: theme=a\r\n");
  EXPECT_EQ(gone_on("Cookie: tenant=m%69ne; theme=d%61rk\r\n"), "Cookie: tenant=mine; theme=d%61rk\r\n")
      << "as every reader reads what was checked, and as it was sent what was not";
}

TEST(ClientCookies, ThatReadersDisagreeAboutStayBehind) {
  for (const char* value : {"a=b tenant=theirs", "theme=b tenant=theirs", "theme=b\ttenant=theirs",
                            "theme=b,tenant=theirs", "theme=\"b; lang=c\"", "theme=b\\", "theme=a b; theme=c",
                            "theme", "=theme", "lang =x", "theme=x y;lang=z", "other=\"; other=\"", ""})
    EXPECT_EQ(gone_on(std::string("Cookie: ") + value + "\r\n"), "") << value;
  EXPECT_EQ(gone_on("Cookie: tenant=mine; a=b tenant=theirs; theme=dark lang=x\r\n"),
            "Cookie: tenant=mine\r\n");
  EXPECT_EQ(gone_on("Cookie: a=\"; theme=dark; b=\"\r\n"), "Cookie: theme=dark\r\n");
}

TEST(ClientCookies, ThatNothingNamesGoOnUpToTheSixtyFourthWhereTheRulesSaySo) {
  HeadRules rules = head_rules();
  rules.forwards.undeclared = Undeclared::forward;
  std::string sent, all;
  for (int i = 0; i < 70; ++i) sent += (i == 0 ? "n" : "; n") + std::to_string(i) + "=1";
  all = sent.substr(0, sent.find("; n64="));
  EXPECT_EQ(gone_on("Cookie: " + sent + "; theme=dark\r\n", rules), "Cookie: theme=dark; " + all + "\r\n");
  EXPECT_EQ(gone_on("Cookie: a=x y; a=1; n; b=1\r\n", rules), "Cookie: b=1\r\n")
      << "of a name the first alone";
}

TEST(ClientCookies, AreNoneWhereNothingNamesAny) {
  EXPECT_EQ(gone_on("Cookie: tenant=mine\r\n", HeadRules{}), "");
}

}  // namespace
}  // namespace gatehouse::target
