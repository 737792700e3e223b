// Route tables: every line but the last is a template, the last is a path.
#include <string>
#include <vector>

#include "fuzz.h"
#include "http/route_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  std::string_view text = gatehouse::fuzz_text(data, size);
  std::vector<Route> routes;
  for (auto end = text.find('\n'); end != std::string_view::npos && routes.size() < 32;
       end = text.find('\n')) {
    const auto number = static_cast<std::uint32_t>(routes.size());
    routes.push_back({number % 3 == 0 ? Method::post : Method::get, std::string(text.substr(0, end)), "name",
                      number / 2, number % 5 == 4 ? PathReader::gatehouse : PathReader::upstream});
    text.remove_prefix(end + 1);
  }
  const PathReading reading{static_cast<LetterCase>(size % 3), static_cast<PathCuts>(size / 3 % 2)};
  const auto table = RouteTable::build(routes, reading);
  if (!table) {
    for (const auto& problem : table.error())
      FUZZ_EXPECT(problem.route < routes.size() && !problem.what.empty());
    return 0;
  }
  Captures captures;
  const auto match = table->find(Method::get, text, captures);
  if (match.outcome == RouteOutcome::found) {
    FUZZ_EXPECT(match.route < routes.size() && routes[match.route].method == Method::get);
    FUZZ_EXPECT(captures.size == table->parameters(match.route).size());
    for (std::size_t i = 0; i < captures.size; ++i) {
      FUZZ_EXPECT(!captures.values[i].empty() && !captures.values[i].contains('/'));
    }
  }
  if (match.outcome == RouteOutcome::ambiguous)
    FUZZ_EXPECT(routes[match.route].reader == PathReader::upstream);
  if (match.outcome != RouteOutcome::no_path) FUZZ_EXPECT(!match.allow.empty());
  return 0;
}
