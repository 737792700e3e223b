// The gates of one policy, as a connection of the server drives them: bytes in, an answer and one event out.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "case_file.h"
#include "gate/runner.h"
#include "http/served_names.h"
#include "net/loop.h"
#include "store/key_store.h"

namespace gatehouse::cases {

// Turned by hand. Its monotonic time is near the system's, which deadlines of the database are held against.
class CaseClock final : public Clock {
 public:
  static constexpr WallTime kMonday{std::chrono::seconds{1'767'607'200}};  // 2026-01-05T10:00:00Z
  MonotonicTime monotonic() const override {
    return MonotonicTime{std::chrono::nanoseconds{monotonic_.load()}};
  }
  WallTime wall() const override { return WallTime{std::chrono::nanoseconds{wall_.load()}}; }
  void advance(Nanoseconds by) {
    monotonic_ += by.count();
    wall_ += by.count();
  }
  void back_to_monday() { wall_ = kMonday.time_since_epoch().count(); }

 private:
  std::atomic<std::int64_t> monotonic_{std::chrono::steady_clock::now().time_since_epoch().count()};
  std::atomic<std::int64_t> wall_{kMonday.time_since_epoch().count()};
};
// How a request went.
struct Outcome {
  Decision decided;
  std::vector<std::string> broken;  // the violated conditions of those that hold for every request
};

class Gates {
 public:
  virtual ~Gates() = default;
  virtual Outcome pass(const Step& step) = 0;
};

struct GatesOptions {
  gate::Parts parts;
  std::shared_ptr<const policy::PolicySet> policy;
  const CaseFile& file;
  const std::map<std::string, std::string>& credentials;  // by caller
  CaseClock& clock;
  Entropy& entropy;
  http::ServedNames names;
  net::Loop& loop;
  store::KeyStore& keys;
};
std::unique_ptr<Gates> open_gates(GatesOptions options);

}  // namespace gatehouse::cases
