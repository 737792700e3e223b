#include "policy/compile.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"
#include "core/identity.h"
#include "db/catalogue.h"
#include "doc/reader.h"
#include "http/response_writer.h"
#include "http/uri.h"
#include "policy/cache_control.h"
#include "policy/compile_authenticators.h"
#include "policy/compile_heads.h"
#include "policy/compile_input.h"
#include "policy/compile_limits.h"
#include "policy/compile_maintenance.h"
#include "policy/compile_objects.h"
#include "policy/compile_routes.h"
#include "policy/compile_security.h"
#include "policy/compile_target.h"
#include "policy/environment.h"
#include "policy/known.h"
#include "policy/settings_fields.h"
#include "policy/stated.h"

namespace gatehouse::policy {
namespace {

class Compiler {
 public:
  Compiler(CompileInput input, Problems& problems)
      : problems_(problems),
        database_(input.database),
        set_(std::make_shared<PolicySet>()),
        security_(*set_, problems),
        objects_(*set_, problems),
        targets_(*set_, objects_, std::move(input.handlers), std::move(input.built_ins), problems) {
    set_->settings = std::move(input.settings);
    set_->apis = std::move(input.apis);
    if (database_ == nullptr) return;
    set_->statements = std::make_unique<db::StatementCatalogue>(*database_, kRules);
    if (const auto file = database_->file()) {
      set_->database_file = *file;
    } else {
      problems_.add(settings().database_place, file.error().text);
    }
  }

  std::shared_ptr<const PolicySet> run() {
    set_->allowed_addresses = AddressSet(settings().admittance.allowed);
    set_->blocked_addresses = AddressSet(settings().admittance.blocked);
    for (const Placed& one : settings().admittance.blocked_principals) {
      set_->blocked_principals.insert(one.value);
      if (is_reserved_id(one.value))
        problems_.add(one.place,
                      fmt::format("blocked.principals: no principal is called `{}`, so the entry has no "
                                  "effect; callers without a credential use `public` operations alone",
                                  one.value));
    }
    compile_authenticators(*set_, problems_);
    compile_carriers(*set_, problems_);
    compile_limits(*set_, problems_);
    check_upstreams();
    check_documents();
    check_defaults();
    check_roles();
    match_settings();
    for (std::size_t i = 0; i < set_->apis.size(); ++i) {
      const openapi::Api& api = set_->apis[i];
      // Behind the user's documents are the built-in ones.
      const DocumentSettings* const document =
          i < settings().openapi.size() ? &settings().openapi[i] : nullptr;
      for (const openapi::Operation& operation : api.operations) compile_operation(api, document, operation);
    }
    security_.report();
    report(limit_faults_, problems_);
    report_unmatched();
    compile_maintenance(*set_, problems_);
    compile_routes(*set_, problems_);
    if (!problems_.empty()) return nullptr;
    return set_;
  }

 private:
  static inline const db::CatalogueRules kRules{"gatehouse_"};
  using Placed = PlacedText;

  const Settings& settings() const { return set_->settings; }

  // ---- upstreams ----

  void check_upstreams() {
    for (const auto& [name, upstream] : settings().upstreams) {
      for (const Placed& text : upstream.urls) {
        const auto url = http::parse_url(text.value);
        if (url && url->query.empty()) continue;
        problems_.add(text.place, fmt::format("upstreams.{}: `{}` is not the URL of a service; write scheme, "
                                              "host and port, as in http://127.0.0.1:3000",
                                              name, text.value));
      }
    }
  }

  void check_documents() {
    for (const DocumentSettings& document : settings().openapi) {
      if (!document.upstream || settings().upstreams.contains(document.upstream->value) ||
          settings().is_unread("upstreams"))
        continue;
      problems_.add(document.upstream->place,
                    fmt::format("openapi: there is no upstream `{}`; {}", document.upstream->value,
                                known(keys_of(settings().upstreams), document.upstream->value)));
    }
  }

  // Once, and not for each operation that they apply to.
  void check_defaults() {
    const auto& upstream = settings().defaults.upstream;
    if (upstream && !settings().upstreams.contains(upstream->value) && !settings().is_unread("upstreams"))
      problems_.add(upstream->place,
                    fmt::format("defaults.upstream: there is no upstream `{}`; {}", upstream->value,
                                known(keys_of(settings().upstreams), upstream->value)));
    for (const Placed& limit : settings().defaults.limits) {
      if (settings().limits.contains(limit.value) || settings().is_unread("limits")) continue;
      problems_.add(limit.place, fmt::format("defaults.limits: there is no limit `{}`; {}", limit.value,
                                             known(keys_of(settings().limits), limit.value)));
    }
  }

