#include "openapi/api.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kHead = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n";

std::string with_paths(const std::string& paths) { return kHead + "paths:\n" + paths; }
// The problems of a document with one GET operation on `/x`, written as a YAML flow object.
std::string problems_of_get(const std::string& operation) {
  return problems_of(with_paths("  /x: {get: " + operation + "}\n"));
}

TEST(Api, HasWhatTheDocumentSaysAboutAnOperation) {
  const Loaded loaded = load_text(R"(openapi: 3.0.3
info: {title: Orders, version: '2'}
servers: [{url: 'https://example.com/v1/'}, {url: 'https://b.example.com/v1'}, {url: '/{stage}', variables: {stage: {default: test, enum: [test, live]}}}]
security: [{key: []}]
components:
  securitySchemes:
    key: {type: apiKey, name: X-Key, in: header}
    user: {type: http, scheme: Bearer}
    login: {type: oauth2, flows: {}}
  parameters:
    page: {name: page, in: query, schema: {type: integer}, x-gatehouse: {log: true}}
paths:
  /orders/{id}/lines/{line}:
    parameters:
      - {name: line, in: path, required: true, schema: {type: integer}}
      - {name: id, in: path, required: true, schema: {type: string}}
      - $ref: '#/components/parameters/page'
    put:
      operationId: putLine
      tags: [lines]
      deprecated: true
      x-gatehouse: {permission: 'orders:write'}
      security: [{user: [], key: []}, {login: [write]}, {}]
      parameters: [{name: page, in: query, required: true, schema: {type: string}}]
      requestBody:
        required: true
        content:
          application/json; charset=utf-8: {schema: {type: object, properties: {n: {type: integer}}}}
          text/plain: {schema: {type: string}}
      responses:
        200: {description: ok, headers: {X-Total: {schema: {type: integer}}}, content: {application/json: {schema: {type: object}}}}
        4XX: {description: no}
        default: {description: other}
    get: {responses: {200: {description: ok}}}
)");
  ASSERT_EQ(loaded.problems.text(), "");
  ASSERT_EQ(loaded.api.operations.size(), 2U);
  const Operation& put = loaded.api.operations[0];
  EXPECT_EQ(put.title(), "PUT /orders/{id}/lines/{line}");
  EXPECT_EQ(put.id, "putLine");
  EXPECT_THAT(put.routes, ElementsAre("/v1/orders/{id}/lines/{line}", "/test/orders/{id}/lines/{line}",
                                      "/live/orders/{id}/lines/{line}"));
  EXPECT_THAT(put.path_names, ElementsAre("id", "line"));
  EXPECT_THAT(put.tags, ElementsAre("lines"));
  EXPECT_TRUE(put.deprecated);
  EXPECT_EQ(put.gatehouse.value.find_string("permission"), "orders:write");
  EXPECT_EQ(put.node.place().line, 19U);
  ASSERT_EQ(put.parameters.size(), 3U);
  EXPECT_EQ(put.parameters[2].name, "page");
  EXPECT_TRUE(put.parameters[2].required) << "the operation's own parameter wins";
  ASSERT_EQ(put.security.size(), 3U);
  EXPECT_EQ(put.security[0].size(), 2U);
  EXPECT_THAT(put.security[1][0].scopes, ElementsAre("write"));
  EXPECT_TRUE(put.admits_anonymous());
  ASSERT_TRUE(put.body);
  EXPECT_TRUE(put.body->required);
  EXPECT_EQ(put.body->content[0].type, "application/json");
  EXPECT_EQ(put.body->content[1].kind, BodyKind::text);
  ASSERT_EQ(put.responses.size(), 3U);
  EXPECT_THAT(put.responses[0].headers, ElementsAre("X-Total"));
  EXPECT_EQ(put.responses[1].first, 400);
  EXPECT_EQ(put.responses[1].last, 499);
  EXPECT_TRUE(put.responses[2].is_default());
  const Operation& get = loaded.api.operations[1];
  EXPECT_FALSE(get.admits_anonymous());
  EXPECT_EQ(get.security[0][0].scheme, "key");
  EXPECT_TRUE(get.parameters[2].gatehouse.value.find("log")->boolean());
  EXPECT_EQ(loaded.api.scheme("user")->http_scheme, "bearer");
  EXPECT_EQ(loaded.api.scheme("key")->parameter, "X-Key");
  EXPECT_EQ(loaded.api.scheme("nobody"), nullptr);
}

