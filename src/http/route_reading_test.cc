// Other readings of a path by an upstream: refused if the policies differ, in every spelling.
#include <algorithm>
#include <chrono>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "http/characters.h"
#include "http/route_table.h"
#include "http/target.h"
#include "http/uri.h"

namespace gatehouse::http {
namespace {

using ::testing::HasSubstr;

// Each path is a route with a policy of its own, but for those that follow `=`, which have the first one's.
std::vector<Route> routes_of(const std::vector<std::string>& paths) {
  std::vector<Route> routes;
  for (std::string path : paths) {
    const bool same = path.starts_with('=');
    if (same) path.erase(0, 1);
    const auto number = static_cast<std::uint32_t>(routes.size());
    routes.push_back({Method::get, path, "GET " + path, same ? 0 : number, PathReader::upstream});
  }
  return routes;
}

class Readings {
 public:
  explicit Readings(std::vector<Route> routes, PathReading reading = {}) {
    auto built = RouteTable::build(routes, reading);
    if (!built) ADD_FAILURE() << built.error().front().what;
    table_ = built ? *std::move(built) : *RouteTable::build(std::span<const Route>());
  }
  Readings(std::initializer_list<const char*> paths, PathReading reading = {})
      : Readings(routes_of({paths.begin(), paths.end()}), reading) {}

  // The route's index and captures; or "none", "method", "ambiguous".
  std::string operator()(const std::string& path, Method method = Method::get) const {
    Captures captures;
    const RouteMatch match = table_.find(method, path, captures);
    switch (match.outcome) {
      case RouteOutcome::withheld:
      case RouteOutcome::no_path: return "none";
      case RouteOutcome::no_method: return "method";
      case RouteOutcome::ambiguous: return "ambiguous";
      case RouteOutcome::found: break;
    }
    std::string text = std::to_string(match.route);
    for (std::size_t i = 0; i < captures.size; ++i) text += ' ' + std::string(captures.values[i]);
    return text;
  }