  // ---- roles ----

  void check_roles() {
    for (const auto& [role, patterns] : settings().roles) {
      for (const Placed& pattern : patterns) {
        const auto star = pattern.value.find('*');
        const bool fine = star == std::string::npos || pattern.value == "*" ||
                          (star == pattern.value.size() - 1 && pattern.value.ends_with(":*"));
        if (!fine) {
          problems_.add(
              pattern.place,
              fmt::format("roles.{}: `{}`: a `*` stands alone or at the end after a colon, as in orders:*",
                          role, pattern.value));
        }
        if (role == "anonymous" && star != std::string::npos) {
          problems_.add(
              pattern.place,
              "roles.anonymous: name each permission; a `*` would include permissions that are added later");
        }
      }
    }
  }

  // ---- operations ----

  // Whether its entry has a problem of form, or the entry of another name was meant for it.
  bool is_unread(const Operation& operation) const {
    return settings().is_unread("operations", operation.name);
  }

  // x-gatehouse and `operations:` are two places for the same fields: one place for each field.
  void match_settings() {
    for (OperationSettings& operation : set_->settings.operations) {
      if (!by_name_.emplace(operation.name, &operation).second) {
        problems_.add(operation.place, fmt::format("operations.{} is there twice; keep one", operation.name));
      }
    }
    find_meant();
  }

  bool is_in_documents(const std::string& name) {
    if (in_documents_.empty()) {
      for (const openapi::Api& api : set_->apis) {
        for (const openapi::Operation& operation : api.operations) {
          for (const std::string& one : operation.names()) in_documents_.insert(one);
        }
      }
    }
    return in_documents_.contains(name);
  }

  // For each entry that no document has, the operation that was meant.
  void find_meant() {
    if (std::ranges::all_of(by_name_, [&](const auto& entry) { return is_in_documents(entry.first); }))
      return;
    std::vector<std::string> names;     // ids and titles
    std::vector<std::string> named;     // of each the operation's own
    std::vector<std::string> in_small;  // the names in small letters
    for (const openapi::Api& api : set_->apis) {
      for (const openapi::Operation& operation : api.operations) {
        for (const std::string& name : operation.names()) {
          if (name.empty()) continue;
          names.push_back(name);
          named.push_back(operation.name());
        }
      }
    }
    const auto small = [](std::string text) {
      std::ranges::transform(text, text.begin(), ascii_lower);
      return text;
    };
    for (const std::string& name : names) in_small.push_back(small(name));
    for (const auto& [written, entry] : by_name_) {
      if (is_in_documents(written)) continue;
      const std::string_view near = doc::nearest(small(written), in_small);
      const auto found = std::ranges::find(in_small, near);
      if (near.empty() || found == in_small.end()) continue;
      const auto index = static_cast<std::size_t>(found - in_small.begin());
      if (by_name_.contains(names[index]) || by_name_.contains(named[index])) continue;  // has its own entry
      meant_.emplace(written, names[index]);
      set_->settings.unread.insert("operations." + named[index]);
    }
  }

  OperationSettings* settings_of(const openapi::Operation& operation) {
    OperationSettings* found = nullptr;
    for (const std::string& name : operation.names()) {
      const auto it = by_name_.find(name);
      if (name.empty() || it == by_name_.end()) continue;
      matched_.insert(name);
      if (found != nullptr) {
        problems_.add(
            it->second->place,
            fmt::format("operations: `{}` and `{}` are the same operation; keep one", found->name, name));
      }
      found = it->second;
    }
    if (!operation.gatehouse) return found;
    const std::size_t before = problems_.size();
    extensions_.push_back(std::make_unique<OperationSettings>(read_operation(
        doc::Field(*operation.gatehouse.source, operation.gatehouse.value, "x-gatehouse", problems_),
        operation.name())));
    if (problems_.size() > before) set_->settings.unread.insert("operations." + operation.name());
    OperationSettings* extension = extensions_.back().get();
    if (found == nullptr) return extension;
    merge(*found, *extension);
    return found;
  }

