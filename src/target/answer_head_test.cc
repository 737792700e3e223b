#include "target/answer_head.h"

#include <string>
#include <utility>

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
  return std::string(response.fields.block());
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

std::string set_by(const std::string& value, const AnswerRules& with = rules(),
                   CallReport* report = nullptr) {
  return left_of("Set-Cookie: " + value + "\r\n", with, report);
}

TEST(AnswerFields, SetDeclaredCookiesOnly) {
  const std::string lines =
      "Set-Cookie: theme=dark; Path=/\r\nSet-Cookie: session=1\r\nSet-Cookie: Theme=x\r\nSet-Cookie: "
      "=theme\r\n";
  EXPECT_EQ(left_of(lines), "Set-Cookie: theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax\r\n");
  EXPECT_EQ(left_of(lines, rules({FieldName("Set-Cookie")})),
            "Set-Cookie: theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax\r\n"
            "Set-Cookie: session=1; Secure; HttpOnly; SameSite=Lax\r\n"
            "Set-Cookie: Theme=x; Secure; HttpOnly; SameSite=Lax\r\n");
}

TEST(AnswerFields, CompleteWhatACookieLacks) {
  EXPECT_EQ(set_by("theme=a; SameSite=None; Partitioned"),
            "Set-Cookie: theme=a; Secure; HttpOnly; SameSite=None; Partitioned\r\n");
  EXPECT_EQ(set_by("theme=a; samesite=strict"), "Set-Cookie: theme=a; Secure; HttpOnly; SameSite=Strict\r\n");
  AnswerRules readable = rules();
  readable.readable_cookies = {"theme"};
  EXPECT_EQ(set_by("theme=a", readable), "Set-Cookie: theme=a; Secure; SameSite=Lax\r\n");
  EXPECT_EQ(set_by("theme=a; HttpOnly", readable), "Set-Cookie: theme=a; Secure; HttpOnly; SameSite=Lax\r\n");
}

TEST(AnswerFields, RefuseACookieThatLacksSomethingWhereThatIsSaid) {
  AnswerRules strict = rules();
  strict.set_cookies = SetCookies::refuse;
  for (const auto& [attributes, lack] :
       {std::pair("HttpOnly; SameSite=Lax", "Secure"), std::pair("Secure; SameSite=Lax", "HttpOnly"),
        std::pair("Secure; HttpOnly", "SameSite"),
        std::pair("Secure; HttpOnly; SameSite=Sometimes", "SameSite")}) {
    CallReport report;
    EXPECT_EQ(set_by(std::string("theme=a; ") + attributes, strict, &report), "") << attributes;
    EXPECT_EQ(std::string(report.detail),
              std::string("the upstream's cookie was dropped, because it lacks ") + lack);
    EXPECT_EQ(std::string(report.said), "theme");
  }
  EXPECT_EQ(set_by("theme=a; Secure; HttpOnly; SameSite=Lax", strict),
            "Set-Cookie: theme=a; Secure; HttpOnly; SameSite=Lax\r\n");
  strict.readable_cookies = {"theme"};
  EXPECT_EQ(set_by("theme=a; Secure; SameSite=Lax", strict), "Set-Cookie: theme=a; Secure; SameSite=Lax\r\n");
}

TEST(AnswerFields, SetNoCredentialUnderAnySpellingWhateverIsDeclared) {
  AnswerRules with = rules({FieldName("Set-Cookie")});
  with.cookies = {"theme", "sid"};
  with.credential_cookies.add("sid");
  for (const char* value :
       {"sid=1", "SID=1", "s%69d=1", "sid =1", " sid=1", "sid[0]=1", "sid=1; Path=/; Secure"})
    EXPECT_EQ(set_by(value, with), "") << value;
  EXPECT_NE(set_by("sids=1", with), "");
  CallReport report;
  set_by("sid=secret", with, &report);
  EXPECT_EQ(std::string(report.detail),
            "the upstream's cookie was dropped, because it has the name of a configured scheme's credential");
  EXPECT_EQ(std::string(report.said), "sid");
}

TEST(AnswerFields, SetNoCookieThatReadersPartDifferently) {
  for (const char* value :
       {"theme=a b", "theme=a,b", "theme=\"a;b\"", "theme=a\\b", "theme", "theme =a", "theme=a; Path=x",
        "theme=a; Expires=never", "theme=a; Path=/; Path=/b", "theme=\xC3\xA4"}) {
    CallReport report;
    EXPECT_EQ(set_by(value, rules({FieldName("Set-Cookie")}), &report), "") << value;
    EXPECT_TRUE(report.said == "theme" || report.said.empty()) << "no value is told";
  }
}

