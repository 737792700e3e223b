// A box office: two operations that are C++ functions, in one program with everything that `gatehouse` does.

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include <gatehouse/handler.h>

using namespace gatehouse::handler;

namespace {

// Handlers must lock their shared data: several run at once.
class Shows {
 public:
  // The number of seats left; nothing if there are too few, or if there is no such show.
  enum class Taken : std::uint8_t { done, sold_out, no_show };
  Taken take(std::int64_t show, std::int64_t seats, std::int64_t& left) {
    const std::lock_guard lock(mutex_);
    const auto found = left_.find(show);
    if (found == left_.end()) return Taken::no_show;
    if (found->second < seats) return Taken::sold_out;
    left = found->second -= seats;
    return Taken::done;
  }
  std::map<std::int64_t, std::int64_t> list() {
    const std::lock_guard lock(mutex_);
    return left_;
  }

 private:
  std::mutex mutex_;
  std::map<std::int64_t, std::int64_t> left_{{1, 100}, {2, 3}};
};

Shows shows;

Answer list_shows(const Request& request) {
  const auto at_least = request.query("seats");  // declared, and not required
  std::vector<Json> list;
  for (const auto& [show, left] : shows.list()) {
    if (!at_least || left >= at_least->integer())
      list.push_back(Json::object({{"show", show}, {"left", left}}));
  }
  return Json::array(list);
}

Answer reserve_seats(const Request& request) {
  const std::int64_t show = request.path("show")->integer();
  const std::int64_t seats = request.body()["seats"].integer();  // 1 to 6: the schema says so
  std::int64_t left = 0;
  switch (shows.take(show, seats, left)) {
    case Shows::Taken::no_show: return Problem::not_found;
    case Shows::Taken::sold_out: return {Problem::conflict, "asked for more seats than are left"};
    case Shows::Taken::done: break;
  }
  return {201, Json::object(
                   {{"show", show}, {"seats", seats}, {"left", left}, {"for", request.principal().id()}})};
}

}  // namespace

int main(int argc, char** argv) {
  return gatehouse::run(argc, argv, {{"listShows", list_shows}, {"reserveSeats", reserve_seats}});
}