// The inner schema's $dynamicRef ends at the outer one's anchor, which is secret.
TEST(Secrets, AreFoundThroughADynamicReference) {
  const auto load_with = [](std::string_view sensitive) {
    return load_text(fmt::format(R"(openapi: 3.1.0
info: {{title: t, version: "1"}}
components:
  securitySchemes: {{key: {{type: apiKey, name: k, in: query}}}}
  schemas:
    inner:
      $id: https://a.example/inner
      type: object
      properties: {{text: {{$dynamicRef: "#node"}}}}
      $defs: {{plain: {{$dynamicAnchor: node, type: string}}}}
    outer:
      $id: https://a.example/outer
      $ref: inner
      $defs: {{own: {{$dynamicAnchor: node, type: string, x-sensitive: {}}}}}
paths:
  /a:
    get:
      security: [{{key: []}}]
      parameters: [{{name: q, in: query, style: deepObject, schema: {{type: object, $ref: "https://a.example/outer"}}}}]
)",
                                 sensitive));
  };
  const Loaded secret = load_with("true");
  ASSERT_EQ(secret.problems.text(), "");
  EXPECT_TRUE(secret.api.operations[0].parameters[0].traits.secret);
  EXPECT_FALSE(load_with("false").api.operations[0].parameters[0].traits.secret);
}

TEST(Secrets, OfABodyAreNamedByTheNearestProperty) {
  const auto names = [](std::string_view schema) {
    const Loaded loaded = load_text(fmt::format(R"(openapi: 3.1.0
info: {{title: t, version: "1"}}
components:
  securitySchemes: {{key: {{type: apiKey, name: k, in: query}}}}
  schemas: {{word: {{type: string, writeOnly: true}}, tree: {{type: object, properties: {{next: {{$ref: "#/components/schemas/tree"}}, leaf: {{$ref: "#/components/schemas/word"}}}}}}}}
paths:
  /a:
    post:
      security: [{{key: []}}]
      requestBody: {{content: {{application/json: {{schema: {}}}}}}}
)",
                                                schema));
    EXPECT_EQ(loaded.problems.text(), "");
    return loaded.api.operations.at(0).body->content.at(0).secret_members;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("{type: object, properties: {a: {type: string}}}"), Names{});
  EXPECT_EQ(names("{type: string, format: password}"), Names{""});
  EXPECT_EQ(names("{type: object, properties: {b: {type: object, properties: {c: {type: string, x-sensitive: "
                  "true}}}}}"),
            Names{"c"});
  EXPECT_EQ(names("{type: object, properties: {b: {type: array, items: {type: array, items: {type: integer, "
                  "x-sensitive: true}}}}}"),
            Names{"b"});
  EXPECT_EQ(names("{type: object, additionalProperties: {type: string, writeOnly: true}}"), Names{""});
  EXPECT_EQ(names("{$ref: '#/components/schemas/tree'}"), Names{"leaf"});
  EXPECT_EQ(
      names("{allOf: [{type: object, properties: {z: {$ref: '#/components/schemas/word'}}}, {type: object, "
            "properties: {a: {oneOf: [{type: integer}, {$ref: '#/components/schemas/word'}]}}}]}"),
      (Names{"a", "z"}));
}

TEST(Security, AnEmptyListOfAnOperationTakesTheGlobalOneAway) {
  const Loaded loaded = load_text(kHead + R"(security: [{key: []}]
components: {securitySchemes: {key: {type: apiKey, name: k, in: query}}}
paths:
  /a: {get: {security: []}, post: {}, put: {security: [{}]}, patch: {security: [{key: []}, {}]}}
)");
  ASSERT_EQ(loaded.problems.text(), "");
  EXPECT_TRUE(loaded.api.operations[0].admits_anonymous());
  EXPECT_FALSE(loaded.api.operations[1].admits_anonymous());
  EXPECT_TRUE(loaded.api.operations[2].admits_anonymous());
  EXPECT_TRUE(loaded.api.operations[3].admits_anonymous());
}

