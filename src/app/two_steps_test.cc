#include "app/two_steps.h"

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::app {
namespace {

constexpr std::size_t kWorkers = 4;

class TwoSteps : public ::testing::Test {
 protected:
  // Made on a worker's thread, to be destroyed there.
  struct Made {
    Made(std::atomic<int>& count, std::string name) : text(std::move(name)), alive(count) { ++alive; }
    ~Made() {
      EXPECT_EQ(std::this_thread::get_id(), made_on);
      --alive;
    }
    Made(const Made&) = delete;
    Made& operator=(const Made&) = delete;

    const std::string text;
    const std::thread::id made_on = std::this_thread::get_id();
    std::atomic<int>& alive;
  };
  using Owned = std::unique_ptr<Made>;

  Result<> change(const std::function<Result<Owned>(std::size_t)>& make) {
    return in_two_steps<Owned>(
        workers_, [&](net::Loop&, std::size_t worker) { return make(worker); },
        [&](std::size_t worker, Owned made) { in_use_[worker] = made->text; });
  }
  Owned made(std::string text) { return std::make_unique<Made>(alive_, std::move(text)); }

  std::atomic<int> alive_ = 0;
  std::vector<std::string> in_use_ = std::vector<std::string>(kWorkers, "old");
  SystemClock clock_;
  net::WorkerGroup workers_{clock_, kWorkers, net::Pinning::none,
                            [](net::Loop&, std::size_t) { return std::shared_ptr<void>(); }};
};

TEST_F(TwoSteps, ResultsOfAllWorkersAreTakenUpOnAll) {
  EXPECT_TRUE(change([&](std::size_t worker) { return made("new " + std::to_string(worker)); }));
  EXPECT_EQ(in_use_, (std::vector<std::string>{"new 0", "new 1", "new 2", "new 3"}));
  EXPECT_EQ(alive_, 0);
}

TEST_F(TwoSteps, AFailureOnAnyWorkerChangesNothing) {
  for (std::size_t failing = 0; failing < kWorkers; ++failing) {
    const auto changed = change([&](std::size_t worker) -> Result<Owned> {
      if (worker == failing) return failure(ErrorCode::unavailable, "not on " + std::to_string(worker));
      return made("new");
    });
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().text, "not on " + std::to_string(failing));
    EXPECT_EQ(in_use_, std::vector<std::string>(kWorkers, "old"));
    EXPECT_EQ(alive_, 0) << "what the others made is given back";
  }
  EXPECT_TRUE(change([&](std::size_t) { return made("new"); })) << "and the next may go well";
  EXPECT_EQ(in_use_, std::vector<std::string>(kWorkers, "new"));
}

TEST_F(TwoSteps, AnExceptionOnAWorkerChangesNothingEither) {
  EXPECT_THROW((void)change([&](std::size_t worker) -> Result<Owned> {
                 if (worker == kWorkers - 1) throw std::runtime_error("a bug");
                 return made("new");
               }),
               std::runtime_error);
  EXPECT_EQ(in_use_, std::vector<std::string>(kWorkers, "old"));
  EXPECT_EQ(alive_, 0);
}

}  // namespace
}  // namespace gatehouse::app
