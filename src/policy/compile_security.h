// The callers of an operation, and its principal: OpenAPI's `security` with the authenticators of the
// configuration.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::policy {

class SecurityCompiler {
 public:
  // `set` has its authenticators when decide() is called.
  SecurityCompiler(PolicySet& set, Problems& problems) : set_(set), problems_(problems) {}

  // `own` has the settings of the operation, at `place`.
  void decide(const openapi::Api& api, const openapi::Operation& from, const OperationSettings& own,
              const Place& place, Operation& operation);
  // Reports once, for any number of operations: security schemes without an authenticator, operations that
  // only excluded schemes would admit to, and documents that
  // require no credential if no policy says `public`.
  void report();

 private:
  struct Unproven {
    std::string mend;
    Place place;
    std::set<std::string> operations;
    std::string enough;  // a scheme that admits callers to each of them without this one; empty: none
    bool is_needed = false;
  };
  std::optional<std::uint32_t> authenticator(std::string_view name) const;
  void add_places(const SchemeAlternative& alternative, Operation& operation) const;
  void choose_principal(const OperationSettings& own, const Place& place, const Operation& operation,
                        SchemeAlternative& alternative);
  void check_proofs(const Place& place, const Operation& operation, const SchemeAlternative& alternative);

  PolicySet& set_;
  Problems& problems_;
  std::map<std::string, Unproven> unproven_;  // by security scheme
  // Operations whose `security` requires an excluded scheme in every alternative, and where the first is
  // decided.
  std::vector<std::string> closed_;
  Place first_closed_;
  // Operations whose `security` has two schemes together that travel in one place, and where the first is
  // decided.
  std::map<std::pair<std::string, std::string>, std::pair<Place, std::vector<std::string>>> together_;
  // Operations that admit callers without credentials and without a reason, and the place of the first
  // decision; by document.
  std::map<std::pair<std::string, openapi::Operation::Stated>, std::pair<Place, std::vector<std::string>>>
      open_;
};

}  // namespace gatehouse::policy
