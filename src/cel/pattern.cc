#include "cel/pattern.h"

#include <algorithm>
#include <charconv>

#include <re2/re2.h>

namespace gatehouse::cel {
namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 20U;  // beyond it nothing is counted any more

std::size_t number_at(std::string_view text, std::uint64_t& number) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc::result_out_of_range) number = kMost;
  return static_cast<std::size_t>(read.ptr - text.data());
}

// `{2}`, `{2,}` and `{2,5}` at the beginning of `text`: its size, and how many copies it makes. 0: none.
std::size_t repetition_at(std::string_view text, std::uint64_t& copies) {
  std::uint64_t least = 0;
  std::size_t at = 1;
  const std::size_t digits = number_at(text.substr(at), least);
  if (digits == 0) return 0;
  at += digits;
  copies = std::max<std::uint64_t>(least, 1);
  if (text.substr(at).starts_with(',')) {
    ++at;
    std::uint64_t most = 0;
    const std::size_t more = number_at(text.substr(at), most);
    copies = std::max(more > 0 ? most : least + 1, copies);
    at += more;
  }
  return text.substr(at).starts_with('}') ? at + 1 : 0;
}

// From `[` to behind its `]`.
std::size_t class_at(std::string_view text) {
  std::size_t at = 1;
  if (text.substr(at).starts_with('^')) ++at;
  if (text.substr(at).starts_with(']')) ++at;
  while (at < text.size() && text[at] != ']') {
    if (text[at] == '\\') {
      ++at;
    } else if (text.substr(at).starts_with("[:")) {
      at = std::min(text.find(":]", at), text.size() - 1) + 1;
    }
    ++at;
  }
  return std::min(at + 1, text.size());
}

// At most so many places of the expression can be the next to read: its characters and classes, as often as
// all counted repetitions together could copy them. Rather too many: names of groups count, too.
std::uint64_t places(std::string_view expression) {
  constexpr std::string_view kNoPlace = "()|*+?^$";
  std::uint64_t characters = 0;
  std::uint64_t copies = 1;
  for (std::size_t at = 0; at < expression.size();) {
    const std::string_view rest = expression.substr(at);
    std::uint64_t copied = 1;
    std::size_t size = 1;
    if (rest[0] == '{' && (size = repetition_at(rest, copied)) > 0) {
      copies = std::min(copies * std::min(copied, kMost), kMost);
    } else if (rest[0] == '\\') {
      size = std::min<std::size_t>(2, rest.size());
      ++characters;
    } else if (rest[0] == '[') {
      size = class_at(rest);
      ++characters;
    } else {
      size = 1;
      if (!kNoPlace.contains(rest[0])) ++characters;
    }
    at += size;
  }
  return std::min(characters, kMost) * copies;
}

// Measured: a byte takes up to 9 ns for each instruction of the program, and up to 25 ns for each place,
// where a unit is some 30 ns. Of a small expression RE2 keeps all states.
std::uint64_t quarters_of_each_byte(std::string_view expression, const re2::RE2& compiled) {
  constexpr std::uint64_t kSmallProgram = 24;
  constexpr std::uint64_t kFewPlaces = 10;
  const auto program =
      static_cast<std::uint64_t>(std::max({compiled.ProgramSize(), compiled.ReverseProgramSize(), 0}));
  const std::uint64_t all_places = places(expression);
  if (program <= kSmallProgram || all_places <= kFewPlaces) return 1;
  return std::min(program, 4 * all_places);
}

}  // namespace

std::expected<Pattern, std::string> Pattern::compile(std::string_view expression, std::int64_t memory) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(memory);
  options.set_never_capture(true);
  auto compiled =
      std::make_unique<const re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (!compiled->ok()) return std::unexpected(compiled->error());
  const std::uint64_t quarters = quarters_of_each_byte(expression, *compiled);
  return Pattern(std::move(compiled), quarters);
}

Pattern::Pattern(std::unique_ptr<const re2::RE2> re2, std::uint64_t quarters_each)
    : re2_(std::move(re2)), quarters_each_(quarters_each) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *re2_);
}

}  // namespace gatehouse::cel
