#include "target/answer_head.h"

#include <gtest/gtest.h>

namespace gatehouse::target {
namespace {

struct Answer {
  std::string head;
  Response response;
  CallReport report;
};

AnswerRules rules(std::vector<FieldName> declared = {}) {
  return {.fields = std::move(declared),
          .cookies = {"theme"},
          .inside = {{inside_name("orders.test"), 3000},
                     {inside_name("10.0.0.2"), 80},
                     {inside_name("127.0.0.1"), 9000}}};
}

std::string left_of(const std::string& lines, const AnswerRules& with = rules(),
                    CallReport* report = nullptr) {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + lines + "\r\n";
  http::ResponseParser parser;
  http::ResponseHead head;
  EXPECT_EQ(parser.parse(text, http::Method::get, head), http::Progress::complete) << lines;
  Response response;
  CallReport own;
  take_answer_fields(head, with, {"api.example:8443", "/base"}, response, report != nullptr ? *report : own);
  return response.fields;
}

TEST(AnswerFields, ThatNoTableAndNoDocumentNamesStay) {
  for (const char* name :
       {"CDN-Cache-Control", "Surrogate-Control", "Server-Timing", "X-Served-By", "Alt-Svc", "Refresh",
        "X-Stack", "X-Anything", "Access-Control-Allow-Origin", "X_Odd", "Report-To", "Proxy", "Gatehouse",
        "Gatehouse-Principal", "X-Forwarded", "X-Forwarded-Host", "Baggage", "Host"})
    EXPECT_EQ(left_of(std::string(name) + ": 1\r\n"), "") << name;
}

TEST(AnswerFields, ThatTheTableLetsGoLeaveAsTheyCame) {
  for (const char* line : {"ETag: \"7\"\r\n", "Content-Language: de\r\n",
                           "content-disposition: attachment\r\n", "Vary: Accept\r\n", "Retry-After: 7\r\n",
                           "Accept-Ranges: bytes\r\n", "Sunset: x\r\n", "Repr-Digest: sha-256=:x:\r\n"})
    EXPECT_EQ(left_of(line), line);
}

// An upstream that believes X-Forwarded-Host writes links to this server, with its own base path in them.
TEST(AnswerFields, ThatNameThisServerBecomeItsPaths) {
  const auto location = [](std::string_view reference) {
    return left_of("Location: " + std::string(reference) + "\r\n");
  };
  EXPECT_EQ(location("https://api.example:8443/base/orders/7?a#b"), "Location: /orders/7?a#b\r\n");
  EXPECT_EQ(location("https://API.example:8443/base"), "Location: /\r\n");
  EXPECT_EQ(location("//api.example:8443/x"), "Location: /x\r\n");
  for (const char* other : {"https://api.example/x", "https://api.example:8444/x",
                            "https://a.api.example:8443/x", "https://api.example.evil.test:8443/x"})
    EXPECT_EQ(location(other), "Location: " + std::string(other) + "\r\n");
  EXPECT_EQ(left_of("Link: <https://api.example:8443/base/orders?page=2>; rel=\"next\"\r\n"),
            "Link: </orders?page=2>; rel=\"next\"\r\n");
}

TEST(AnswerFields, ThatTheDocumentDeclaresLeaveButNotThoseThatGatehouseWrites) {
  const AnswerRules declared =
      rules({FieldName("X-Total-Count"), FieldName("server"), FieldName("Refresh"),
             FieldName("Cache-Control"), FieldName("gatehouse-roles"), FieldName("idempotency-key")});
  EXPECT_EQ(left_of("x-total-count: 7\r\nX-Total: 1\r\nServer: x\r\nRefresh: 0\r\nCache-Control: public\r\n"
                    "Gatehouse-Roles: root\r\nIdempotency-Key: k\r\n",
                    declared),
            "x-total-count: 7\r\nIdempotency-Key: k\r\n");
}

TEST(AnswerFields, ThatConnectionNamesConcernOneConnection) {
  EXPECT_EQ(
      left_of("Connection: keep-alive, ETag\r\nConnection: X-Mine\r\nETag: \"7\"\r\nX-Mine: 1\r\nVary: a\r\n",
              rules({FieldName("X-Mine")})),
      "Vary: a\r\n");
}

TEST(AnswerFields, SetDeclaredCookiesOnly) {
  const std::string lines =
      "Set-Cookie: theme=dark; Path=/\r\nSet-Cookie: session=1\r\nSet-Cookie: Theme=x\r\nSet-Cookie: "
      "=theme\r\n";
  EXPECT_EQ(left_of(lines), "Set-Cookie: theme=dark; Path=/\r\n");
  EXPECT_EQ(left_of(lines, rules({FieldName("Set-Cookie")})), lines);
}

TEST(AnswerFields, KeepAllowForTheGate) {
  CallReport report;
  EXPECT_EQ(left_of("Allow: GET\r\nAllow: PURGE, DELETE\r\n", rules({FieldName("Allow")}), &report), "");
  EXPECT_EQ(std::string(report.allow), "GET, PURGE, DELETE");
}

TEST(AnswerFields, LinkToThisServerOnlyUnlessDeclared) {
  EXPECT_EQ(
      left_of("Link: </orders?page=2>; rel=\"next\", <http://orders.test:3000/base/orders>; rel=first\r\n"),
      "Link: </orders?page=2>; rel=\"next\", </orders>; rel=first\r\n");
  const std::string outside = "Link: <https://docs.test/>; rel=\"help <x>\"\r\n";
  EXPECT_EQ(left_of("Link: </a>; title=\"a <b>, c\"\r\n"), "Link: </a>; title=\"a <b>, c\"\r\n");
  EXPECT_EQ(left_of(outside), "");
  EXPECT_EQ(left_of(outside, rules({FieldName("Link")})), outside);
  for (const char* line :
       {"Link: <//docs.test/>\r\n", "Link: </a>; anchor=\"http://orders.test:3000/\"\r\n", "Link: </a\r\n",
        "Link: </a>; title=\"x\r\n", "Link: <http:docs.test>\r\n", "Link: <\\\\docs.test>\r\n",
        // Read without quotes, or with other ones.
        "Link: </a>; title=\"x, <https://docs.test/>; rel=next\"\r\n",
        "Link: </a>; title=\"x\\\", <https://docs.test/>; rel=\\\"next\"\r\n",
        "Link: </a>; title=x\"y, <https://docs.test/>; rel=z\"\r\n", "Link: </a\">; title=\"b\"\r\n",
        "Link: </a>; title=\"x <http://orders.test:8080/>\"\r\n"})
    EXPECT_EQ(left_of(line), "") << line;
  EXPECT_EQ(left_of("Link: </a>; title=\"x <http://orders.test:8080/>\"\r\n", rules({FieldName("Link")})),
            "");
}

// `nothing`: does not leave.
std::string left_of_reference(std::string_view reference) {
  const AnswerRules with = rules();
  std::string out;
  return append_reference(out, reference, with.inside, {"api.example:8443", "/base"}) ? out : "nothing";
}

TEST(Locations, ThatNameTheUpstreamInAnyFormBecomePathsOfThisServer) {
  for (const char* host : {"http://orders.test:3000",  "HTTP://ORDERS.TEST:3000",
                           "https://orders.test",      "//orders.test:3000",
                           "http://orders.test.:3000", "http://user:pw@orders.test:3000",
                           "http://10.0.0.2",          "//10.0.0.2:80",
                           "http://[::ffff:10.0.0.2]", "http://localhost:9000",
                           "http://127.0.0.1:9000",    "http://[::1]:9000",
                           "http://127.9.9.9:9000",    "http://app.localhost:9000",
                           "ws://orders.test:3000",    "http://0.0.0.0:9000",
                           "http://[::]:9000",         "http://[::127.0.0.1]:9000",
                           "http://[::7f00:1]:9000",   "http://[::10.0.0.2]"}) {
    EXPECT_EQ(left_of_reference(std::string(host) + "/base/7?a=1#b"), "/7?a=1#b") << host;
    EXPECT_EQ(left_of_reference(std::string(host) + "/basement"), "/basement") << host;
    EXPECT_EQ(left_of_reference(std::string(host)), "/") << host;
    EXPECT_EQ(left_of_reference(std::string(host) + "?a"), "/?a") << host;
    EXPECT_EQ(left_of_reference(std::string(host) + "/base?a"), "/?a") << host;
    EXPECT_EQ(left_of_reference(std::string(host) + "//evil.test/"), "/") << host;
    EXPECT_EQ(left_of_reference(std::string(host) + "/base//evil.test/"), "/") << host;
  }
}

TEST(Locations, ElsewhereOrWithoutAHostStayAsTheyAre) {
  for (const char* reference :
       {"/7", "7?a=http://orders.test:3000/", "?a", "#b", "../x", "https://shop.test/7", "//shop.test/",
        "http://orders.test.evil.test/", "myapp:callback", "myapp://callback/x",
        "http://127.0.0.1:51004/callback", "/a:b", "https://shop.test/?u=http://orders.test:3000"})
    EXPECT_EQ(left_of_reference(reference), reference);
}

TEST(Locations, ThatABrowserReadsDifferentlyOrThatTellOfTheInsideDoNotLeave) {
  for (const char* reference :
       {"http:orders.test:3000/", "http:/orders.test:3000", "http:///orders.test:3000",
        "\\\\orders.test:3000\\", "/\\orders.test:3000", "/\torders.test", "///orders.test:3000",
        "http://%6Frders.test:3000/", "http://167772162/", "http://10.2/", "http://0x0a000002/",
        "http://orders.test:8080/", "http://10.0.0.2:22/", "http://user@shop.test/",
        "http://orders.test:3000@shop.test/", "http://shop.test:0/", "http://[fe80::1%25eth0]/", "http://",
        ""})
    EXPECT_EQ(left_of_reference(reference), "nothing") << reference;
}

}  // namespace
}  // namespace gatehouse::target
