#include "schema/pattern.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <re2/re2.h>

#include "schema/ecma_regex.h"
#include "schema/lookaround.h"

namespace gatehouse::schema {

namespace {

// The cost of one byte at one place of the expression, in the units of Work: RE2 builds a state, or simulates
// the automaton if its states do not fit in its memory.
constexpr double kAtWorst = 20;

constexpr double kKnownState = 3;   // of one byte, where RE2 has the state
constexpr std::int64_t kEach = 60;  // of a search

// A search that costs less at worst is not worth being timed. One that may cost much more is timed by the
// processor's clock, which takes a system call: another thread's turn is not this text's work.
constexpr double kTimed = 4'000;
constexpr double kLong = 200'000;
constexpr int kLargeProgram = 1'000;  // or of that many instructions
constexpr std::int64_t kTiming = 50;
constexpr std::int64_t kLongTiming = 800;

std::int64_t nanoseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

using ConditionKind = RegexCondition::Kind;

struct Pattern::Matcher {
  ConditionKind kind = ConditionKind::found;
  std::vector<Matcher> parts;  // of every other kind; the following members are of `found`

  std::vector<ByteRun> runs;
  std::int64_t each = 0;  // of each search, and of each byte at worst, in the units of Work
  double each_byte = 0;
  bool anchored_at_end = false;
  std::unique_ptr<const RE2> re2;  // null: the runs are all
  std::optional<Translation::Length> length;

  static std::expected<Matcher, std::string> of(const RegexCondition& condition);
  static std::expected<Matcher, std::string> of(std::string_view expression);
  // `search` is asked about each expression.
  template <typename Search>
  bool holds(const Search& search) const {
    const auto part_holds = [&](const Matcher& part) { return part.holds(search); };
    switch (kind) {
      case ConditionKind::found: return search(*this);
      case ConditionKind::absent: return !part_holds(parts.front());
      case ConditionKind::all: return std::ranges::all_of(parts, part_holds);
      case ConditionKind::any: return std::ranges::any_of(parts, part_holds);
    }
    return false;
  }
  bool found_in(std::string_view text) const {
    if (!re2) return simple_match(text);
    return has_length(text) && RE2::PartialMatch({text.data(), text.size()}, *re2);
  }
  bool found_in(std::string_view text, Work& work) const;
  std::size_t instructions() const;

  bool has_length(std::string_view text) const {
    if (!length) return true;
    const auto characters = static_cast<std::uint64_t>(std::ranges::count_if(
        text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80; }));
    return characters >= length->least && characters <= length->most;
  }
  bool simple_match(std::string_view text) const {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    const auto* const end = at + text.size();
    for (const ByteRun& run : runs) {
      std::uint32_t count = 0;
      while (count < run.most && at != end && run.has(*at)) {
        ++count;
        ++at;
      }
      if (count < run.least) return false;
    }
    return !anchored_at_end || at == end;
  }
};

namespace {

// A search ends where its last repetition has what it needs: the most that it may take says nothing. So
// `^.{1,65536}` is `^.{1}`, which RE2 can have; its bound is 1,000.
std::string with_bounded_end(std::string_view expression) {
  constexpr std::size_t kMostOfRe2 = 1000;
  const std::size_t open = expression.rfind('{');
  if (!expression.ends_with('}') || open == 0 || open == expression.npos) return std::string(expression);
  const std::size_t before = expression.find_last_not_of('\\', open - 1);
  const std::size_t escapes = open - (before == expression.npos ? 0 : before + 1);
  // `\{1,2}` and `\u{1,2}` are no repetitions.
  const bool named = before != expression.npos && before > 0 && before == open - 1 &&
                     std::string_view("upPkx").contains(expression[before]) && expression[before - 1] == '\\';
  if (escapes % 2 != 0 || named) return std::string(expression);
  const std::string_view counts = expression.substr(open + 1, expression.size() - open - 2);
  const std::size_t comma = counts.find(',');
  std::size_t least = 0;
  std::size_t most = 0;
  const auto read = [](std::string_view digits, std::size_t& into) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), into);
    return error == std::errc{} && end == digits.data() + digits.size();
  };
  if (comma == counts.npos || !read(counts.substr(0, comma), least) ||
      !read(counts.substr(comma + 1), most) || most <= kMostOfRe2 || least > most)
    return std::string(expression);
  return std::string(expression.substr(0, open)) + '{' + std::to_string(least) + '}';
}

}  // namespace

std::expected<Pattern, std::string> Pattern::compile(std::string_view expression) {
  const auto condition = without_lookaround(with_bounded_end(expression));
  if (!condition) return std::unexpected(condition.error());
  auto matcher = Matcher::of(*condition);
  if (!matcher) return std::unexpected(std::move(matcher).error());
  return Pattern(std::make_unique<const Matcher>(*std::move(matcher)));
}

