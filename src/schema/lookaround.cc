#include "schema/lookaround.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

namespace gatehouse::schema {
namespace {

constexpr int kDeepestLookaround = 16;         // assertions and groups inside one another
constexpr std::size_t kMostAlternatives = 64;  // once groups are multiplied out
constexpr std::size_t kMostSearches = 64;      // of one expression

struct NotExpressible {
  std::string what;
};

[[noreturn]] void refuse_place() {
  throw NotExpressible{
      "lookahead and lookbehind are matched in linear time only if their place is known: after `^`, before "
      "`$`, or with a text of one length between; put it there, as in `^(?!.*admin)`, or write it as a "
      "schema of its own: `allOf: [{pattern: …}, {not: {pattern: …}}]`"};
}

// A part of a sequence, as it is written.
struct Element {
  enum class Kind : std::uint8_t { start, end, ahead, behind, group, other };
  Kind kind = Kind::other;
  bool wanted = true;      // ahead, behind: (?= and (?<=
  std::string_view text;   // the whole, with its quantifier
  std::string_view inner;  // of an assertion or group: between its parentheses
  std::string_view quantifier;
  std::optional<std::size_t> length;  // characters of every text that it matches, if that is one number

  bool is_assertion() const { return kind == Kind::ahead || kind == Kind::behind; }
};
using Sequence = std::vector<Element>;

class Splitter {
 public:
  RegexCondition split(const std::string& expression, int depth) {
    if (!mentions_lookaround(expression)) return search(expression);
    if (depth > kDeepestLookaround) throw NotExpressible{"it is nested too deeply"};
    std::vector<Sequence> alternatives;
    for (const Sequence& one : read(expression)) multiply_out(one, alternatives, depth);
    RegexCondition any{.kind = RegexCondition::Kind::any, .expression = {}, .parts = {}};
    for (const Sequence& one : alternatives) any.parts.push_back(condition(one, depth));
    if (any.parts.size() > 1) return any;
    RegexCondition only = std::move(any.parts.front());
    return only;
  }

 private:
  RegexCondition search(std::string expression) {
    if (++searches_ > kMostSearches) throw NotExpressible{"it has too many lookaheads and lookbehinds"};
    return {.kind = RegexCondition::Kind::found, .expression = std::move(expression), .parts = {}};
  }

  // ---- reading: only as far as needed to separate the parts; the code that matches a part parses it again
  // ----

  static std::size_t end_of_class(std::string_view text, std::size_t at) {
    for (++at; at < text.size() && text[at] != ']'; ++at) {
      if (text[at] == '\\') ++at;
    }
    return std::min(at + 1, text.size());
  }

  static std::size_t end_of_group(std::string_view text, std::size_t at) {
    int open = 0;
    while (at < text.size()) {
      const char c = text[at];
      if (c == '[') {
        at = end_of_class(text, at);
        continue;
      }
      at += c == '\\' ? 2 : 1;
      if (c == '(') ++open;
      if (c == ')' && --open == 0) return at;
    }
    throw NotExpressible{"there is a ( without its )"};
  }

  // Of one character: `\d`, `\x41`, `\u0041`, `\u{1F600}`, `\p{L}`, `\cJ`.
  static std::size_t end_of_escape(std::string_view text, std::size_t at) {
    const char c = at + 1 < text.size() ? text[at + 1] : '\0';
    const auto braced = [&] {
      const std::size_t close = text.find('}', at);
      return close == text.npos ? text.size() : close + 1;
    };
    if (c == 'p' || c == 'P') return braced();
    if (c == 'x') return std::min(at + 4, text.size());
    if (c == 'c') return std::min(at + 3, text.size());
    if (c != 'u') return end_of_code_point(text, std::min(at + 1, text.size()));
    if (at + 2 < text.size() && text[at + 2] == '{') return braced();
    const std::size_t end = std::min(at + 6, text.size());
    const bool high = text.substr(at + 2, 1).find_first_of("dD") == 0 &&
                      text.substr(at + 3, 1).find_first_of("89abAB") == 0;
    const bool low = text.substr(end, 2) == "\\u" && text.substr(end + 2, 1).find_first_of("dD") == 0 &&
                     text.substr(end + 3, 1).find_first_of("cdefCDEF") == 0;
    return high && low ? std::min(end + 6, text.size()) : end;
  }

