// A mark beside a store that says that a server is running on it: a lock, which ends with its process.
#pragma once

#include <string>

#include "base/result.h"

namespace gatehouse::store {

class ServingMark {
 public:
  // Several servers may hold it at once. Its file is `<store>-serving`.
  static Result<ServingMark> hold(const std::string& store);
  // Whether any process holds it. False too where that cannot be found out.
  static bool is_held(const std::string& store);

  ServingMark(ServingMark&& other) noexcept;
  ServingMark& operator=(ServingMark&&) = delete;
  ~ServingMark();

 private:
  explicit ServingMark(int file) : file_(file) {}
  int file_;
};

}  // namespace gatehouse::store
