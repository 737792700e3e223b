// Handlers with typical mistakes, one for each value of the parameter `do`.

#include <chrono>
#include <cstdio>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include <gatehouse/handler.h>

using namespace gatehouse::handler;

namespace {

Answer misbehave(const Request& request) {
  static const std::map<std::string_view, Problem> kProblems = {
      {"invalid", Problem::invalid},         {"forbidden", Problem::forbidden},
      {"not_found", Problem::not_found},     {"conflict", Problem::conflict},
      {"unavailable", Problem::unavailable},
  };
  const std::string_view what = request.query("do")->text();
  if (const auto problem = kProblems.find(what); problem != kProblems.end())
    return {problem->second, "for operators only"};
  if (what == "throw") throw std::runtime_error("for operators only");
  if (what == "throw_int") throw 7;
  if (what == "status_500") return {500, Json("for nobody")};
  if (what == "status_302") return {302, Json("for nobody")};
  if (what == "status_99") return {99, Json("for nobody")};
  if (what == "undeclared") return request.query("undeclared") ? Json("there") : Json("not there");
  if (what == "another_place") return request.header("do") ? Json("there") : Json("not there");
  if (what == "wrong_kind") return Json(request.query("do")->integer());
  if (what == "no_body") return Json::copy(request.body());
  if (what == "infinite") return Json(std::numeric_limits<double>::infinity());
  if (what == "twice") return Json::object({{"a", 1}, {"a", 2}});
  if (what == "late") {
    std::fputs("a handler that is late begins\n", stderr);
    std::this_thread::sleep_until(request.deadline() + std::chrono::milliseconds(200));
    return Json("too late");
  }
  if (what == "large") return Json(std::string(900'000, 'x'));
  if (what == "nothing") return Answer::nothing();
  if (what == "text") return Json("\xFF\"\r\nSet-Cookie: a=b</script>");
  if (what == "absent")
    return Json::object(
        {{"count", request.query("count") ? Json(request.query("count")->integer()) : Json(nullptr)}});
  return Json::object({{"caller", request.principal().id()},
                       {"anonymous", request.principal().is_anonymous()},
                       {"clerk", request.principal().has_role("clerk")},
                       {"operation", request.operation()},
                       {"id", request.id()}});
}

Answer echo(const Request& request) {
  if (!request.has_body())
    return Json::object({{"bytes", static_cast<std::int64_t>(request.body_bytes().size())}});
  std::int64_t members = 0;
  for (const auto& [name, value] : request.body().members())
    members += name.empty() || value.is_null() ? 0 : 1;
  return Json::object({{"members", members},
                       {"first", request.body()["list"][0].number()},
                       {"copy", Json::copy(request.body())}});
}

}  // namespace

int main(int argc, char** argv) {
  return gatehouse::run(argc, argv, {{"misbehave", misbehave}, {"echo", echo}});
}