TEST(AnswerFields, SetCookiesForThisServerAndItsPaths) {
  const auto attributes_of = [](const std::string& attributes) {
    const std::string line = set_by("theme=a; " + attributes);
    return line.substr(0, line.find("; Secure"));
  };
  for (const char* domain :
       {"orders.test", ".orders.test", "ORDERS.test", "10.0.0.2", "localhost", "127.0.0.1"})
    EXPECT_EQ(attributes_of(std::string("Domain=") + domain), "Set-Cookie: theme=a") << domain;
  EXPECT_EQ(attributes_of("Domain=.shop.test"), "Set-Cookie: theme=a; Domain=shop.test");
  EXPECT_EQ(attributes_of("Path=/base"), "Set-Cookie: theme=a; Path=/");
  EXPECT_EQ(attributes_of("Path=/base/cart"), "Set-Cookie: theme=a; Path=/cart");
  EXPECT_EQ(attributes_of("Path=/based"), "Set-Cookie: theme=a; Path=/based");
  EXPECT_EQ(attributes_of("Path=/other"), "Set-Cookie: theme=a; Path=/other");
}

// ---- pages ----

Response answer_of(int status, const std::string& lines, const AnswerRules& with) {
  const std::string text =
      "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\n" + lines + "\r\n";
  http::ResponseParser parser;
  http::ResponseHead head;
  EXPECT_EQ(parser.parse(text, http::Method::get, head), http::Progress::complete) << lines;
  Response response;
  CallReport report;
  take_answer_fields(head, with, {"api.example:8443", "/base"}, response, report);
  return response;
}

AnswerRules with_pages() {
  AnswerRules with = rules();
  with.pages = {200, 203};
  return with;
}

constexpr const char* kHtml = "Content-Type: text/html; charset=utf-8\r\n";
const std::string kDefaultContent =
    "Content-Security-Policy: default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors "
    "'none'\r\n";
const std::string kDefaultReferrer = "Referrer-Policy: same-origin\r\n";

TEST(Pages, KeepTheirOwnPolicies) {
  const std::string policies =
      "Content-Security-Policy: default-src 'self' https://cdn.test\r\nReferrer-Policy: origin\r\n"
      "Permissions-Policy: camera=()\r\nCross-Origin-Opener-Policy: same-origin\r\n"
      "Cross-Origin-Embedder-Policy: require-corp\r\nCross-Origin-Resource-Policy: same-site\r\n"
      "X-Frame-Options: DENY\r\n";
  const Response page = answer_of(200, kHtml + policies, with_pages());
  EXPECT_EQ(std::string(page.fields.block()), kHtml + policies);
  EXPECT_EQ(page.policies, Response::Policies::of_page);
  for (const char* type : {"text/html", "TEXT/HTML", "text/html;charset=utf-8"})
    EXPECT_EQ(answer_of(200, std::string("Content-Type: ") + type + "\r\n", with_pages()).policies,
              Response::Policies::of_page)
        << type;
}

TEST(Pages, GetAPolicyWhereTheyHaveNone) {
  EXPECT_EQ(std::string(answer_of(200, kHtml, with_pages()).fields.block()),
            kHtml + kDefaultContent + kDefaultReferrer);
  for (const char* none : {"", ";", " ; ; ", ",", "; ,\t;", "x", "report-uri /r; x 'self'"}) {
    const auto line = std::string("Content-Security-Policy: ") + none + "\r\n";
    EXPECT_TRUE(
        std::string(answer_of(200, kHtml + line, with_pages()).fields.block()).contains(kDefaultContent))
        << none;
  }
  for (const char* none : {"", "no", "never, always", "default", "\"origin\"", ",,"}) {
    const auto line = std::string("Referrer-Policy: ") + none + "\r\n";
    EXPECT_TRUE(
        std::string(answer_of(200, kHtml + line, with_pages()).fields.block()).contains(kDefaultReferrer))
        << none;
  }
  EXPECT_FALSE(
      std::string(
          answer_of(200, kHtml + std::string("Referrer-Policy: x, ORIGIN\r\n"), with_pages()).fields.block())
          .contains(kDefaultReferrer));
}