std::expected<Pattern::Matcher, std::string> Pattern::Matcher::of(const RegexCondition& condition) {
  if (condition.kind == ConditionKind::found) return of(condition.expression);
  Matcher matcher;
  matcher.kind = condition.kind;
  for (const RegexCondition& part : condition.parts) {
    auto compiled = of(part);
    if (!compiled) return compiled;
    matcher.parts.push_back(*std::move(compiled));
  }
  return matcher;
}

std::expected<Pattern::Matcher, std::string> Pattern::Matcher::of(std::string_view expression) {
  const std::string ended = with_bounded_end(expression);
  auto translation = translate_regex(ended, Strictness::matching);
  if (!translation) return std::unexpected(std::move(translation).error());
  Matcher matcher;
  if (translation->simple) {
    matcher.runs = std::move(translation->runs);
    matcher.anchored_at_end = translation->anchored_at_end;
    return matcher;
  }
  matcher.length = translation->length;
  constexpr std::int64_t kMemory = std::int64_t{4} << 20U;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMemory);
  matcher.re2 = std::make_unique<const RE2>(translation->re2, options);
  if (!matcher.re2->ok()) return std::unexpected("it is too large to be matched in bounded memory");
  const int program = std::max(matcher.re2->ProgramSize(), matcher.re2->ReverseProgramSize());
  matcher.each = kEach + program / 64;
  // At most 2^12 states, and few bytes in one character: RE2 has them all after a while.
  constexpr int kSmallProgram = 64;
  constexpr double kFewPlaces = 12;
  const bool small = translation->places <= kFewPlaces && program <= kSmallProgram;
  matcher.each_byte = small ? kKnownState : std::max(translation->width * kAtWorst, kKnownState);
  return matcher;
}

Pattern::Pattern(std::unique_ptr<const Matcher> matcher) : matcher_(std::move(matcher)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::found_in(std::string_view text) const {
  return matcher_->holds([&](const Matcher& one) { return one.found_in(text); });
}

bool Pattern::found_in(std::string_view text, Work& work) const {
  const bool found = matcher_->holds([&](const Matcher& one) { return one.found_in(text, work); });
  return found && !work.spent();  // a failed search does not prove absence
}

bool Pattern::Matcher::found_in(std::string_view text, Work& work) const {
  const auto size = static_cast<std::int64_t>(text.size());
  if (!re2) {
    constexpr std::int64_t kShortText = 64;
    return (size <= kShortText || work.take(size)) && simple_match(text);
  }
  if (length && (!work.take(size) || !has_length(text))) return false;
  // RE2 cannot be stopped: the worst case must be in the budget before it begins. Mostly it costs much less,
  // but RE2 does not report it: it is timed.
  constexpr double kMost = 1e15;
  const double at_worst = std::min(static_cast<double>(size) * each_byte, kMost);
  if (!work.take(each) || !work.affords(static_cast<std::int64_t>(at_worst))) {
    work.spend_all();
    return false;
  }
  const re2::StringPiece piece(text.data(), text.size());
  // RE2 keeps no states of an expression that is too large for its memory, and allocates for each search.
  if (at_worst < kTimed && each < kEach + kLargeProgram / 64) {
    work.take(static_cast<std::int64_t>(at_worst / 4));
    return RE2::PartialMatch(piece, *re2);
  }
  const bool is_long = at_worst >= kLong;
  const clockid_t clock = is_long ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  const std::int64_t before = nanoseconds(clock);
  const bool found = RE2::PartialMatch(piece, *re2);
  const std::int64_t spent = nanoseconds(clock) - before + (is_long ? kLongTiming : kTiming);
  work.take(std::min(spent, 4 * (each + static_cast<std::int64_t>(at_worst))));
  return found;
}

std::size_t Pattern::instructions() const { return matcher_->instructions(); }

std::size_t Pattern::Matcher::instructions() const {
  std::size_t all = runs.size();
  for (const Matcher& part : parts) all += part.instructions();
  if (!re2) return all;
  const auto counted = [](int size) { return static_cast<std::size_t>(std::max(size, 0)); };
  return all + counted(re2->ProgramSize()) + counted(re2->ReverseProgramSize());
}

std::optional<std::uint64_t> longest_match(std::string_view expression) {
  const auto translation = translate_regex(expression, Strictness::matching);
  if (!translation || !translation->simple || !translation->anchored_at_end) return std::nullopt;
  std::uint64_t total = 0;
  for (const ByteRun& run : translation->runs) {
    if (run.most == ByteRun::kEndless) return std::nullopt;
    total += run.most;
  }
  return total;
}

bool is_ecma_regex(std::string_view text) { return translate_regex(text, Strictness::grammar).has_value(); }

}  // namespace gatehouse::schema
