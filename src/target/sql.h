// Operations answered by a fixed SQL statement, and the lookup of an object's attributes: values are bound,
// the text never changes, and no word of the database reaches a client.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "core/target.h"
#include "db/catalogue.h"
#include "net/loop.h"
#include "target/database.h"

namespace gatehouse::target {

enum class Returns : std::uint8_t {
  list,  // 200 with an array of the rows
  one,   // 200 with the first row; 404 if there is none
  none,  // 204
};

// A statement with the value of each of its parameters.
struct BoundStatement {
  const db::FixedStatement* fixed = nullptr;
  std::shared_ptr<const void>
      owner;  // of the statement: a run outlives the request and the policy it began under
  std::vector<Reference> values;
};

class SqlTarget final : public Target {
 public:
  // Events name `rule` when the statement fails; it lives as long as the statement.
  SqlTarget(BoundStatement statement, Returns returns, std::string_view rule,
            std::shared_ptr<Database> database, net::Loop& loop)
      : statement_(std::move(statement)),
        returns_(returns),
        rule_(rule),
        database_(std::move(database)),
        loop_(loop) {}
  net::Task<Verdict<void>> call(const Permit& permit, const Call& call, Response& response,
                                CallReport& report) override;

 private:
  BoundStatement statement_;
  Returns returns_;
  std::string_view rule_;
  std::shared_ptr<Database> database_;
  net::Loop& loop_;
};

// A statement about an object that another statement of the same database finds: both, and the conditions
// between them, in one transaction, which excludes other writers of the object. With a `guarded` statement,
// which contains the conditions, only that one runs; if it gives no row, the transaction continues to find
// the reason.
class SqlTransactionalTarget final : public TransactionalTarget {
 public:
  SqlTransactionalTarget(BoundStatement lookup, BoundStatement statement,
                         std::optional<BoundStatement> guarded, Returns returns, std::string_view rule,
                         std::shared_ptr<Database> database, net::Loop& loop)
      : lookup_(std::move(lookup)),
        statement_(std::move(statement)),
        guarded_(std::move(guarded)),
        returns_(returns),
        rule_(rule),
        database_(std::move(database)),
        loop_(loop) {}
  net::Task<Verdict<Permit>> call(std::shared_ptr<DeferredDecision> decision, const Call& call,
                                  Response& response, CallReport& report) override;

 private:
  BoundStatement lookup_;
  BoundStatement statement_;
  std::optional<BoundStatement> guarded_;
  Returns returns_;
  std::string_view rule_;
  std::shared_ptr<Database> database_;
  net::Loop& loop_;
};

class SqlLookup final : public ResourceLookup {
 public:
  SqlLookup(BoundStatement statement, std::shared_ptr<Database> database, net::Loop& loop)
      : statement_(std::move(statement)), database_(std::move(database)), loop_(loop) {}
  net::Task<Verdict<void>> find(const Input& input, const Call& call, json::Document& row,
                                CallReport& report) override;

 private:
  BoundStatement statement_;
  std::shared_ptr<Database> database_;
  net::Loop& loop_;
};

}  // namespace gatehouse::target
