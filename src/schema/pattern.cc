#include "schema/pattern.h"

#include <algorithm>

#include <re2/re2.h>

#include "schema/ecma_regex.h"

namespace gatehouse::schema {

struct Pattern::Matcher {
  std::vector<ByteRun> runs;
  bool anchored_at_end = false;
  std::unique_ptr<const RE2> re2;  // null: the runs are all

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

std::expected<Pattern, std::string> Pattern::compile(std::string_view expression) {
  auto translation = translate_regex(expression, Strictness::matching);
  if (!translation) return std::unexpected(std::move(translation).error());
  auto matcher = std::make_unique<Matcher>();
  if (translation->simple) {
    matcher->runs = std::move(translation->runs);
    matcher->anchored_at_end = translation->anchored_at_end;
    return Pattern(std::move(matcher));
  }
  constexpr std::int64_t kMemory = std::int64_t{4} << 20U;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMemory);
  matcher->re2 = std::make_unique<const RE2>(translation->re2, options);
  if (!matcher->re2->ok()) return std::unexpected("it is too large to be matched in bounded memory");
  return Pattern(std::move(matcher));
}

Pattern::Pattern(std::unique_ptr<const Matcher> matcher) : matcher_(std::move(matcher)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

bool Pattern::found_in(std::string_view text) const {
  if (!matcher_->re2) return matcher_->simple_match(text);
  return RE2::PartialMatch({text.data(), text.size()}, *matcher_->re2);
}

std::size_t Pattern::instructions() const {
  if (!matcher_->re2) return matcher_->runs.size();
  const auto of = [](int size) { return static_cast<std::size_t>(std::max(size, 0)); };
  return of(matcher_->re2->ProgramSize()) + of(matcher_->re2->ReverseProgramSize());
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
