// The parts of Routes. Internal to this room.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "http/route_table.h"

namespace gatehouse::policy {

struct RouteTables {
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  // One path of one operation.
  struct Leaf {
    std::uint32_t operation = 0;  // as RouteMatch::route of Routes
    std::uint32_t policy = 0;
    std::uint32_t space = kNone;
    std::uint32_t stripped = 0;      // bytes of the path that the upstream does not get
    std::vector<std::string> bases;  // of the upstream's URLs: they stand in front of the rest
  };
  // The operations of one set of documents.
  struct Site {
    http::RouteTable table;
    std::vector<std::uint32_t> leaves;  // by the table's route: an index into `leaves`
  };
  // The paths of upstreams that are the same servers, as these get them. None is made where all paths lose
  // the same beginning, and all hosts have them: the site's own table is enough.
  struct Space {
    http::RouteTable table;
    std::vector<std::vector<std::uint32_t>> policies;  // by the table's route, in order
  };
  using Hosts = std::vector<std::pair<std::string, std::uint32_t>>;  // in order, with the index of the site

  std::vector<Leaf> leaves;
  std::vector<Site> sites;  // the first is that of hosts that no document names
  Hosts hosts;
  Hosts wildcards;  // `*.example.com` as `.example.com`
  std::vector<Space> spaces;
};

}  // namespace gatehouse::policy