 private:
  RouteTable table_;
};

std::string problem_with(std::initializer_list<std::string> paths, PathReading reading = {}) {
  const auto built = RouteTable::build(routes_of({paths.begin(), paths.end()}), reading);
  return built ? "" : built.error().front().what;
}

constexpr PathReading kSensitive{.letters = LetterCase::sensitive, .cuts = PathCuts::lenient};
constexpr PathReading kExact{.letters = LetterCase::sensitive, .cuts = PathCuts::exact};

const char* const kSpellings[] = {
    "Admin",          "ADMIN",        "admin;",     "admin;a=b",   "admin.",        "admin..",
    "admin.json",     "admin.tar.gz", "admin%20",   "admin%20%20", "%20admin",      "admin%20;x",
    "admin%20.",      "admin.%20",    "%2561dmin",  "%252561dmin", "admin%253Bx",   "admin%2520",
    "admin%3B",       "admin%3bx",    "admin%2500", "admin%250a",  "Admin.JSON",    "%C2%A0admin",
    "admin%E3%80%80", "admin%2E",     "adm%C4%B1n", "ADM%C4%B0N",  "%EF%BD%81dmin", "admin%E2%80%8B",
    "admin%3Fx",      "admin%3f",     "admin%23x",  "admin%253Fx"};

TEST(Readings, OfATemplateThatFillsInAnotherAreRefused) {
  for (const Readings& found : {Readings({"/p/{id}.{format}", "/p/near.{format}"}),
                                Readings({"/p/near.{format}", "/p/{id}.{format}"})}) {
    const auto is = [&](const std::string& path) { return found(path).substr(1); };
    EXPECT_EQ(is("/p/near.json"), " json") << "as a literal, it wins";
    EXPECT_EQ(is("/p/far.json"), " far json");
    for (const char* path :
         {"/p/Near.json", "/p/near%2Ejson.x", "/p/%256Eear.json", "/p/ne%61r.json", "/p/NEAR.json;a"})
      EXPECT_EQ(found(path), "ambiguous") << path;
  }
}

TEST(Readings, OfASiblingWithAnotherPolicyAreRefused) {
  const Readings found({"/docs/{doc}", "/docs/admin", "/docs/{doc}/x", "/docs/admin/x"});
  EXPECT_EQ(found("/docs/admin"), "1");
  EXPECT_EQ(found("/docs/readme"), "0 readme");
  EXPECT_EQ(found("/docs/administrator"), "0 administrator");
  EXPECT_EQ(found("/docs/admin-x"), "0 admin-x");
  EXPECT_EQ(found("/docs/a%20b"), "0 a%20b");
  EXPECT_EQ(found("/docs/x;admin"), "0 x;admin");
  EXPECT_EQ(found("/docs/admin%20x"), "0 admin%20x");
  for (const std::string spelling : kSpellings) {
    if (spelling == "admin%2E") continue;  // the parser refuses it
    EXPECT_EQ(found("/docs/" + spelling), "ambiguous") << spelling;
    EXPECT_EQ(found("/docs/" + spelling + "/x"), "ambiguous") << spelling;
  }
}

TEST(Readings, OfAPathThatEndsEarlierAreRefused) {
  const Readings found({"/docs/{doc}", "/docs/admin", "/docs/{doc}/x", "/docs/{doc}/x/{y}"});
  EXPECT_EQ(found("/docs/a%3Fb"), "0 a%3Fb");
  for (const std::string path :
       {"/docs/a%3Fb/x", "/docs/a%23/x", "/docs/a%253F/x", "/docs/admin%3F/x", "/docs/%3Fb", "/docs/%23"}) {
    EXPECT_EQ(found(path), "ambiguous") << path;
  }
}

TEST(Readings, OfASiblingWithTheSamePolicyAreValues) {
  const Readings found({"/docs/{doc}", "=/docs/admin"});
  for (const std::string spelling : kSpellings) EXPECT_EQ(found("/docs/" + spelling), "0 " + spelling);
}

TEST(Readings, MatterWhereAnUpstreamReadsThePathOnly) {
  std::vector<Route> routes = routes_of({"/docs/{doc}", "/docs/admin"});
  routes[0].reader = PathReader::gatehouse;
  EXPECT_EQ(Readings(routes)("/docs/Admin"), "0 Admin");
  routes[0].reader = PathReader::upstream;
  routes[1].reader = PathReader::gatehouse;  // the upstream may have a route of its own behind it
  EXPECT_EQ(Readings(routes)("/docs/Admin"), "ambiguous");
}

TEST(Readings, MatterForTheSameMethodAndHeadIsAnsweredByGet) {
  std::vector<Route> routes = routes_of({"/docs/{doc}", "/docs/admin"});
  routes[1].method = Method::post;
  EXPECT_EQ(Readings(routes)("/docs/Admin"), "0 Admin");
  routes[0].method = Method::head;
  routes[1].method = Method::get;
  EXPECT_EQ(Readings(routes)("/docs/Admin", Method::head), "ambiguous");
}

TEST(Readings, ThatLeadNowhereElseAreValues) {
  const Readings found({"/docs/{doc}/y", "/docs/admin/x"});
  EXPECT_EQ(found("/docs/Admin/y"), "0 Admin");
  EXPECT_EQ(found("/docs/admin/y"), "0 admin");
}

TEST(Readings, OfAWholePathFollowEverySegment) {
  const Readings found({"/{team}/users/{user}/{what}", "/acme/users/me/keys", "/acme/{kind}/{id}.json/raw"});
  EXPECT_EQ(found("/acme/users/me/keys"), "1");
  EXPECT_EQ(found("/Acme/users/me/keys"), "ambiguous");
  EXPECT_EQ(found("/acme/users/Me/keys"), "ambiguous");
  EXPECT_EQ(found("/acme/users/me/Keys"), "ambiguous");
  EXPECT_EQ(found("/acme;v=1/users/ME/keys.json"), "ambiguous");
  EXPECT_EQ(found("/acme/users/me/key"), "0 acme me key");
  EXPECT_EQ(found("/acme/users/7.json/raw"), "2 users 7");
  EXPECT_EQ(found("/acme/users/7.JSON/raw"), "ambiguous");
}

TEST(Readings, OfPatternsAreRefusedToo) {
  const Readings found(
      {"/jobs/{j}:cancel", "/jobs/{j}:delete", "/jobs/{j}", "/files/{name}.{ext}", "/files/{id}"});
  EXPECT_EQ(found("/jobs/7:cancel"), "0 7");
  EXPECT_EQ(found("/jobs/7:delete"), "1 7");
  EXPECT_EQ(found("/jobs/7"), "2 7");
  for (const char* path :
       {"/jobs/7%3Acancel", "/jobs/7%3adelete", "/jobs/7:Delete", "/jobs/7:delete;x", "/jobs/7%3Adelete%3Bx",
        "/jobs/7:delete;:cancel", "/jobs/7:delete.:cancel", "/jobs/7%253Acancel", "/jobs/7:cancel.json",
        "/jobs/7:cancel%20", "/files/a.tar.gz", "/files/a%252Ejson"})
    EXPECT_EQ(found(path), "ambiguous") << path;
  EXPECT_EQ(found("/jobs/7:x"), "2 7:x");
  EXPECT_EQ(found("/files/a"), "4 a");
  EXPECT_EQ(found("/files/.a"), "4 .a");
}

TEST(Readings, OfAFinalSlashAreRefused) {
  EXPECT_EQ(Readings({"/docs/{doc}/", "/docs/admin"})("/docs/admin/"), "ambiguous");
  EXPECT_EQ(Readings({"/docs/{doc}", "/docs/admin/"})("/docs/admin"), "ambiguous");
  EXPECT_EQ(Readings({"/docs/{doc}", "/docs/admin/"})("/docs/adminx"), "0 adminx");
  EXPECT_EQ(Readings({"/docs/{doc}/", "/docs/admin"}, kExact)("/docs/admin/"), "0 admin");
}

TEST(Readings, ThatLeadToAnotherPathByDecodingAgainAreRefused) {
  const Readings found({"/docs/{doc}", "/secrets"});
  for (const char* doc : {"%252F", "a%252Fb", "%255C", "%252e%252e", "%252e", "..%253Bx", "%25252e%25252e",
                          "x%252f..%252f..%252fsecrets"})
    EXPECT_EQ(found("/docs/" + std::string(doc)), "ambiguous") << doc;
  EXPECT_EQ(found("/docs/100%25"), "0 100%25");
  EXPECT_EQ(found("/docs/50%25off"), "0 50%25off");
  EXPECT_EQ(found("/docs/%25%25"), "0 %25%25");
}

TEST(Readings, AreFewerWhereTheConfigurationSaysHowUpstreamsRead) {
  const std::initializer_list<const char*> paths = {"/docs/{doc}", "/docs/admin", "/docs/@me"};
  const Readings sensitive(paths, kSensitive);
  EXPECT_EQ(sensitive("/docs/Admin"), "0 Admin");
  EXPECT_EQ(sensitive("/docs/admin.json"), "ambiguous");
  const Readings exact(paths, kExact);
  for (const std::string doc : {"Admin", "admin;x", "admin.json", "admin.", "%2561dmin", "a%252Fb"})
    EXPECT_EQ(exact("/docs/" + doc), "0 " + doc);
  EXPECT_EQ(exact("/docs/%40me"), "ambiguous") << "every server decodes once";
  const Readings caseless_exact(paths, {LetterCase::unknown, PathCuts::exact});
  EXPECT_EQ(caseless_exact("/docs/Admin"), "ambiguous");
  EXPECT_EQ(caseless_exact("/docs/admin."), "0 admin.");
}

TEST(Readings, WithoutCaseFindLiteralsInAnyCaseAndLeaveValuesAlone) {
  const Readings found({"/Docs/{doc}", "/docs/Admin", "/v/{id}:Cancel"},
                       {LetterCase::insensitive, PathCuts::lenient});
  EXPECT_EQ(found("/docs/ADMIN"), "1");
  EXPECT_EQ(found("/DOCS/admin"), "1");
  EXPECT_EQ(found("/DOCS/ReadMe"), "0 ReadMe");
  EXPECT_EQ(found("/V/aB:CANCEL"), "2 aB");
  EXPECT_EQ(found("/docs/admin.json"), "ambiguous");
  EXPECT_THAT(problem_with({std::string("/Docs/a"), "/docs/A"}, {LetterCase::insensitive, PathCuts::lenient}),
              HasSubstr("ambiguous"));
}

TEST(Readings, OfLiteralsAsOneAnotherAreProblemsOfTheDocument) {
  for (const char* twin : {"/docs/Admin", "/docs/admin.json", "/docs/admin/", "/Docs/admin",
                           "/docs/admin;v=1", "/docs/admin."}) {
    EXPECT_THAT(problem_with({std::string("/docs/admin"), twin}),
                HasSubstr("different policies, but an upstream may read"))
        << twin;
    EXPECT_EQ(problem_with({std::string("/docs/admin"), "=" + std::string(twin)}), "") << twin;
    EXPECT_EQ(problem_with({std::string("/docs/admin"), twin}, kExact), "") << twin;
  }
  EXPECT_NE(problem_with({std::string("/a/{x}/Keys"), "/A/{y}/keys"}), "");
  EXPECT_NE(problem_with({std::string("/a/{x}"), "/a/{x}/"}), "");
  EXPECT_NE(problem_with({std::string("/A/{j}:cancel"), "/a/{j}:Cancel"}), "");
  EXPECT_EQ(problem_with({std::string("/docs/admin"), "/docs/Admin"}, kSensitive), "");
  EXPECT_NE(problem_with({std::string("/docs/admin"), "/docs/admin.json"}, kSensitive), "");
  EXPECT_EQ(problem_with(
                {std::string("/docs/admin"), "/docs/administrator", "/docs/a.b", "/docs/a.c", "/docs/{x}"}),
            "");
}

TEST(Readings, OfTwinsWithTheSamePolicyAreFollowedFurther) {
  EXPECT_NE(problem_with({std::string("/docs/Admin/{x}"), "/docs/admin/keys"}), "");
  EXPECT_NE(problem_with({std::string("/docs/Admin/{x}/a"), "/docs/admin/{x}.json/a"}), "");
  const Readings found({"/docs/Admin/{x}/a", "=/docs/admin/{x}/a", "/docs/admin/{x}/b"});
  EXPECT_EQ(found("/docs/admin/7/b"), "2 7");
  EXPECT_EQ(found("/docs/Admin/7/b"), "none");
  EXPECT_EQ(found("/docs/Admin/7/a"), "0 7");
}

// ---- readers made at random ----

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), ascii_lower);
  return text;
}
// Each segment of the path through `change`.
template <typename Change>
std::string each_segment(const std::string& path, Change change) {
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at + 1), path.size());
    out += '/' + change(path.substr(at + 1, end - at - 1));
    at = end;
  }
  return out;
}
std::string decoded_or_same(const std::string& text) { return percent_decoded(text).value_or(text); }
std::string without_end(std::string text, std::string_view characters) {
  text.resize(text.find_last_not_of(characters) + 1);
  return text;
}