  static std::size_t end_of_code_point(std::string_view text, std::size_t at) {
    do {
      ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80);
    return std::min(at, text.size());
  }

  static std::size_t end_of_quantifier(std::string_view text, std::size_t at) {
    if (at >= text.size()) return at;
    if (text[at] == '{') {
      const std::size_t close = text.find('}', at);
      if (close == text.npos) return at;
      at = close + 1;
    } else if (text[at] == '*' || text[at] == '+' || text[at] == '?') {
      ++at;
    } else {
      return at;
    }
    return at < text.size() && text[at] == '?' ? at + 1 : at;
  }

  // `{n}`: n. Nothing for other quantifiers.
  static std::optional<std::size_t> exactly(std::string_view quantifier) {
    if (quantifier.empty()) return 1;
    if (!quantifier.starts_with('{')) return std::nullopt;
    std::size_t count = 0;
    std::size_t at = 1;
    for (; at < quantifier.size() && quantifier[at] >= '0' && quantifier[at] <= '9'; ++at) {
      count = count * 10 + static_cast<std::size_t>(quantifier[at] - '0');
      if (count > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
    }
    return at > 1 && quantifier.substr(at, 1) == "}" ? std::optional(count) : std::nullopt;
  }

  static std::optional<std::size_t> length_of(const std::vector<Sequence>& alternatives) {
    std::optional<std::size_t> common;
    for (const Sequence& one : alternatives) {
      std::size_t length = 0;
      for (const Element& element : one) {
        if (!element.length) return std::nullopt;
        length += *element.length;
      }
      if (common && *common != length) return std::nullopt;
      common = length;
    }
    return common;
  }

  // The alternatives of an expression, or of a group.
  std::vector<Sequence> read(std::string_view text, int depth = 0) {
    if (depth > kDeepestGroup) throw NotExpressible{"it is nested too deeply"};
    std::vector<Sequence> alternatives(1);
    std::size_t at = 0;
    while (at < text.size()) {
      if (text[at] == '|') {
        ++at;
        alternatives.emplace_back();
        continue;
      }
      Element element;
      std::size_t end = at;
      switch (text[at]) {
        case '^':
        case '$':
          element.kind = text[at] == '^' ? Element::Kind::start : Element::Kind::end;
          element.length = 0;
          end = at + 1;
          break;
        case '(':
          end = end_of_group(text, at);
          read_group(text.substr(at, end - at), element, depth);
          break;
        case '[':
          end = end_of_class(text, at);
          element.length = 1;
          break;
        case '\\':
          end = end_of_escape(text, at);
          element.length = text.substr(at + 1, 1).find_first_of("bB") == 0 ? 0 : 1;
          break;
        case ')': throw NotExpressible{"there is a ) without its ("};
        case '*':
        case '+':
        case '?':
        case '{': throw NotExpressible{"a quantifier follows nothing"};
        default:
          end = end_of_code_point(text, at);
          element.length = 1;
          break;
      }
      const std::size_t behind = end_of_quantifier(text, end);
      element.quantifier = text.substr(end, behind - end);
      element.text = text.substr(at, behind - at);
      const auto times = exactly(element.quantifier);
      if (!times || !element.length || *element.length > kLongestLength) {
        element.length.reset();
      } else {
        *element.length *= *times;
      }
      if (element.is_assertion() && !element.quantifier.empty())
        throw NotExpressible{"a quantifier follows nothing"};
      alternatives.back().push_back(element);
      at = behind;
    }
    return alternatives;
  }

  void read_group(std::string_view text, Element& element, int depth) {
    struct Opening {
      std::string_view text;
      Element::Kind kind;
      bool wanted;
    };
    constexpr Opening kOpenings[] = {{"(?=", Element::Kind::ahead, true},
                                     {"(?!", Element::Kind::ahead, false},
                                     {"(?<=", Element::Kind::behind, true},
                                     {"(?<!", Element::Kind::behind, false}};
    for (const Opening& one : kOpenings) {
      if (!text.starts_with(one.text)) continue;
      element.kind = one.kind;
      element.wanted = one.wanted;
      element.inner = text.substr(one.text.size(), text.size() - one.text.size() - 1);
      element.length = 0;
      return;
    }
    element.kind = Element::Kind::group;
    std::size_t begin = text.starts_with("(?:") ? 3 : 1;
    if (text.starts_with("(?<")) begin = std::min(text.find('>'), text.size() - 2) + 1;
    element.inner = text.substr(begin, text.size() - begin - 1);
    element.length = length_of(read(element.inner, depth + 1));
  }

  // ---- groups that have lookaround inside ----

  // Of `a(b|c)d`: `abd` and `acd`.
  void multiply_out(const Sequence& sequence, std::vector<Sequence>& into, int depth) {
    const auto group = std::ranges::find_if(sequence, [](const Element& one) {
      return one.kind == Element::Kind::group && mentions_lookaround(one.inner);
    });
    if (group == sequence.end()) {
      if (into.size() == kMostAlternatives)
        throw NotExpressible{"it has too many alternatives with lookaround"};
      into.push_back(sequence);
      return;
    }
    if (depth > kDeepestLookaround) throw NotExpressible{"it is nested too deeply"};
    const bool optional = group->quantifier == "?" || group->quantifier == "??";
    if (!optional && exactly(group->quantifier) != 1) refuse_place();
    std::vector<Sequence> inside = read(group->inner);
    if (optional) inside.emplace_back();
    for (const Sequence& one : inside) {
      Sequence whole(sequence.begin(), group);
      whole.insert(whole.end(), one.begin(), one.end());
      whole.insert(whole.end(), group + 1, sequence.end());
      multiply_out(whole, into, depth + 1);
    }
  }

  // ---- one sequence ----

  // Joins parts that were not adjacent: `\0` and `1` are not an octal escape, and two halves of a surrogate
  // pair are not one character.
  static void append(std::string& text, std::string_view more) {
    const bool goes_on = !more.empty() && ((more[0] >= '0' && more[0] <= '9') || more.starts_with("\\u"));
    constexpr std::size_t kLongestEscape = 6;
    if (goes_on && text.find('\\', text.size() - std::min(text.size(), kLongestEscape)) != text.npos)
      text += "(?:)";
    text += more;
  }

  // Without the assertions.
  static std::string joined(Sequence::const_iterator begin, Sequence::const_iterator end,
                            std::string text = {}) {
    bool left_out = false;
    for (auto one = begin; one != end; ++one) {
      const bool said = one->kind == Element::Kind::start && text == "^";
      if (one->is_assertion() || said) {
        left_out = true;
      } else if (std::exchange(left_out, false)) {
        append(text, one->text);
      } else {
        text += one->text;
      }
    }
    return text;
  }

  // With a `$` behind, unless it has one.
  static std::string to_end(Sequence::const_iterator begin, Sequence::const_iterator end) {
    const auto last = std::find_if(std::reverse_iterator(end), std::reverse_iterator(begin),
                                   [](const Element& one) { return !one.is_assertion(); });
    const bool said = last != std::reverse_iterator(begin) && last->kind == Element::Kind::end;
    return joined(begin, end) + (said ? "" : "$");
  }

  // As a part of a longer expression.
  std::string grouped(std::string_view inner) {
    return read(inner).size() > 1 ? "(?:" + std::string(inner) + ")" : std::string(inner);
  }

  // The place where the sequence must begin for `^` to hold in it: `^` among elements without length at its
  // beginning.
  static bool begins_at(const Sequence& sequence, Element::Kind anchor, bool backwards) {
    const auto holds = [&](const Element& one) { return one.kind == anchor; };
    const auto has_length = [&](const Element& one) {
      return one.kind == Element::Kind::other || one.kind == Element::Kind::group;
    };
    if (backwards) {
      const auto last = std::find_if(sequence.rbegin(), sequence.rend(), has_length);
      return std::any_of(sequence.rbegin(), last, holds);
    }
    const auto first = std::find_if(sequence.begin(), sequence.end(), has_length);
    return std::any_of(sequence.begin(), first, holds);
  }

  static std::optional<std::size_t> length_between(Sequence::const_iterator begin,
                                                   Sequence::const_iterator end) {
    std::size_t length = 0;
    for (auto one = begin; one != end; ++one) {
      if (!one->length) return std::nullopt;
      length += *one->length;
    }
    return length;
  }

  RegexCondition condition(const Sequence& sequence, int depth) {
    const bool at_start = begins_at(sequence, Element::Kind::start, false);
    const bool at_end = begins_at(sequence, Element::Kind::end, true);
    RegexCondition all{.kind = RegexCondition::Kind::all, .expression = {}, .parts = {}};
    std::string base;
    std::string end;
    for (auto one = sequence.begin(); one != sequence.end(); ++one) {
      if (!one->is_assertion()) continue;
      const auto before = at_start ? length_between(sequence.begin(), one) : std::nullopt;
      const auto behind = at_end ? length_between(one + 1, sequence.end()) : std::nullopt;
      const std::string inner = grouped(one->inner);
      const auto both = [](std::string left, std::string_view right) {
        append(left, right);
        return left;
      };
      if (one->kind == Element::Kind::ahead && before) {
        add(all, *one, both(joined(sequence.begin(), one, "^"), inner), depth);
      } else if (one->kind == Element::Kind::ahead && behind == 0U) {
        add(all, *one, "$" + inner, depth);
      } else if (one->kind == Element::Kind::behind && behind) {
        add(all, *one, both(inner, to_end(one + 1, sequence.end())), depth);
      } else if (one->kind == Element::Kind::behind && before == 0U) {
        add(all, *one, inner + "^", depth);
      } else if (one->wanted && is_outermost(sequence, one) && !mentions_lookaround(inner)) {
        // Nothing is on its other side: it examines a part of the match.
        (one->kind == Element::Kind::ahead ? end : base) = "(?:" + std::string(one->inner) + ")";
      } else {
        refuse_place();
      }
    }
    all.parts.insert(all.parts.begin(),
                     search(joined(sequence.begin(), sequence.end(), std::move(base)) + end));
    return all;
  }

  static bool is_outermost(const Sequence& sequence, Sequence::const_iterator one) {
    return one->kind == Element::Kind::ahead ? one + 1 == sequence.end() : one == sequence.begin();
  }

  void add(RegexCondition& all, const Element& assertion, const std::string& expression, int depth) {
    RegexCondition part = split(expression, depth + 1);
    if (!assertion.wanted) {
      RegexCondition absent{.kind = RegexCondition::Kind::absent, .expression = {}, .parts = {}};
      absent.parts.push_back(std::move(part));
      part = std::move(absent);
    }
    all.parts.push_back(std::move(part));
  }

  static constexpr int kDeepestGroup = 100;
  static constexpr std::size_t kLongestLength = 1'000'000;
  std::size_t searches_ = 0;
};

}  // namespace

bool mentions_lookaround(std::string_view expression) {
  for (std::size_t at = expression.find("(?"); at != expression.npos; at = expression.find("(?", at + 2)) {
    std::string_view rest = expression.substr(at + 2, 2);
    if (rest.starts_with('<')) rest.remove_prefix(1);
    if (rest.starts_with('=') || rest.starts_with('!')) return true;
  }
  return false;
}

std::expected<RegexCondition, std::string> without_lookaround(std::string_view expression) {
  constexpr std::size_t kLongestSplit = 16384;
  if (expression.size() > kLongestSplit) return std::unexpected("it is too long");
  try {
    return Splitter().split(std::string(expression), 0);
  } catch (const NotExpressible& refusal) {
    return std::unexpected(refusal.what);
  }
}

}  // namespace gatehouse::schema
