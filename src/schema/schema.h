// A compiled JSON Schema (2020-12, or OpenAPI 3.0's dialect), ready to check instances. Made by a Compiler.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "schema/allowance.h"
#include "schema/findings.h"

namespace gatehouse::schema {

struct Program;  // the result of a Compiler; shared by its schemas
struct Rules;    // one compiled schema object

// A place where the schema is weaker than possible, and the added constraint.
struct Weakness {
  enum class Kind : std::uint8_t {
    capped,
    anything,
    nullable,       // it says `nullable: true`, which has no effect there
    contradiction,  // no object is valid: a member is required here and not allowed there
    undeclared,     // no object is valid: a member is required, and nothing that is sealed declares it
    closed,         // sealed: members that it does not declare are refused
    memberless,     // sealed, and nothing names a member: any is valid, within the caps
  };
  Kind kind = Kind::capped;
  std::string document;      // URI
  std::string pointer;       // of the schema object, in the document
  std::uint32_t offset = 0;  // of the schema object, in the document's text
  // capped: the added keyword (maxLength, maxItems, maxProperties, maximum). anything: "items" for the
  // elements of an array. contradiction, undeclared: the member.
  std::string_view keyword;
};

enum class Checked : std::uint8_t {
  valid,
  invalid,
  unfinished,  // it would take longer than may be spent at once
};

// Immutable; may be used by any number of threads at once.
class Schema {
 public:
  Schema(std::shared_ptr<const Program> program, const Rules& root)
      : program_(std::move(program)), root_(&root) {}

  // Whether the instance is valid; if it is not, `findings` (which is cleared first) has the reasons.
  // Allocates nothing in the valid case once a thread has warmed up. Stack is bounded for every schema, and
  // time by the bytes of the instance (work.h): an instance that would take more is refused as "complexity".
  bool check(json::Value instance, Findings& findings) const {
    Allowance whole;
    return check(instance, findings, whole);
  }
  // The same on a loop that others wait for: gives up after about two milliseconds where the whole may take
  // longer.
  Checked check_briefly(json::Value instance, Findings& findings) const;
  bool accepts(json::Value instance) const {
    Allowance whole;
    return accepts(instance, whole);
  }
  // The same for one of several values of a request, such as its parameters.
  bool check(json::Value instance, Findings& findings, Allowance& allowance) const;
  bool accepts(json::Value instance, Allowance& allowance) const;

  // Of this schema and all that it refers to, by their places; they live as long as the schema.
  std::vector<const Weakness*> weaknesses() const;

 private:
  std::shared_ptr<const Program> program_;
  const Rules* root_;
};

}  // namespace gatehouse::schema
