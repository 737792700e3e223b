// Names of header fields and cookies that did not reach the upstreams, and their frequency: counted from
// events (`http.request.dropped`). Callers choose the names, so the kept amount is bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/document.h"

namespace gatehouse::audit {

// The name for all names that an event or a DroppedNames left out. It is not a token and does not begin with
// `cookie:`, so no caller can send it.
inline constexpr std::string_view kFurtherNames = "(others)";
inline constexpr std::string_view kCookieMark = "cookie:";

struct DroppedName {
  std::string operation;
  std::string name;            // as it was first sent; `cookie:theme`; shortened ones end with `…`
  std::uint64_t requests = 0;  // that had it
  std::size_t callers = 0;     // principals, and addresses of requests without one; kMostCallers at most
  std::string last;            // the time of the latest event, as the event says it
};

class DroppedNames {
 public:
  static constexpr std::size_t kMostCallers = 10;
  // Beyond that many the rarest half is counted under kFurtherNames: a flood of invented names displaces no
  // name that honest callers send often.
  static constexpr std::size_t kMostNames = 4096;

  // Events of the kind `request`, in the order of their times; others, and those without such names, count
  // nothing.
  void add(json::Value event);
  // The most frequent first.
  std::vector<DroppedName> by_frequency() const;

 private:
  struct Entry {
    std::string name;
    std::uint64_t requests = 0;
    std::set<std::string, std::less<>> callers;
    std::string last;
  };
  using Key = std::pair<std::string, std::string>;  // the operation; the name, of fields in lower case

  void count(std::string_view operation, std::string_view name, std::string_view caller,
             std::string_view time);
  void forget_rare();

  std::map<Key, Entry, std::less<>> entries_;
};

}  // namespace gatehouse::audit
