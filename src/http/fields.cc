#include "http/fields.h"

#include <algorithm>
#include <cstring>

#include "base/strings.h"

namespace gatehouse::http {
namespace {

enum class Lines : std::uint8_t { one, many };

struct FieldFacts {
  std::string_view name;
  Lines lines = Lines::many;
  ToUpstream to_upstream = ToUpstream::declared;
  FieldGrammar grammar = FieldGrammar::text;
  ToClient to_client = ToClient::declared;
};

// In the order of FieldId.
constexpr FieldFacts kFacts[] = {
    {},
#define GATEHOUSE_FIELD(id, name, lines, in, grammar, out) \
  {name, Lines::lines, ToUpstream::in, FieldGrammar::grammar, ToClient::out},
    GATEHOUSE_FIELDS(GATEHOUSE_FIELD) GATEHOUSE_FIELD_FAMILIES(GATEHOUSE_FIELD)
#undef GATEHOUSE_FIELD
        {},
};
static_assert(std::size(kFacts) == kFieldIdCount);

constexpr std::size_t kNamed = static_cast<std::size_t>(FieldId::host) + 1;  // without the families
constexpr std::size_t kLongestName =
    std::max_element(kFacts, kFacts + kNamed, [](const FieldFacts& a, const FieldFacts& b) {
      return a.name.size() < b.name.size();
    })->name.size();
constexpr const FieldFacts& facts(FieldId id) { return kFacts[static_cast<std::size_t>(id)]; }

// A perfect hash over the length, the first two and the last two bytes: one table access, then one
// comparison.
// `| 0x20` lowers letters and leaves digits and `-` as they are.
constexpr std::size_t kSlots = 2048;

constexpr std::uint32_t byte(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]) | 0x20U;
}
constexpr std::size_t slot(std::string_view text, std::uint32_t multiplier) {
  const std::size_t n = text.size();
  const std::uint32_t key =
      byte(text, 0) | byte(text, n / 2) << 8 | byte(text, n - 2) << 16 | byte(text, n - 1) << 24;
  return ((key ^ static_cast<std::uint32_t>(n) * 0x9E3779B1U) * multiplier) >> 21;
}

struct Index {
  std::uint32_t multiplier = 0;
  std::array<std::uint8_t, kSlots> id{};
};
constexpr Index kIndex = [] {
  Index index;
  for (std::uint32_t multiplier = 0x85EBCA6BU;; multiplier += 0x2545F492U) {
    index.multiplier = multiplier;
    index.id.fill(0);
    bool perfect = true;
    for (std::size_t i = 1; i < kNamed && perfect; ++i) {
      auto& entry = index.id[slot(kFacts[i].name, multiplier)];
      perfect = entry == 0;
      entry = static_cast<std::uint8_t>(i);
    }
    if (perfect) return index;
  }
}();
static_assert([] {
  for (std::size_t i = 1; i < kNamed; ++i) {
    if (kFacts[i].name.size() < 2) return false;
    if (kIndex.id[slot(kFacts[i].name, kIndex.multiplier)] != i) return false;
  }
  return true;
}());

template <typename Word>
bool same_word(const char* text, const char* lower) {
  Word a, b;
  std::memcpy(&a, text, sizeof(Word));
  std::memcpy(&b, lower, sizeof(Word));
  return (a | static_cast<Word>(0x2020202020202020ULL)) == b;
}
// `text` is a token of at least two bytes; `lower` has the same size. The last word overlaps the one before.
bool same_name(std::string_view text, std::string_view lower) {
  const std::size_t n = text.size();
  if (n >= 8) {
    for (std::size_t i = 0; i + 8 < n; i += 8) {
      if (!same_word<std::uint64_t>(text.data() + i, lower.data() + i)) return false;
    }
    return same_word<std::uint64_t>(text.data() + n - 8, lower.data() + n - 8);
  }
  if (n >= 4) {
    return same_word<std::uint32_t>(text.data(), lower.data()) &&
           same_word<std::uint32_t>(text.data() + n - 4, lower.data() + n - 4);
  }
  return same_word<std::uint16_t>(text.data(), lower.data()) &&
         same_word<std::uint16_t>(text.data() + n - 2, lower.data() + n - 2);
}

bool has_prefix(std::string_view text, std::string_view lower_prefix) {
  return text.size() > lower_prefix.size() && same_name(text.substr(0, lower_prefix.size()), lower_prefix);
}

}  // namespace

FieldId field_id(std::string_view name) {
  using enum FieldId;
  if (name.size() < 2) return other;
  if (name.size() <= kLongestName) {
    const auto id = kIndex.id[slot(name, kIndex.multiplier)];
    const std::string_view candidate = kFacts[id].name;
    if (candidate.size() == name.size() && same_name(name, candidate)) return static_cast<FieldId>(id);
  }
  const auto first = byte(name, 0);
#define GATEHOUSE_FAMILY(id, prefix, lines, in, grammar, out) \
  if (first == (prefix)[0] && has_prefix(name, prefix)) return id;
  GATEHOUSE_FIELD_FAMILIES(GATEHOUSE_FAMILY)
#undef GATEHOUSE_FAMILY
  return other;
}

std::string_view name(FieldId id) {
  return static_cast<std::size_t>(id) < kNamed ? facts(id).name : std::string_view{};
}

bool is_singleton(FieldId id) { return facts(id).lines == Lines::one; }
ToUpstream to_upstream(FieldId id) { return facts(id).to_upstream; }
FieldGrammar grammar(FieldId id) { return facts(id).grammar; }
ToClient to_client(FieldId id) { return facts(id).to_client; }

Fields::Found Fields::find(std::string_view wanted) const {
  Found found;
  for (const Field field : *this) {
    if (!equal_ignoring_case(field.name, wanted)) continue;
    if (found.count == 0) found.value = field.value;
    ++found.count;
  }
  return found;
}

}  // namespace gatehouse::http
