// An upstream's answer is withheld until the filter has checked it: the body of a server error always, the
// body of a client error unless the operation declares it.
#pragma once

#include "core/verdict.h"
#include "gate/exchange.h"
#include "json/parser.h"

namespace gatehouse::gate {

class ResponseFilter {
 public:
  // Refuses an answer that must not leave; the original is then in the exchange's report.
  Verdict<Released> pass(Permit permit);

 private:
  bool declared(Exchange& exchange, const policy::Operation& operation);
  bool leaves_undeclared(Exchange& exchange);
  json::Parser parser_;
};

}  // namespace gatehouse::gate