TEST(Security, ASlipInItIsAProblemAndNeverAnOpenDoor) {
  EXPECT_THAT(problems_of(kHead + "components: {securitySchemes: {partnerKey: {type: apiKey, name: k, in: "
                                  "header}}}\npaths:\n  /x: {get: {security: [{partnerkey: []}]}}\n"),
              HasSubstr("api.yaml:5:38: paths./x.get.security[0].partnerkey: there is no security scheme "
                        "`partnerkey` under components.securitySchemes; did you mean `partnerKey`?"));
  EXPECT_THAT(problems_of_get("{securty: [{key: []}]}"),
              HasSubstr("there is no key `securty` here; did you mean `security`?"));
  EXPECT_THAT(problems_of_get("{security: {key: []}}"), HasSubstr("security: must be a list, not a map"));
  EXPECT_THAT(problems_of_get("{security: null}"), HasSubstr("security: must be a list"));
  EXPECT_THAT(problems_of(kHead + "paths: {}\nsecurity: [key]\n"), HasSubstr("must be a map, not a text"));
  EXPECT_THAT(
      problems_of(kHead +
                  "paths: {}\ncomponents: {securitySchemes: {k: {type: apikey, name: k, in: header}}}"),
      HasSubstr("must be `http`, `apiKey`"));
  EXPECT_THAT(
      problems_of(kHead + "paths: {}\ncomponents: {securitySchemes: {k: {type: apiKey, name: k, in: body}}}"),
      HasSubstr("must be `query`, `header` or `cookie`, not `body`"));
  EXPECT_THAT(problems_of("openapi: 3.0.0\ninfo: {title: t, version: '1'}\npaths: {}\nsecurity: [{k: "
                          "[admin]}]\ncomponents: {securitySchemes: {k: {type: http, scheme: bearer}}}"),
              HasSubstr("only oauth2 and openIdConnect have scopes"));
}

TEST(Document, EveryProblemIsToldAtOnceWithItsPlace) {
  EXPECT_EQ(problems_of(with_paths(R"(  /a/{id}:
    get:
      operationId: same
      requestBody: {content: {application/json: {}}}
    post:
      operationId: same
      parameters:
        - {name: id, in: path, schema: {type: string}}
        - {name: q, in: query, schema: {type: string}, requird: true}
  b: {}
)")),
            "api.yaml:6:7: paths./a/{id}.get: `{id}` of /a/{id} is not declared; add a parameter with `in: "
            "path` and this name\napi.yaml:7:49: paths./a/{id}.get.requestBody.content.application/json: has "
            "no `schema`: any body would be accepted; state the body that the operation "
            "accepts\napi.yaml:9:20: paths./a/{id}.post.operationId: `same` is the operationId of GET "
            "/a/{id}, too; rename one\napi.yaml:11:11: paths./a/{id}.post.parameters[0]: a path parameter "
            "must say `required: true`\napi.yaml:12:56: paths./a/{id}.post.parameters[1]: there is no key "
            "`requird` here; did you mean `required`?\napi.yaml:13:6: paths.b: a path begins with `/`\n");
}

TEST(Document, TextsForPeopleMayBeEmpty) {
  for (const std::string_view info : {"{title: '', version: ''}", "{title: t, version: 1.0}", "{}"}) {
    const Loaded loaded = load_text(fmt::format(
        "openapi: 3.1.0\ninfo: {}\ntags: [{{name: ''}}]\npaths: {{/a: {{get: {{operationId: '', summary: '', "
        "tags: ['', a]}}, put: {{operationId: ''}}}}}}\n",
        info));
    EXPECT_EQ(loaded.problems.text(), "") << info;
    ASSERT_EQ(loaded.api.operations.size(), 2U);
    EXPECT_EQ(loaded.api.operations[0].id, "");
    EXPECT_THAT(loaded.api.operations[0].tags, ElementsAre("a"));
  }
  EXPECT_THAT(problems_of_get("{operationId: 1}"), HasSubstr("operationId: must be a text"));
}

TEST(Document, OtherVersionsAndBrokenFilesAreRefused) {
  EXPECT_THAT(problems_of("swagger: '2.0'\n"), HasSubstr("OpenAPI 2.0"));
  EXPECT_THAT(problems_of("openapi: 3.3.0\n"), HasSubstr("use 3.0.x, 3.1.x or 3.2.x"));
  EXPECT_THAT(problems_of("openapi: 3.1\n"), HasSubstr("must be a text (put it in quotes)"));
  EXPECT_THAT(problems_of("[]\n"), HasSubstr("must be a map"));
  EXPECT_THAT(problems_of("a: b\n"), HasSubstr("`openapi` is missing"));
  EXPECT_THAT(problems_of(""), HasSubstr("empty"));
  EXPECT_THAT(load_files({}).problems.text(), HasSubstr("api.yaml: no such file"));
  EXPECT_THAT(problems_of(kHead + "jsonSchemaDialect: http://json-schema.org/draft-07/schema#\npaths: {}\n"),
              HasSubstr("this dialect is not known"));
}

TEST(References, AreFollowedWithinAndBetweenFilesBelowTheDocument) {
  const Loaded loaded = load_files({
      {"api.yaml", with_paths("  /a: {$ref: 'paths/a.yaml'}\n")},
      {"paths/a.yaml",
       "get:\n  parameters: [{$ref: '../shared.json#/list~1of/0'}]\n"
       "post: {requestBody: {content: {application/json: {schema: {$ref: ../shared.json#/node}}}}}\n"},
      {"shared.json",
       R"({"list/of": [{"name": "q", "in": "query", "schema": {"$ref": "#/text"}}], "text": {"type": "string"},
                          "node": {"type": "object", "properties": {"next": {"$ref": "#/node"}}}})"},
  });
  ASSERT_EQ(loaded.problems.text(), "");
  ASSERT_EQ(loaded.api.operations.size(), 2U);
  EXPECT_EQ(loaded.api.operations[0].parameters[0].place.file, "shared.json");
  EXPECT_EQ(loaded.api.sources.size(), 3U);
}