TEST(Pages, AreWhatTheDocumentDeclaresAndNothingElse) {
  const std::string policies =
      "Content-Security-Policy: default-src *\r\nReferrer-Policy: unsafe-url\r\nPermissions-Policy: "
      "camera=*\r\n"
      "Cross-Origin-Resource-Policy: cross-origin\r\n";
  for (const auto& [status, type] :
       {std::pair(201, "text/html"), std::pair(200, "application/json"), std::pair(200, "text/html2"),
        std::pair(200, "text/plain"), std::pair(200, "application/xhtml+xml"),
        std::pair(200, "image/svg+xml"), std::pair(200, "text/html x"), std::pair(400, "text/html"),
        std::pair(500, "text/html")}) {
    const std::string line = std::string("Content-Type: ") + type + "\r\n";
    const Response data = answer_of(status, line + policies, with_pages());
    EXPECT_EQ(std::string(data.fields.block()), line) << status << type;
    EXPECT_EQ(data.policies, Response::Policies::fixed);
  }
  EXPECT_EQ(std::string(answer_of(200, policies, with_pages()).fields.block()), "") << "without a type";
  EXPECT_EQ(std::string(answer_of(200, kHtml + policies, rules()).fields.block()), kHtml);
}

TEST(Pages, AreNotTouchedByThatOfAnOldOneThatIsStillGood) {
  const Response unchanged = answer_of(304, "ETag: \"1\"\r\n", with_pages());
  EXPECT_EQ(std::string(unchanged.fields.block()), "ETag: \"1\"\r\n");
  EXPECT_EQ(unchanged.policies, Response::Policies::of_page);
  EXPECT_EQ(answer_of(304, "ETag: \"1\"\r\n", rules()).policies, Response::Policies::fixed);
}

TEST(Pages, AreNotAloneInDeclaredPoliciesButNotThoseThatGatehouseWrites) {
  const AnswerRules declared =
      rules({FieldName("Permissions-Policy"), FieldName("Cross-Origin-Resource-Policy"),
             FieldName("Content-Security-Policy"), FieldName("Referrer-Policy")});
  EXPECT_EQ(
      std::string(answer_of(200,
                            "Permissions-Policy: camera=()\r\nCross-Origin-Resource-Policy: cross-origin\r\n"
                            "Content-Security-Policy: default-src *\r\nReferrer-Policy: unsafe-url\r\n",
                            declared)
                      .fields.block()),
      "Permissions-Policy: camera=()\r\nCross-Origin-Resource-Policy: cross-origin\r\n");
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
        // Browsers skip white space, and some readers begin at the last `<`.
        "Link: < https://docs.test/>; rel=preload\r\n", "Link: < //docs.test/>\r\n",
        "Link: < http://orders.test:3000/x>\r\n", "Link: </a, <https://docs.test/>; rel=next\r\n",
        "Link: </a<https://docs.test/>\r\n", "Link: </a>; title=\"< https://docs.test/>\"\r\n",
        "Link: </\xC3\xA9>\r\n",
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
        "http://orders.test.evil.test/", "myapp:callback", "myapp://callback/x", "blob:https://shop.test/7",
        "tel:1:2", "app:open?url=http://orders.test:3000", "http://127.0.0.1:51004/callback", "/a:b",
        "https://shop.test/?u=http://orders.test:3000"})
    EXPECT_EQ(left_of_reference(reference), reference);
}

TEST(Locations, ThatABrowserReadsDifferentlyOrThatTellOfTheInsideDoNotLeave) {
  for (const char* reference : {"view-source:http://orders.test:3000/",
                                "blob:http://10.0.0.2/7",
                                "jar:http://orders.test:3000!/x",
                                "a:view-source:HTTP://orders.test",
                                "x:https://user@docs.test/",
                                "ws:orders.test:3000/",
                                "wss:/orders.test",
                                "FTP:orders.test",
                                "file:/etc/passwd",
                                "http:orders.test:3000/",
                                "http:/orders.test:3000",
                                "http:///orders.test:3000",
                                "\\\\orders.test:3000\\",
                                "/\\orders.test:3000",
                                "/\torders.test",
                                "///orders.test:3000",
                                "http://%6Frders.test:3000/",
                                "http://167772162/",
                                "http://10.2/",
                                "http://0x0a000002/",
                                "http://orders.test:8080/",
                                "http://10.0.0.2:22/",
                                "http://user@shop.test/",
                                "http://orders.test:3000@shop.test/",
                                "http://shop.test:0/",
                                "http://[fe80::1%25eth0]/",
                                "http://",
                                ""})
    EXPECT_EQ(left_of_reference(reference), "nothing") << reference;
}

}  // namespace
}  // namespace gatehouse::target