  template <typename T>
  void merge_field(std::string_view key, T& into, T& from, const Place& extension) {
    if (!is_stated(from)) return;
    if (is_stated(into)) {
      problems_.add(extension,
                    fmt::format("x-gatehouse: `{}` is in gatehouse.yaml too; keep it in one place", key));
    }
    into = std::move(from);
  }

  void merge(OperationSettings& into, OperationSettings& from) {
#define GATEHOUSE_MERGE(key, member, type, reader, restated) \
  merge_field(key, into.member, from.member, from.place);
    GATEHOUSE_OPERATION_FIELDS(GATEHOUSE_MERGE)
#undef GATEHOUSE_MERGE
  }

  void report_unmatched() {
    for (const auto& [name, operation] : by_name_) {
      if (matched_.contains(name)) continue;
      const auto meant = meant_.find(name);
      problems_.add(
          operation->place,
          meant != meant_.end()
              ? fmt::format("operations.{}: no OpenAPI document has such an operation; did you mean `{}`?",
                            name, meant->second)
              : fmt::format("operations.{}: no OpenAPI document has an operation of that operationId or "
                            "title; write it as in the document (`getOrder` or `GET /orders/{{id}}`), or "
                            "remove it here",
                            name));
    }
  }

  const Upstream* upstream_of_excluded(const DocumentSettings* document, const OperationSettings& own) const {
    const PlacedText* const named = own.upstream ? &*own.upstream : default_upstream(settings(), document);
    const auto found =
        named == nullptr ? settings().upstreams.end() : settings().upstreams.find(named->value);
    return found == settings().upstreams.end() ? nullptr : &found->second;
  }

  void compile_operation(const openapi::Api& api, const DocumentSettings* document,
                         const openapi::Operation& from) {
    static const OperationSettings kNothing;
    const OperationSettings* written = settings_of(from);
    const OperationSettings& own = written != nullptr ? *written : kNothing;
    if (own.exclude) {
      set_->excluded.push_back(
          {&from, document, upstream_of_excluded(document, own), written, from.name() + ".exclude"});
      return;
    }
    Operation operation;
    operation.index = static_cast<std::uint32_t>(set_->operations.size());
    operation.api = &from;
    operation.document = document;
    operation.settings = written;
    operation.name = from.name();
    operation.method = openapi::name(from.method);
    operation.route = from.routes.empty() ? from.path : from.routes.front();
    operation.threat_model = own.threat_model.value_or(settings().threat_model);

    const auto [other, is_new] = named_.emplace(operation.name, std::pair(from.place, document));
    if (!is_new) {
      const auto& [place, in] = other->second;
      problems_.add(from.place,
                    fmt::format("`{}` also names the operation at {}:{}; rename one{}, because policies and "
                                "events identify operations by their names",
                                operation.name, place.file, place.line,
                                in == document ? "" : ", or give its document a `name` in `openapi`"));
    }
    const Place place = written != nullptr ? own.place : from.place;
    security_.decide(api, from, own, place, operation);
    decide_permission(own, place, operation);
    decide_limits(own, place, operation);
    compile_input(*set_, from, own, operation, problems_);
    targets_.decide(from, own, place, operation);
    objects_.decide(from, own, operation);
    check_memory(*set_, from, operation, problems_);
    compile_heads(*set_, own, operation, problems_);

    operation.timeout = own.timeout.value_or(settings().defaults.timeout);
    operation.asserts = own.assertion.value_or(false);
    if (own.sensitive) operation.sensitive = own.sensitive->value;
    operation.cache_control = own.cache_control ? own.cache_control->value : "no-store";
    if (own.cache_control) {
      if (const auto fault = cache_control_fault(own.cache_control->value))
        problems_.add(own.cache_control->place, fmt::format("{}: cache_control: {}", operation.name, *fault));
    }
    set_->operations.push_back(std::move(operation));
  }