// One sentence for a cause, whatever refers to it.
TEST(References, ThatLeadNowhereAreToldOnceEach) {
  const auto lines = [](const std::string& paths) {
    std::string text = problems_of("openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n" + paths);
    std::size_t count = 0;
    for (const char c : text) count += c == '\n' ? 1 : 0;
    return std::pair(count, text);
  };
  const auto [count, text] = lines(R"(  /a/{id}:
    get: {parameters: [{$ref: '#/components/parameters/No'}], responses: {'200': {$ref: '#/components/responses/No'}}}
    put: {parameters: [{$ref: '#/components/parameters/No'}], responses: {'200': {$ref: '#/components/responses/No'}}}
  /b/{id}:
    parameters: [{$ref: '#/components/parameters/No'}]
    get: {responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/No'}}}}}}
    put: {requestBody: {$ref: '#/components/requestBodies/No'}, responses: {}}
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {a: {$ref: '#/components/schemas/No'}, b: {$ref: '#/components/schemas/Not'}}}}}}
      responses: {'200': {content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/No'}}}}}}
)");
  EXPECT_EQ(count, 5U) << text;
  EXPECT_THAT(
      text,
      HasSubstr("api.yaml:5:24: paths./a/{id}.get.parameters[0]: `$ref: #/components/parameters/No` has "
                "no target: there is no such place in api.yaml; add it there, or correct the "
                "reference; so it is for 2 more\n"));
  EXPECT_THAT(text, HasSubstr("`$ref: #/components/responses/No`"));
  EXPECT_THAT(text, HasSubstr("`$ref: #/components/requestBodies/No`"));
  EXPECT_THAT(
      text,
      HasSubstr("schema: \"#/components/schemas/No\" has no target; add it, or correct the reference\n"));
  EXPECT_THAT(text, HasSubstr("schema: \"#/components/schemas/Not\" has no target"));
  // A parameter that nothing declares is told where no reference is broken.
  EXPECT_THAT(lines("  /a/{id}: {get: {responses: {}}}\n").second,
              HasSubstr("`{id}` of /a/{id} is not declared"));
}

