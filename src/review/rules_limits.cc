#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "db/catalogue.h"
#include "review/purpose.h"
#include "review/rule.h"

namespace gatehouse::review {
namespace {

using policy::LimitKeyPart;
using policy::LimitUse;
using policy::Operation;
using policy::PolicySet;

// Of the limits by address or by input: requests per minute, of this operation's cost.
double tightest(const Operation& operation) {
  double least = 1e300;
  for (const auto* limits : {&operation.address_limits, &operation.input_limits}) {
    for (const LimitUse& use : *limits) {
      const Rate rate = use.limit->rule.rate;
      const double minutes = std::chrono::duration<double, std::ratio<60>>(rate.window).count();
      least = std::min(least, static_cast<double>(rate.count) / minutes / use.cost);
    }
  }
  return least;
}

// Whether this operation has its own `limits` or `cost`, in addition to the defaults.
bool has_own_limits(const Operation& operation) {
  return operation.settings != nullptr &&
         (operation.settings->limits || operation.settings->cost.value_or(1) > 1);
}

std::optional<std::string_view> guesses_at_secrets(const Operation& operation) {
  if (!is_safe(operation)) {
    if (const auto word = word_for(Purpose::recovery, *operation.api)) return word;
  }
  return operation.admits_anonymous ? word_for(Purpose::sign_in, *operation.api) : std::nullopt;
}

constexpr double kGuesses = 30;  // in a minute
constexpr double kMany = 100;    // in a second

constexpr Rule kLimitRules[] = {
    {.id = "address-unlimited",
     .severity = Severity::high,
     .weighs = Weighs::exposure,
     .layer = Layer::limits,
     .title = "No limit before authentication",
     .why = "Wrong credentials are free then: keys and passwords can be tried at the speed of the network.",
     .remedy = "Name a limit `per: ip` in the operation's `limits` or in `defaults.limits`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.address_limits.empty()) found.add(operation, "no limit per address");
         }},
    {.id = "principal-unlimited",
     .severity = Severity::medium,
     .layer = Layer::limits,
     .title = "No limit for an authenticated caller",
     .why = "No limit bounds a caller with many addresses, or a faulty client with a valid credential.",
     .remedy = "Name a limit `per: principal` in the operation's `limits` or in `defaults.limits`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           const bool proves =
               std::any_of(operation.alternatives.begin(), operation.alternatives.end(),
                           [](const policy::SchemeAlternative& alternative) { return !alternative.empty(); });
           if (proves && operation.principal_limits.empty()) found.add(operation, "no limit per principal");
         }},
    {.id = "limit-high",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::limits,
     .title = "A limit that is too high to have an effect",
     .why = "At more than a hundred requests per second from one caller, a limit bounds neither guessing nor "
            "copying.",
     .remedy = "Find the normal rate of callers in `gatehouse log`, and set the limit to a few times that.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& limit : policy.limits) {
             const Rate rate = limit->rule.rate;
             const double seconds = std::chrono::duration<double>(rate.window).count();
             if (static_cast<double>(rate.count) <= kMany * seconds) continue;
             found.whole(policy.settings.limits.at(limit->name).place,
                         fmt::format("limits.{}: {}", limit->name, to_text(rate)));
           }
         }},
    {.id = "limit-burst",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::limits,
     .title = "A limit allows more requests at once than its rate allows in a day",
     .why = "The burst is the number of requests that a caller may send before the rate applies. A caller "
            "that sends it in a second has used a day's allowance, which is enough for guessing and copying.",
     .remedy =
         "Set `burst` to the requests of one page or one batch; the default is a tenth of the rate's count.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& limit : policy.limits) {
             const double seconds = std::chrono::duration<double>(limit->rule.rate.window).count();
             const double day = static_cast<double>(limit->rule.rate.count) * 86'400 / seconds;
             if (static_cast<double>(limit->rule.burst) <= day) continue;
             found.whole(
                 policy.settings.limits.at(limit->name).place,
                 fmt::format("limits.{}: burst {}, and {:.0f} per day", limit->name, limit->rule.burst, day));
           }
         }},
    {.id = "limit-ipv6",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::limits,
     .title = "An IPv6 caller has a separate limit for each address",
     .why = "The smallest network that a provider assigns has 2^64 addresses, so a limit for each address "
            "has no effect.",
     .remedy = "Remove `ipv6_prefix` (default 64), or lower it if one caller has a larger network.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& limit : policy.limits) {
             const bool by_address = std::ranges::any_of(limit->parts, [](const LimitKeyPart& part) {
               return part.kind != LimitKeyPart::Kind::operation &&
                      part.kind != LimitKeyPart::Kind::expression;
             });
             if (!by_address || limit->ipv6_prefix <= 64) continue;
             found.whole(policy.settings.limits.at(limit->name).place,
                         fmt::format("limits.{}: ipv6_prefix {}", limit->name, limit->ipv6_prefix));
           }
         }},
    {.id = "limit-shared",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::limits,
     .title = "All callers share one allowance",
     .why = "One caller can use up the allowance, and then all others are refused.",
     .remedy = "Add `ip` or `principal` to `per`. To protect the service itself, use `concurrency`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& limit : policy.limits) {
             const bool shared = std::ranges::all_of(limit->parts, [](const LimitKeyPart& part) {
               return part.kind == LimitKeyPart::Kind::operation ||
                      (part.kind == LimitKeyPart::Kind::expression && part.expression->slots().empty());
             });
             if (!shared) continue;
             found.whole(policy.settings.limits.at(limit->name).place,
                         fmt::format("limits.{}: its key is the same for every caller", limit->name));
           }
         }},
    {.id = "sign-in-loose",
     .severity = Severity::high,
     .layer = Layer::limits,
     .title = "Passwords and codes can be guessed in bulk",
     .why = "Credential stuffing needs many attempts. People need only a few attempts per minute.",
     .remedy = "Give it a limit of its own, such as `{per: ip, rate: 10/min}`, and one per account, such as "
               "`{per: lower(request.body.email), rate: 5/min}`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           const auto word = guesses_at_secrets(operation);
           const double rate = tightest(operation);
           if (!word || rate <= kGuesses) return;
           found.add(operation,
                     rate < 1e300
                         ? fmt::format("`{}` in its name, and {:.0f} attempts per minute", *word, rate)
                         : fmt::format("`{}` in its name, and no limit per address", *word));
         }},
    {.id = "sign-in-per-address-only",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::limits,
     .title = "Attempts on one account are not counted",
     .why = "An attacker with a thousand addresses has a thousand times the limit per address against one "
            "account.",
     .remedy =
         "Add a limit whose key is the account, such as `{per: lower(request.body.email), rate: 5/min}`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           const auto word = guesses_at_secrets(operation);
           if (word && operation.input_limits.empty()) {
             found.add(operation,
                       fmt::format("`{}` in its name, and no limit with a key from the request", *word));
           }
         }},
    {.id = "costly-unlimited",
     .severity = Severity::medium,
     .weighs = Weighs::data,
     .layer = Layer::limits,
     .title = "A costly operation has no tighter limit",
     .why = "One request of an export, a search or a bulk operation returns much data. A rate that fits the "
            "reading of one object allows copying the whole database here.",
     .remedy = "Give it `limits` of its own, or a `cost`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (has_own_limits(operation)) return;
           for (const Purpose purpose : {Purpose::export_, Purpose::search, Purpose::administration}) {
             const auto word = word_for(purpose, *operation.api);
             if (!word) continue;
             found.add(operation, fmt::format("`{}` in its name, and only the default limits", *word));
             return;
           }
         }},
    {.id = "list-unbounded",
     .severity = Severity::low,
     .weighs = Weighs::data,
     .layer = Layer::limits,
     .title = "A statement returns an unbounded number of rows",
     .why = "Gatehouse cuts the result only at a safety bound; below it, one request reads everything.",
     .remedy = "Add `LIMIT :query.limit`, with a `maximum` for the parameter.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.sql() == nullptr || operation.sql()->returns != policy::SqlReturns::list) return;
           const policy::PlacedText& statement = operation.settings->sql->statement;
           if (words_of(statement.value).find(" limit ") == std::string::npos)
             found.add(operation, statement.place, "no LIMIT");
         }},
    {.id = "search-unbounded",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::limits,
     .title = "A search may use all threads of its share",
     .why = "LIKE, GLOB, instr() and full-text search read every row, and SQLite does not interrupt one call "
            "of them: a few slow searches occupy the operation's share of the database's threads.",
     .remedy = "Bound it: `concurrency: 2`, a `timeout` of some hundred milliseconds, a small `maxLength` "
               "for the searched text.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           const bool searches = operation.sql() != nullptr && operation.sql()->statement.fixed->searches();
           if (!searches || operation.concurrency != 0) return;
           found.add(operation, operation.settings->sql->statement.place,
                     "it searches, without `concurrency`");
         }},
    {.id = "timeout-long",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::limits,
     .title = "An operation may take long",
     .why = "It holds a connection and memory for that time, so a few slow requests can use up all of them.",
     .remedy = "Lower `timeout`, or bound the requests at once by `concurrency`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.timeout <= std::chrono::minutes(1) || operation.concurrency != 0) return;
           found.add(operation, fmt::format("up to {}", to_text(operation.timeout)));
         }},
};

}  // namespace

std::span<const Rule> limit_rules() { return kLimitRules; }

}  // namespace gatehouse::review
