// What Gatehouse itself says to an upstream, with each request.
#pragma once

#include <string>
#include <vector>

namespace gatehouse::target {

struct FixedFields {
  std::string lines;                 // each with its CRLF
  std::vector<std::string> secrets;  // in them, which no record may show
};

}  // namespace gatehouse::target