// One way to read a path on top of another. An upstream applies some of these, in some order.
std::string read_by(int reader, const std::string& path) {
  switch (reader) {
    case 0: return lower(path);
    case 1: return each_segment(path, [](const std::string& one) { return one.substr(0, one.find(';')); });
    case 2: return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
    case 3: return each_segment(path, decoded_or_same);
    case 4: return each_segment(path, [](const std::string& one) { return one.substr(0, one.rfind('.')); });
    case 5: return each_segment(path, [](const std::string& one) { return without_end(one, ". "); });
    case 6: return each_segment(path, [](const std::string& one) { return one.substr(0, one.find('\0')); });
    case 7: {  // a proxy that writes the decoded path into its own request
      const std::string plain = each_segment(path, decoded_or_same);
      return plain.substr(0, plain.find_first_of("?#"));
    }
    default: return path;
  }
}

TEST(Readings, LeadNoReaderToAnotherPolicyThanTheOneThatWasAsked) {
  std::mt19937 random(20261128);
  const auto any = [&](const auto& list) { return std::string(list[random() % std::size(list)]); };
  const char* const kTemplates[] = {"admin",    "users", "{x}", "{x}:cancel", "Admin",
                                    "{x}.json", "a.b",   "me",  "{y}",        ""};
  const char* const kPieces[] = {"admin", "Admin", "users", "me",        "ME",  "a",       "b",   ".json",
                                 ".",     ";",     "%3B",   "%2561dmin", "%20", ":cancel", "%3A", "cancel",
                                 "%2500", "%2520", "x",     "%253A",     "%2e", "%3F",     "%23", "%253f"};
  std::size_t found = 0, refused = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::vector<Route> routes;
    for (std::size_t i = 0; i < 2 + random() % 4; ++i) {
      std::string path;
      for (std::size_t depth = 1 + random() % 2; depth > 0; --depth) path += '/' + any(kTemplates);
      if (path.contains("//") || path.find("{x}") != path.rfind("{x}") ||
          path.find("{y}") != path.rfind("{y}"))
        continue;
      routes.push_back({Method::get, path, path, static_cast<std::uint32_t>(i), PathReader::upstream});
    }
    const auto table = RouteTable::build(routes);
    if (!table) continue;
    std::string path;
    for (std::size_t depth = 1 + random() % 2; depth > 0; --depth) {
      path += '/';
      for (std::size_t pieces = random() % 4; pieces > 0; --pieces) path += any(kPieces);
    }
    // Or the path of a route, disguised.
    if (round % 2 == 0 && !routes.empty()) {
      path = routes[random() % routes.size()].path;
      for (auto at = path.find('{'); at != std::string::npos; at = path.find('{')) path.replace(at, 3, "7");
      if (path.size() > 1 && random() % 2 == 0) path[1 + random() % (path.size() - 1)] ^= 0x20;
      path.insert(random() % 3 == 0 ? 1 + random() % path.size() : path.size(), any(kPieces));
    }
    if (path.contains("//") || !std::ranges::all_of(path, [](char c) { return is(c, kTargetCharacter); }) ||
        wrong_in_path(path)) {
      continue;
    }
    Captures captures;
    const RouteMatch match = table->find(Method::get, path, captures);
    refused += match.outcome == RouteOutcome::ambiguous ? 1 : 0;
    if (match.outcome != RouteOutcome::found) continue;
    ++found;
    // The reader's routes are the same ones, of one policy: its own choice.
    std::string read = path;
    bool caseless = false, slashless = false;
    for (std::size_t steps = 1 + random() % 4; steps > 0; --steps) {
      const int reader = static_cast<int>(random() % 8);
      caseless = caseless || reader == 0;
      slashless = slashless || reader == 2;
      read = read_by(reader, read);
    }
    std::vector<Route> its;
    for (const Route& route : routes) {
      const std::string own = slashless ? read_by(2, route.path) : route.path;
      its.push_back({route.method, caseless ? lower(own) : own, "", 0, route.reader});
    }
    const auto its_table = RouteTable::build(its);
    if (!its_table) continue;
    const RouteMatch its_match = its_table->find(Method::get,
                                                 caseless    ? lower(read)
                                                 : slashless ? read_by(2, read)
                                                             : read,
                                                 captures);
    if (its_match.outcome != RouteOutcome::found || its_match.route == match.route) continue;
    // A route that fits the path as it is lost by the document's own order, which the reader has too.
    const auto alone = RouteTable::build(std::span(routes).subspan(its_match.route, 1));
    if (alone->find(Method::get, path, captures).outcome == RouteOutcome::found) continue;
    ADD_FAILURE() << path << " is " << routes[match.route].path << ", but for a reader " << read << " is "
                  << routes[its_match.route].path;
    return;
  }
  EXPECT_GT(found, 2'000U);
  EXPECT_GT(refused, 300U);
}

