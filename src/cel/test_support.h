// For the tests of this room: an environment like the one that conditions see.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cel/compile.h"
#include "cel/program.h"
#include "json/parser.h"

namespace gatehouse::cel::testing {

class Conditions : public Activation {
 public:
  Conditions() {
    principal_id = environment.declare("principal.id", Type::string());
    roles = environment.declare("principal.roles", Type::list(Type::string()));
    claims = environment.declare("principal.claims", Type::map(Type::string(), Type::dyn()));
    tenant = environment.declare("principal.tenant", Type::string());
    ip = environment.declare("request.ip", Type::address());
    time = environment.declare("request.time", Type::timestamp());
    body_type = Type::object("request.body", {{"email", Type::string()},
                                              {"quantity", Type::integer()},
                                              {"price", Type::number()},
                                              {"due", Type::timestamp()},
                                              {"note", Type::wrapper(Type::string())},
                                              {"tags", Type::list(Type::string())}});
    body = environment.declare("request.body", body_type);
    resource_type = Type::object("resource", {{"customer_id", Type::string()}, {"status", Type::string()}});
    resource = environment.declare("resource", resource_type);
    claims_type = Type::map(Type::string(), Type::dyn());
    load(body_document,
         R"({"email": "a@b.example", "quantity": 3, "price": 2.5, "due": "2026-01-02T03:04:05Z", "note": null,
                            "tags": ["x", "y"]})");
    load(resource_document, R"({"customer_id": "acme", "status": "open"})");
    load(claims_document,
         R"({"realm_access": {"roles": ["admin", "auditor"]}, "level": 3, "ratio": 1.5, "big": 1e3})");
  }

  Value variable(Slot slot, Arena&) const override {
    ++asked;
    if (slot == principal_id) return Value::string("acme");
    if (slot == roles) return Value::strings(role_names);
    if (slot == claims) return Value::json(claims_document.root(), claims_type);
    if (slot == ip) return Value::address(address);
    if (slot == time) return Value::timestamp(Timestamp{1'760'000'000, 0});
    if (slot == body) return Value::json(body_document.root(), body_type);
    if (slot == resource) return Value::json(resource_document.root(), resource_type);
    return Value::missing();
  }

  // "true", "42", "error: divide_by_zero", or "problem: ..." when it does not compile.
  std::string evaluate(std::string_view text, Checking checking = Checking::strict) {
    const auto program = compile(text, environment, Type::dyn(), checking);
    if (!program) return "problem: " + program.error().front().message;
    const Evaluated outcome = program->evaluate(*this, scratch);
    return outcome ? to_text(*outcome) : "error: " + std::string(name(outcome.error().fault));
  }
  // The first problem, as "offset: message", or "none".
  std::string problem(std::string_view text, const Type& expected = Type::boolean()) const {
    const auto program = compile(text, environment, expected);
    return program ? "none"
                   : std::to_string(program.error().front().offset) + ": " + program.error().front().message;
  }

  Environment environment;
  Scratch scratch;
  Slot principal_id, roles, claims, tenant, ip, time, body, resource;
  Type body_type, resource_type, claims_type;
  json::Document body_document, resource_document, claims_document;
  std::vector<std::string> role_names{"partner", "auditor"};
  IpAddress address = IpAddress::v4({10, 1, 2, 3});
  mutable int asked = 0;

 private:
  static void load(json::Document& document, std::string_view text) {
    json::Parser parser;
    if (!parser.parse(text, document)) throw std::logic_error("a test's JSON is not JSON");
  }
};

}  // namespace gatehouse::cel::testing
