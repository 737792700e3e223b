#include "app/proposed_reading.h"

#include <algorithm>

#include "schema/shape.h"

namespace gatehouse::app {
namespace {

bool may_have_space(const schema::Shape* shape) {
  using Kind = schema::Shape::Kind;
  if (shape == nullptr) return true;  // the schema does not say
  if (shape->kind == Kind::array) return may_have_space(shape->items.get());
  if (shape->kind == Kind::object) {
    return shape->open || std::ranges::any_of(shape->properties, [](const auto& property) {
             return may_have_space(property.second.get());
           });
  }
  return shape->kind == Kind::dyn || shape->kind == Kind::string;
}

// Free text in a query, such as words to search for: a client has to write its spaces.
bool takes_words(const openapi::Api& api) {
  return std::ranges::any_of(api.operations, [](const openapi::Operation& operation) {
    return std::ranges::any_of(operation.parameters, [](const openapi::Parameter& parameter) {
      return parameter.in == openapi::In::query && !parameter.traits.formed &&
             may_have_space(parameter.shape.get());
    });
  });
}

}  // namespace

ProposedReading proposed_reading(const openapi::Api& api) {
  using openapi::Deep;
  ProposedReading proposed;
  if (takes_words(api)) {
    proposed.decisions.emplace_back(
        "# DECIDE: most clients write `+` for a space in a query. Does the upstream decode it as one, as "
        "nearly all "
        "frameworks do?");
    proposed.settings += "plus: space, ";
  }
  const bool brackets = has(api.open_inputs, Deep::brackets);
  const bool exploded = has(api.open_inputs, Deep::exploded);
  if (brackets) {
    proposed.decisions.emplace_back(
        "# DECIDE: inputs have arrays or objects inside one another. Does the upstream read `a[b][c]=1`, "
        "`a[]=x` "
        "and `a[0][b]=x`?");
  }
  if (exploded) {
    proposed.decisions.emplace_back(
        "# DECIDE: exploded objects have arrays. Does the upstream read the name once for each item, as "
        "Spring "
        "reads `sort=a&sort=b`?");
  }
  if (brackets || exploded) {
    proposed.settings += brackets && exploded ? "deep: [brackets, exploded], "
                         : brackets           ? "deep: brackets, "
                                              : "deep: exploded, ";
  }
  return proposed;
}

}  // namespace gatehouse::app