// Each step costs the same for every path: never the square of its length.
TEST(Readings, OfALongSegmentAreFoundInLinearTime) {
  std::vector<std::string> paths = {"/docs/{doc}"};
  for (int i = 0; i < 200; ++i)
    paths.push_back("/docs/" + std::string(static_cast<std::size_t>(i) * 20 + 1, 'a'));
  for (int i = 0; i < 50; ++i) paths.push_back("/docs/{x}:verb" + std::to_string(i));
  const Readings found(routes_of(paths));
  // Four times the length is to take about four times as long; a quadratic search takes sixteen. The best of
  // several runs, so that another process on the core does not count.
  const auto time_of = [&](const std::string& piece, std::size_t length) {
    std::string path = "/docs/b";
    while (path.size() + piece.size() < length) path += piece;
    auto best = std::chrono::steady_clock::duration::max();
    for (int run = 0; run < 7; ++run) {
      const auto before = std::chrono::steady_clock::now();
      found(path);
      best = std::min(best, std::chrono::steady_clock::now() - before);
    }
    return best;
  };
  for (const std::string piece : {"a.", ";", "%2525", "a%20", "a", ":verb1.", "%E3%80%80"}) {
    EXPECT_LT(time_of(piece, 8000), 10 * time_of(piece, 2000) + std::chrono::microseconds(50)) << piece;
  }
}

}  // namespace
}  // namespace gatehouse::http