  // The permission.
  void decide_permission(const OperationSettings& own, const Place& place, Operation& operation) {
    if (!own.permission) {
      if (is_unread(operation)) return;
      problems_.add(
          place,
          fmt::format(
              "{}: has no `permission`; name one, such as `permission: {}:read`, and give it to a role",
              operation.name, operation.api->tags.empty() ? "orders" : operation.api->tags[0]));
      return;
    }
    operation.permission = own.permission->value;
    operation.permission_rule = operation.name + ".permission";
    if (operation.permission.contains('*')) {
      problems_.add(
          own.permission->place,
          fmt::format("{}: an operation requires one permission; `*` is for roles", operation.name));
    }
    auto& names = set_->permission_names;
    const auto found = std::find(names.begin(), names.end(), operation.permission);
    operation.permission_index = static_cast<std::uint32_t>(found - names.begin());
    if (found == names.end()) names.push_back(operation.permission);

    const auto granted_by = [&](const auto& role) {
      return std::any_of(role.second.begin(), role.second.end(),
                         [&](const Placed& pattern) { return grants(pattern.value, operation.permission); });
    };
    if (settings().is_unread("roles")) return;
    if (operation.admits_anonymous) {
      const auto anonymous = settings().roles.find("anonymous");
      if (anonymous == settings().roles.end() || !granted_by(*anonymous)) {
        problems_.add(own.permission->place,
                      fmt::format("{}: is public, but the role `anonymous` does not hold `{}`; add it "
                                  "to roles.anonymous",
                                  operation.name, operation.permission));
      }
    } else if (std::none_of(settings().roles.begin(), settings().roles.end(), granted_by)) {
      problems_.add(own.permission->place,
                    fmt::format("{}: no role holds `{}`, so no caller could use it; add it to a role",
                                operation.name, operation.permission));
    }
  }

  // How often.
  void decide_limits(const OperationSettings& own, const Place& place, Operation& operation) {
    const auto& names = own.limits ? *own.limits : settings().defaults.limits;
    if (names.empty() && !settings().is_unread("defaults") && !is_unread(operation)) {
      problems_.add(place, fmt::format("{}: has no limit; name some in its `limits` or in `defaults.limits`",
                                       operation.name));
    }
    const std::uint32_t cost = own.cost.value_or(1);
    for (const Placed& name : names) {
      const auto limit = std::find_if(set_->limits.begin(), set_->limits.end(),
                                      [&](const auto& candidate) { return candidate->name == name.value; });
      if (limit == set_->limits.end()) {
        if (own.limits && !settings().is_unread("limits"))  // a default is told once
          problems_.add(name.place, fmt::format("{}: there is no limit `{}`; {}", operation.name, name.value,
                                                known(keys_of(settings().limits), name.value)));
        continue;
      }
      const auto written = settings().limits.find(name.value);
      const bool readable = (*limit)->parts.size() == written->second.per.size();
      if (readable) check_limit_names(written->second, operation, limit_faults_);
      if (cost > (*limit)->rule.burst) {
        problems_.add(
            place,
            fmt::format(
                "{}: costs {}, but `{}` lets {} through at once, so it could never pass; raise its `burst`",
                operation.name, cost, name.value, (*limit)->rule.burst));
      }
      switch ((*limit)->phase) {
        case Limit::Phase::address: operation.address_limits.push_back({limit->get(), cost}); break;
        case Limit::Phase::principal: operation.principal_limits.push_back({limit->get(), cost}); break;
        case Limit::Phase::input: operation.input_limits.push_back({limit->get(), cost}); break;
      }
      if (!operation.limit_policies.empty()) operation.limit_policies += ", ";
      operation.limit_policies += (*limit)->policy_item;
    }
    if (std::max({operation.address_limits.size(), operation.principal_limits.size(),
                  operation.input_limits.size()}) > kMostLimits) {
      problems_.add(place, fmt::format("{}: has more than {} limits of one kind; leave some out",
                                       operation.name, kMostLimits));
    }
    operation.concurrency = own.concurrency.value_or(0);
  }

  Problems& problems_;
  db::Connection* database_;
  std::shared_ptr<PolicySet> set_;
  SecurityCompiler security_;
  ObjectCompiler objects_;
  TargetCompiler targets_;
  std::map<std::string, OperationSettings*> by_name_;
  LimitFaults limit_faults_;
  std::set<std::string> matched_;
  std::set<std::string> in_documents_;        // names and titles
  std::map<std::string, std::string> meant_;  // an entry that no document has: the name that was meant
  // Operations, over all documents.
  std::map<std::string, std::pair<Place, const DocumentSettings*>> named_;
  std::vector<std::unique_ptr<OperationSettings>>& extensions_ = set_->extensions;
};

}  // namespace

std::shared_ptr<const PolicySet> compile(CompileInput input, Problems& problems) {
  return Compiler(std::move(input), problems).run();
}

}  // namespace gatehouse::policy
