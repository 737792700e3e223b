#include "policy/routing_reader.h"

#include "policy/key_reader.h"

namespace gatehouse::policy {
namespace {

constexpr doc::Choice<http::LetterCase> kLetterCases[] = {{"sensitive", http::LetterCase::sensitive},
                                                          {"insensitive", http::LetterCase::insensitive}};
constexpr doc::Choice<http::PathCuts> kPathCuts[] = {{"lenient", http::PathCuts::lenient},
                                                     {"exact", http::PathCuts::exact}};

}  // namespace

http::PathReading read_routing(const doc::Field& field) {
  KeyReader<keys::kRouting> in(field);
  http::PathReading routing;
  routing.letters = in.optional("case", doc::as_one_of(kLetterCases)).value_or(routing.letters);
  routing.cuts = in.optional("reading", doc::as_one_of(kPathCuts)).value_or(routing.cuts);
  in.finish();
  return routing;
}

}  // namespace gatehouse::policy
