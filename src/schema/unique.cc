#include "schema/unique.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "json/decimal.h"

namespace gatehouse::schema {
namespace {

using json::Kind;
using json::Value;

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = seed ^ text.size();
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash * 0x9E3779B97F4A7C15U;
}

// Equal values have equal hashes (json::equal).
std::uint64_t hash_value(Value value) {
  switch (value.kind()) {
    case Kind::null: return 1;
    case Kind::boolean: return value.boolean() ? 2 : 3;
    case Kind::string: return hash_text(value.string(), 4);
    case Kind::number: {
      const json::Decimal decimal(value.literal());
      std::uint64_t hash = static_cast<std::uint64_t>(decimal.magnitude) * 31 + (decimal.negative ? 7 : 5);
      for (std::int64_t i = 0; i < decimal.digits(); ++i) {
        hash =
            (hash ^ static_cast<unsigned char>(decimal.digit(static_cast<std::size_t>(i)))) * 0x100000001B3U;
      }
      return hash * 0x9E3779B97F4A7C15U;
    }
    case Kind::array: {
      std::uint64_t hash = 6;
      for (const Value element : value.elements()) hash = hash * 0x9E3779B97F4A7C15U + hash_value(element);
      return hash;
    }
    case Kind::object: {
      std::uint64_t hash = 8;  // a sum, because members have no order
      for (const json::Member member : value.members()) {
        hash += hash_text(member.key(), 9) * (hash_value(member.value) | 1U);
      }
      return hash;
    }
  }
  return 0;
}

}  // namespace

bool unique(Value array, std::int64_t& steps) {
  if (array.size() < 2) return true;
  if (array.size() <= 8) {
    const auto end = array.elements().end();
    for (auto a = array.elements().begin(); a != end; ++a) {
      for (auto b = json::Elements::Iterator(a); !(++b == end);) {
        steps -= static_cast<std::int64_t>((*b).node()->span);
        if (steps < 0 || json::equal(*a, *b)) return false;
      }
    }
    return true;
  }
  thread_local std::vector<std::pair<std::uint64_t, const json::Node*>> hashes;
  hashes.clear();
  for (const Value element : array.elements()) hashes.emplace_back(hash_value(element), element.node());
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    for (std::size_t k = i; k > 0 && hashes[k - 1].first == hashes[i].first; --k) {
      steps -= static_cast<std::int64_t>(hashes[i].second->span);
      if (steps < 0 || json::equal(Value(hashes[k - 1].second), Value(hashes[i].second))) return false;
    }
  }
  return true;
}

}  // namespace gatehouse::schema
