#include "schema/work.h"

#include <algorithm>

namespace gatehouse::schema {

std::int64_t bytes_of(json::Value instance) {
  const json::Node* const first = instance.node();
  std::int64_t bytes = 0;
  for (const json::Node* node = first; node != first + first->span; ++node) {
    switch (node->kind) {
      case json::Kind::string: bytes += 3 + static_cast<std::int64_t>(node->size); break;
      case json::Kind::number: bytes += 1 + static_cast<std::int64_t>(node->size); break;
      case json::Kind::array:
      case json::Kind::object: bytes += 3; break;
      case json::Kind::null:
      case json::Kind::boolean: bytes += 5; break;
    }
  }
  return bytes;
}

bool Work::begin_heavy() {
  const std::int64_t whole = base_ + kForEachByte * bytes_of(instance_);
  const std::int64_t share = share_ == Share::brief ? std::min(whole, kBrief) : whole;
  cut_ = share < whole;
  left_ += share - granted();
  granted_ = share;
  heavy_ = true;
  return true;
}

bool Work::extend() {
  if (!heavy_ && !spent_ && begin_heavy() && left_ >= 0) return true;
  spend_all();
  return false;
}

}  // namespace gatehouse::schema
