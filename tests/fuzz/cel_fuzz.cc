// Expressions: every expression that compiles evaluates within its bounds, to the same outcome with and
// without the type checker (langdef: "running the type checker does not affect the result of evaluation"),
// and twice to the same.
#include <string>

#include "cel/compile.h"
#include "cel/program.h"
#include "fuzz.h"

namespace gatehouse::cel {
namespace {

struct World {
  World() {
    bindings.set(environment.declare("principal.id", Type::string()), Value::string("acme"));
    bindings.set(environment.declare("principal.roles", Type::list(Type::string())), Value::strings(roles));
    bindings.set(environment.declare("request.ip", Type::address()), Value::address(address));
    bindings.set(environment.declare("request.time", Type::timestamp()),
                 Value::timestamp(Timestamp{1'760'000'000, 5}));
    bindings.set(environment.declare("n", Type::integer()), Value::integer(7));
    bindings.set(environment.declare("d", Type::dyn()), Value::number(2.5));
    environment.declare("nothing", Type::string());
  }
  Environment environment;
  Bindings bindings;
  std::vector<std::string> roles{"partner", "auditor"};
  IpAddress address = IpAddress::v4({10, 1, 2, 3});
};

std::string outcome_text(const Program& program, const World& world, Scratch& scratch) {
  const Evaluated outcome = program.evaluate(world.bindings, scratch);
  return outcome ? to_text(*outcome) : "error " + std::string(name(outcome.error().fault));
}

}  // namespace
}  // namespace gatehouse::cel

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::cel;
  static const World world;
  static Scratch scratch(Limits{.cost = 50'000, .memory = 256U << 10U});
  const auto text = gatehouse::fuzz_text(data, size);

  const auto unchecked = compile(text, world.environment, Type::dyn(), Checking::skipped);
  const auto checked = compile(text, world.environment);
  FUZZ_EXPECT(unchecked || !checked);
  if (!unchecked) {
    FUZZ_EXPECT(!unchecked.error().empty() && unchecked.error().front().offset <= text.size());
    return 0;
  }
  const std::string outcome = outcome_text(*unchecked, world, scratch);
  FUZZ_EXPECT(outcome == outcome_text(*unchecked, world, scratch));
  if (checked) FUZZ_EXPECT(outcome == outcome_text(*checked, world, scratch));
  return 0;
}
