// A rule of the review, its inputs and its findings.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/problems.h"
#include "policy/policy_set.h"

namespace gatehouse::review {

enum class Severity : std::uint8_t { low, medium, high };
enum class Layer : std::uint8_t {
  transport,
  authentication,
  authorisation,
  schema,
  limits,
  events,
  target,
  review  // accepted findings
};
std::string_view name(Severity severity);
std::string_view name(Layer layer);

// The condition that makes a rule's findings one step milder: exposure `internal`; data `internal`, and two
// for data `public`.
enum class Weighs : std::uint8_t { nothing, exposure, data };

// Facts outside of the configuration, if they are known.
struct Facts {
  std::optional<std::chrono::hours>
      certificate_left;  // until the server's certificate ends; negative where it has ended
  // Files with secrets that every user of the machine may read: their names and permissions ("0644").
  struct OpenSecret {
    Place place;
    std::string what;
    std::string permissions;
  };
  std::vector<OpenSecret> open_secrets = {};
  // Until security.txt expires; negative where it has expired.
  std::optional<std::chrono::hours> security_txt_left = std::nullopt;
};

struct Rule;

struct Finding {
  const Rule* rule = nullptr;
  Severity severity = Severity::low;                 // as the threat model weighs it
  std::vector<const policy::Operation*> operations;  // empty: the configuration as a whole
  Place place;
  std::string what;                              // the fact in this configuration
  const policy::Acceptance* accepted = nullptr;  // the acceptance; the finding does not count then
};

// The output of a rule.
class Findings {
 public:
  Findings(const policy::PolicySet& policy, const Facts& facts) : policy_(&policy), facts_(&facts) {}

  // Every add() until the next begin() is this rule's.
  void begin(const Rule& rule) { rule_ = &rule; }
  void add(const policy::Operation& operation, std::string what) {
    add(operation, place_of(operation), std::move(what));
  }
  void add(const policy::Operation& operation, const Place& place, std::string what);
  // Of several operations, weighed by the threat model of the one for which it is worst. There is at least
  // one.
  void add(std::vector<const policy::Operation*> operations, const Place& place, std::string what);
  // Of the configuration as a whole.
  void whole(const Place& place, std::string what);

  const policy::PolicySet& policy() const { return *policy_; }
  const Facts& facts() const { return *facts_; }
  // The findings of the rules before.
  const std::vector<Finding>& so_far() const { return list_; }
  std::vector<Finding> take() { return std::move(list_); }

 private:
  static Place place_of(const policy::Operation& operation);

  const policy::PolicySet* policy_;
  const Facts* facts_;
  const Rule* rule_ = nullptr;
  std::vector<Finding> list_;
};

struct Rule {
  std::string_view id;                // never changes and is never used again
  Severity severity = Severity::low;  // under exposure `public` and data `sensitive`
  Weighs weighs = Weighs::nothing;
  Layer layer = Layer::transport;
  std::string_view title;
  std::string_view why;
  std::string_view remedy;
  // One of the two: asked for each operation, or once.
  void (*of_operation)(const policy::Operation& operation, Findings& found) = nullptr;
  void (*of_configuration)(const policy::PolicySet& policy, Findings& found) = nullptr;
};

// All rules, layer by layer. Each layer's stand in a file of their own (rules_*.cc), text and check together.
std::vector<const Rule*> rules();
std::span<const Rule> transport_rules();
std::span<const Rule> authentication_rules();
std::span<const Rule> authorisation_rules();
std::span<const Rule> schema_rules();
std::span<const Rule> limit_rules();
std::span<const Rule> event_rules();
std::span<const Rule> target_rules();
std::span<const Rule> review_rules();  // the last: they use the findings of the others

// ---- shared by several rules ----

// Whether the method promises to change nothing (RFC 9110 section 9.2.1).
bool is_safe(const policy::Operation& operation);
// The roles that hold the permission.
std::vector<std::string> holders(const policy::PolicySet& policy, std::string_view permission);
bool is_loopback(std::string_view host);

}  // namespace gatehouse::review
