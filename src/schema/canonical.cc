#include "schema/canonical.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "json/decimal.h"

namespace gatehouse::schema {
namespace {

using json::Kind;
using json::Value;

constexpr std::int64_t kValue = 20;  // for each value, beside its bytes
constexpr std::size_t kKeptBytes = std::size_t{256} << 10U;

template <typename Number>
void append_bytes(std::string& out, Number number) {
  std::array<char, sizeof(Number)> bytes;
  std::memcpy(bytes.data(), &number, sizeof number);
  out.append(bytes.data(), bytes.size());
}

void append_text(std::string& out, std::string_view text) {
  append_bytes(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

void append_number(std::string& out, std::string_view literal) {
  const json::Decimal decimal(literal);
  out += decimal.negative ? '-' : '+';
  append_bytes(out, decimal.magnitude);
  append_bytes(out, static_cast<std::uint32_t>(decimal.digits()));
  out += decimal.whole;
  out += decimal.fraction;
}

// Working memory for one array's comparison, kept by the thread.
struct Kept {
  std::string bytes;
  std::vector<std::size_t> ends;
  std::vector<std::string_view> texts;
  std::vector<json::Member> members;  // of the objects that are being written, the innermost last
};
Kept& kept() {
  thread_local Kept mine;
  return mine;
}

std::int64_t sorting(std::size_t count) {
  return static_cast<std::int64_t>(count) * (4 + 4 * std::bit_width(count));
}

bool append_object(std::string& out, Value object, Work& work) {
  std::vector<json::Member>& members = kept().members;
  const std::size_t first = members.size();
  for (const json::Member member : object.members()) members.push_back(member);
  std::sort(members.begin() + static_cast<std::ptrdiff_t>(first), members.end(),
            [](const json::Member& a, const json::Member& b) { return a.key() < b.key(); });
  bool good = work.take(sorting(object.size()));
  const std::size_t end = members.size();
  for (std::size_t i = first; i < end && good; ++i) {
    const json::Member member = members[i];  // the vector grows under inner objects
    append_text(out, member.key());
    good = work.take(static_cast<std::int64_t>(member.key().size())) &&
           append_canonical(out, member.value, work);
  }
  members.resize(first);
  return good;
}

// Whether two values that are neither arrays nor objects are equal.
bool equal_scalars(Value a, Value b) { return a.kind() == b.kind() && json::equal(a, b); }
bool is_scalar(Value value) { return !value.is_array() && !value.is_object(); }

std::int64_t size_of(Value scalar) {
  return scalar.is_string() || scalar.is_number() ? static_cast<std::int64_t>(scalar.node()->size) : 0;
}

}  // namespace

bool append_canonical(std::string& out, Value value, Work& work) {
  if (!work.take(kValue + (is_scalar(value) ? size_of(value) : 0))) return false;
  out += static_cast<char>('a' + static_cast<int>(value.kind()));
  switch (value.kind()) {
    case Kind::null: return true;
    case Kind::boolean: out += value.boolean() ? 't' : 'f'; return true;
    case Kind::string: append_text(out, value.string()); return true;
    case Kind::number: append_number(out, value.literal()); return true;
    case Kind::array:
      append_bytes(out, static_cast<std::uint32_t>(value.size()));
      for (const Value element : value.elements()) {
        if (!append_canonical(out, element, work)) return false;
      }
      return true;
    case Kind::object:
      append_bytes(out, static_cast<std::uint32_t>(value.size()));
      return append_object(out, value, work);
  }
  return true;
}

bool unique(Value array, Work& work) {
  if (array.size() < 2) return true;
  bool scalars = array.size() <= 8;
  for (auto element = array.elements().begin(); scalars && element != array.elements().end(); ++element) {
    scalars = is_scalar(*element);
  }
  if (scalars) {
    const auto end = array.elements().end();
    for (auto a = array.elements().begin(); a != end; ++a) {
      for (auto b = json::Elements::Iterator(a); !(++b == end);) {
        if (!work.take(4 + size_of(*a) / 4) || equal_scalars(*a, *b)) return false;
      }
    }
    return true;
  }
  Kept& mine = kept();
  mine.bytes.clear();
  mine.ends.clear();
  mine.texts.clear();
  bool good = true;
  for (const Value element : array.elements()) {
    good = append_canonical(mine.bytes, element, work);
    if (!good) break;
    mine.ends.push_back(mine.bytes.size());
  }
  // Comparisons read at most all of the bytes once for each halving.
  const auto bytes = static_cast<std::int64_t>(mine.bytes.size());
  good = good && work.take(sorting(array.size()) + bytes / 16 * std::bit_width(array.size()));
  if (good) {
    std::size_t begin = 0;
    for (const std::size_t end : mine.ends) {
      mine.texts.emplace_back(mine.bytes.data() + begin, end - begin);
      begin = end;
    }
    std::sort(mine.texts.begin(), mine.texts.end());
    good = std::adjacent_find(mine.texts.begin(), mine.texts.end()) == mine.texts.end();
  }
  if (mine.bytes.capacity() > kKeptBytes || mine.members.capacity() > kKeptBytes / 16) mine = {};
  return good;
}

}  // namespace gatehouse::schema