// Schemas are followed by the schema room, which knows URIs and no files: where they lead is checked behind
// it.
TEST(References, OfSchemasLeadNotOutEither) {
  for (const std::string reference :
       {"../secret.yaml", "%2e%2e/secret.yaml", "..%2fsecret.yaml", "x/%2e%2e/%2e%2e/secret.yaml",
        "/etc/passwd", "%2fetc/passwd", "file:///etc/passwd", "file:///document/%2e%2e/secret.yaml",
        "file:///document//etc/passwd", "https://example.com/a.yaml", "//example.com/a.yaml",
        "secret.yaml%00.json"}) {
    Problems problems;
    load(
        "api.yaml",
        [&](const std::filesystem::path& path) -> Result<std::string> {
          if (path != "api.yaml") ADD_FAILURE() << reference << " leads to " << path;
          return with_paths("  /a: {get: {parameters: [{name: a, in: query, schema: {$ref: '" + reference +
                            "'}}]}}\n");
        },
        {}, problems);
    EXPECT_FALSE(problems.empty()) << reference;
  }
}

TEST(References, ThatLeadOutOrNowhereAreRefused) {
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: '../secret.yaml'}\n")),
              HasSubstr("leads out of the document's directory"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: 'x/../../secret.yaml'}\n")),
              HasSubstr("leads out of the document's directory"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: '%2e%2e/secret.yaml'}\n")),
              HasSubstr("leads out of the document's directory"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: '/etc/passwd'}\n")),
              HasSubstr("leads out of the document's directory"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: 'https://example.com/a.yaml'}\n")),
              HasSubstr("is a network address"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: '//example.com/a.yaml'}\n")),
              HasSubstr("is a network address"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: 'file:///etc/passwd'}\n")),
              HasSubstr("is a network address"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: 'gone.yaml'}\n")), HasSubstr("gone.yaml: no such file"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: '#/nothing'}\n")), HasSubstr("has no target"));
  EXPECT_THAT(problems_of(with_paths("  /a: {$ref: '#/paths/~1b'}\n  /b: {$ref: '#/paths/~1a'}\n")),
              HasSubstr("refers to itself"));
}

TEST(References, OfSchemasThatLeadOutAreRefusedToo) {
  for (const char* reference :
       {"../secret.yaml", "https://example.com/s.json", "/etc/passwd", "#/components/schemas/Gone"}) {
    const std::string problems = problems_of_get("{parameters: [{name: q, in: query, schema: {$ref: '" +
                                                 std::string(reference) + "'}}]}");
    EXPECT_THAT(problems, HasSubstr("api.yaml:4:")) << reference;
  }
}

TEST(Paths, ThatNoRequestCouldMatchAreProblems) {
  for (const char* path :
       {"/a?b", "/a#b", "/a//b", "/../a", "/a b", "/{a}{b}", "/{a}/{a}", "/{", "/{}", "/a%20b", "/{a/b}"}) {
    EXPECT_NE(problems_of(with_paths("  '" + std::string(path) + "': {}\n")), "") << path;
  }
}

TEST(Bodies, ThatCannotBeCheckedAreProblems) {
  const auto body = [](const std::string& content) {
    return problems_of(with_paths("  /x: {post: {requestBody: {content: {" + content + "}}}}\n"));
  };
  EXPECT_THAT(body("multipart/form-data: {schema: {type: object}}"), HasSubstr("is not supported yet"));
  EXPECT_THAT(body("application/xml: {schema: {type: object}}"),
              HasSubstr("cannot be checked against a schema"));
  EXPECT_THAT(body("'*/json': {schema: {type: object}}"), HasSubstr("is not a range of media types"));
  EXPECT_THAT(body("'image/*': {schema: {type: object}}"), HasSubstr("cannot be checked against a schema"));
  EXPECT_THAT(body("'application/*+json': {}"), HasSubstr("has no `schema`"));
  EXPECT_THAT(body("json: {schema: {type: object}}"), HasSubstr("is not a media type"));
  EXPECT_THAT(body("application/json: {}"), HasSubstr("has no `schema`"));
  EXPECT_THAT(
      body("application/json: {schema: {}}, 'application/json; charset=utf-8': {schema: {type: object}}"),
      HasSubstr("declared twice"));
  EXPECT_EQ(
      body("application/json: {schema: {type: object}}, 'application/json; charset=utf-8': {schema: {type: "
           "object}}"),
      "");
  EXPECT_EQ(body(""), "") << "as if there were none";
  EXPECT_THAT(body("application/x-www-form-urlencoded: {schema: {type: array}}"),
              HasSubstr("is for objects, and its schema is not of one"));
  EXPECT_EQ(body("application/octet-stream: {schema: {type: string, format: binary}}"), "");
}

