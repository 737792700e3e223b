// The operation of a request: by the host that it names, its method and its path. Prepared when the
// configuration is loaded.
//
// Documents may be for some hosts only, and lose a beginning of their paths on the way to an upstream. Then
// two paths of clients may lead to one path of an upstream. A request is refused as ambiguous if its path, as
// the upstream gets it, could be read as that of an operation with another policy, of any document and host.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "http/method.h"

namespace gatehouse::http {
struct Captures;
struct RouteMatch;
}  // namespace gatehouse::http

namespace gatehouse::policy {

struct RouteTables;

class Routes {
 public:
  Routes() = default;  // no path
  explicit Routes(std::shared_ptr<const RouteTables> tables) : tables_(std::move(tables)) {}

  // As http::RouteTable::find(), but `route` is an index into PolicySet::operations, and of a withheld one
  // into PolicySet::excluded. `authority` as Exchange::authority.
  http::RouteMatch find(std::string_view authority, http::Method method, std::string_view path,
                        http::Captures& captures) const;
  // Whether hosts have different operations.
  bool tells_hosts() const;
  // Whether a document of any host has the path.
  bool has_path(std::string_view path) const;

 private:
  std::shared_ptr<const RouteTables> tables_;
};

}  // namespace gatehouse::policy