// OpenAPI 3.0.3 section 4.7.10.1; RFC 9110 section 9.3.8 for TRACE.
TEST(Bodies, OfMethodsThatHaveNoneAreIgnoredWhateverTheySay) {
  const auto load_with = [](std::string_view version, std::string_view method, std::string_view body) {
    return load_text(
        fmt::format("openapi: {}\ninfo: {{title: t, version: '1'}}\npaths:\n  /x: {{{}: {{"
                    "requestBody: {}, responses: {{'200': {{description: ok}}}}}}}}\n",
                    version, method, body));
  };
  for (const auto& [version, method] : {std::pair{"3.0.3", "get"}, {"3.0.3", "head"}, {"3.1.0", "trace"}}) {
    for (const std::string_view body : {"{content: {}}", "{$ref: '#/nowhere'}",
                                        "{content: {application/json: {schema: {type: object}}}}"}) {
      const Loaded loaded = load_with(version, method, body);
      ASSERT_EQ(loaded.problems.text(), "") << version << method << body;
      EXPECT_FALSE(loaded.api.operations[0].body);
      ASSERT_TRUE(loaded.api.operations[0].ignored_body);
      EXPECT_EQ(loaded.api.operations[0].ignored_body->line, 4U);
    }
  }
  for (const auto& [version, method] : {std::pair{"3.1.0", "get"}, {"3.1.0", "head"}, {"3.0.3", "delete"}}) {
    const Loaded loaded = load_with(version, method, "{content: {text/plain: {schema: {type: string}}}}");
    ASSERT_EQ(loaded.problems.text(), "") << version << method;
    EXPECT_TRUE(loaded.api.operations[0].body);
    EXPECT_FALSE(loaded.api.operations[0].ignored_body);
    EXPECT_THAT(load_with(version, method, "{$ref: '#/nowhere'}").problems.text(),
                HasSubstr("has no target"));
  }
}

TEST(Parameters, ThatNoTextCanStandForAreProblems) {
  const auto parameter = [](const std::string& rest) {
    return problems_of_get("{parameters: [{name: q, in: query, " + rest + "}]}");
  };
  EXPECT_THAT(parameter("style: pipeDelimited, schema: {type: array, items: {type: object}}"),
              HasSubstr("arrays of arrays or objects"));
  EXPECT_THAT(parameter("schema: {type: object, properties: {a: {type: array}}}"),
              HasSubstr("with `deep: exploded`"));
  EXPECT_THAT(
      problems_of_get("{parameters: [{name: 'a[b]', in: query, style: deepObject, schema: {type: object}}]}"),
      HasSubstr("a name with brackets"));
  EXPECT_THAT(parameter("style: pipeDelimited, schema: {type: string}"), HasSubstr("is for arrays"));
  EXPECT_THAT(parameter("style: matrix, schema: {type: string}"),
              HasSubstr("must be `form`, `spaceDelimited`"));
  EXPECT_THAT(parameter("schema: {}, content: {}"), HasSubstr("both `schema` and `content`"));
  EXPECT_THAT(parameter("description: x"), HasSubstr("neither `schema` nor `content`"));
  EXPECT_THAT(parameter("content: {application/xml: {schema: {}}}"),
              HasSubstr("cannot be checked in a parameter"));
  EXPECT_THAT(problems_of_get("{parameters: [{name: q, in: body, schema: {}}]}"),
              HasSubstr("must be `path`"));
  EXPECT_THAT(problems_of_get("{parameters: [{name: 'a b', in: header, schema: {}}]}"),
              HasSubstr("cannot be the name of a header"));
  EXPECT_THAT(
      problems_of_get("{parameters: [{name: q, in: query, schema: {}}, {name: q, in: query, schema: {}}]}"),
      HasSubstr("twice"));
  EXPECT_THAT(problems_of_get("{parameters: [{name: R, in: query, schema: {}}, {name: o, in: query, schema: "
                              "{type: object, properties: {R: {}}}}]}"),
              HasSubstr("two parameters would be read from the name `R`"));
}

}  // namespace
}  // namespace gatehouse::openapi
