#include "schema/ecma_regex.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "schema/code_set.h"
#include "schema/regex_scanner.h"
#include "schema/regex_width.h"
#include "schema/unicode_properties.h"

namespace gatehouse::schema {
namespace {

constexpr int kMostGroups = 100;

class Reader : RegexScanner {
 public:
  Reader(std::string_view text, Strictness strictness)
      : RegexScanner(text), strict_(strictness == Strictness::grammar) {}

  Translation read() {
    RegexForm form = disjunction(0);
    if (peek() != kEnd)
      refuse(peek() == ')' ? "there is a ) without its (" : "it does not end where it should");
    if (most_reference_ > groups_) refuse("a backreference names a group that does not exist");
    for (const std::string& name : referred_) {
      if (!names_.contains(name)) refuse("\\k names a group that does not exist");
    }
    // RE2 looks for the beginning of a match byte by byte, and between two bytes of a character its \B holds.
    if (between_bytes_) out_.re2 = "\\A(?s:.*?)(?:" + out_.re2 + ")";
    // Of several alternatives each would need its own ^.
    const bool at_start = anchored_at_start_ && form.kind != RegexForm::Kind::either && !between_bytes_;
    out_.places = width_of(form, Beginning::anywhere);
    out_.width = at_start ? width_of(form, Beginning::at_start) : out_.places;
    out_.simple = simple_ && anchored_at_start_;
    out_.anchored_at_end = anchored_at_end_;
    if (length_ && !out_.simple && at_start && length_ends_ == out_.re2.size() - 2 && anchored_at_end_) {
      out_.length = length_;
      out_.re2 = "\\A" + repeated_ + "*\\z";
      out_.width = out_.places = 1;
      too_many_repeats_ = false;
    }
    return std::move(out_);
  }

 private:
  RegexForm disjunction(int depth) {
    if (depth > kMostGroups) refuse("it is nested too deeply");
    RegexForm all{.kind = RegexForm::Kind::either, .parts = {}};
    while (true) {
      RegexForm& terms = all.parts.emplace_back();
      while (peek() != kEnd && peek() != '|' && peek() != ')') term(depth, terms.parts);
      if (!take('|')) break;
      simple_ = false;
      out_.re2 += '|';
    }
    if (all.parts.size() > 1) return all;
    RegexForm only = std::move(all.parts.front());
    return only;
  }

  void term(int depth, std::vector<RegexForm>& forms) {
    const std::size_t begin = out_.re2.size();
    if (anchored_at_end_) simple_ = false;
    if (take('^')) {
      if (begin == 0 && depth == 0) {
        anchored_at_start_ = true;
      } else {
        simple_ = false;
      }
      out_.re2 += "\\A";
      return;
    }
    if (take('$')) {
      if (depth == 0)
        anchored_at_end_ = true;
      else
        simple_ = false;
      out_.re2 += "\\z";
      return;
    }
    if (take("\\b")) return boundary("\\b");
    if (take("\\B")) {
      between_bytes_ = true;
      return boundary("\\B");
    }
    if (peek() == '(') {
      RegexForm& form = forms.emplace_back();
      if (!group(depth, form)) return;
      quantifier(nullptr, form, begin);
      return;
    }
    RegexForm& form = forms.emplace_back(RegexForm{.kind = RegexForm::Kind::character, .parts = {}});
    const CodeSet set = atom();
    const std::string text = set.re2();
    out_.re2 += text;
    if (!simple_) return quantifier(nullptr, form, begin);
    auto run = set.bytes();
    if (!run && !set.negated && set.properties.empty() && set.ranges.size() == 1 &&
        set.ranges[0].first == set.ranges[0].second && !quantifier_follows()) {
      for (const char byte : utf8(set.ranges[0].first)) {
        ByteRun one;
        const auto b = static_cast<unsigned char>(byte);
        one.set[b / 64] |= std::uint64_t{1} << (b % 64);
        out_.runs.push_back(one);
      }
      return;
    }
    if (!run) simple_ = false;
    quantifier(run ? &*run : nullptr, form, begin);
    if (run) out_.runs.push_back(*run);
  }

  void boundary(std::string_view text) {
    simple_ = false;
    out_.re2 += text;
  }

  // Whether a quantifier may follow.
  bool group(int depth, RegexForm& form) {
    ++at_;
    simple_ = false;
    if (take("?=") || take("?!") || take("?<=") || take("?<!")) {
      if (!strict_) refuse("lookahead and lookbehind are at a place where they cannot be matched");
      disjunction(depth + 1);
      if (!take(')')) refuse("there is a ( without its )");
      return false;
    }
    if (!take("?:")) {
      ++groups_;
      if (take("?<")) {
        std::string name = group_name();
        if (!names_.insert(std::move(name)).second) refuse("two groups have the same name");
      } else if (peek() == '?') {
        refuse("(? is followed by something that ECMA-262 does not define");
      }
    }
    out_.re2 += "(?:";
    form = disjunction(depth + 1);
    if (!take(')')) refuse("there is a ( without its )");
    out_.re2 += ')';
    return true;
  }

  bool quantifier_follows() const {
    const Code c = peek();
    return c == '*' || c == '+' || c == '?' || c == '{';
  }

  static constexpr std::size_t kAtStart = 2;  // behind \A

  // `begin`: the place of the repeated part in out_.re2.
  void quantifier(ByteRun* run, RegexForm& form, std::size_t begin) {
    std::uint64_t least = 1;
    std::uint64_t most = 1;
    bool endless = false;
    if (take('*')) {
      least = 0;
      endless = true;
    } else if (take('+')) {
      endless = true;
    } else if (take('?')) {
      least = 0;
    } else if (peek() == '{') {
      ++at_;
      const auto first = count();
      if (!first) refuse("{ must be followed by a number of repetitions, or be written \\{");
      least = most = *first;
      if (take(',')) {
        const auto second = count();
        endless = !second;
        if (second) most = *second;
      }
      if (!take('}')) refuse("{ must be followed by a number of repetitions, or be written \\{");
      if (!endless && most < least) refuse("the numbers of a quantifier are out of order");
    } else {
      return;
    }
    RegexForm part = std::move(form);
    form = {.kind = RegexForm::Kind::repetition,
            .least = static_cast<double>(least),
            .most = endless ? kUnlimited : static_cast<double>(most),
            .parts = {}};
    form.parts.push_back(std::move(part));
    const bool lazy = take('?');
    if (lazy && run) simple_ = false;
    if (run) {
      run->least = static_cast<std::uint32_t>(std::min<std::uint64_t>(least, ByteRun::kEndless - 1));
      run->most = endless ? ByteRun::kEndless
                          : static_cast<std::uint32_t>(std::min<std::uint64_t>(most, ByteRun::kEndless - 1));
    }
    const bool is_many = least > kMostRepeats || (!endless && most > kMostRepeats);
    if (is_many) {
      copies_ += endless ? least : most;
      // Where they are the whole they mean a length, and that is asked for by itself.
      if (begin == kAtStart && anchored_at_start_ && form.parts.front().kind == RegexForm::Kind::character) {
        length_ = Translation::Length{least, endless ? kEndlessly : most};
        repeated_ = out_.re2.substr(begin);
      }
      form = {.kind = RegexForm::Kind::either, .parts = {form, form}};  // see repeat()
    }
    if (!repeat(out_.re2, begin, least, endless ? kEndlessly : most) || copies_ > kMostCopies)
      too_many_repeats_ = true;
    if (is_many && begin == kAtStart) length_ends_ = out_.re2.size();
    if (quantifier_follows() && (strict_ || peek() != '{')) refuse("a quantifier follows a quantifier");
  }

  CodeSet atom() {
    CodeSet set;
    const Code c = next();
    switch (c) {
      case '.':
        set.ranges = kLineEnds;
        set.negated = true;
        return set;
      case '[': return character_class();
      case '\\': escape(set, Where::outside); break;
      case '*':
      case '+':
      case '?': refuse("a quantifier follows nothing");
      case '{': refuse("{ must be written \\{ where it is not a quantifier");
      case '}':
      case ']':
        if (strict_) refuse("} and ] must be written \\} and \\]");
        [[fallthrough]];
      default: set.add(c, c);
    }
    set.normalize();
    set.drop_surrogates();
    return set;
  }

  CodeSet character_class() {
    CodeSet set;
    set.negated = take('^');
    while (!take(']')) {
      if (peek() == kEnd) refuse("there is a [ without its ]");
      const auto first = class_atom(set);
      if (peek() != '-' || peek(1) == ']' || peek(1) == kEnd) {
        if (first) set.add(*first, *first);
        continue;
      }
      ++at_;
      const auto last = class_atom(set);
      if (first && last) {
        if (*last < *first) refuse("a range of characters is out of order");
        set.add(*first, *last);
        continue;
      }
      // "[\w-.]": an error with the u flag; without it, the three stand for themselves.
      if (strict_) refuse("a class like \\w cannot be the end of a range");
      set.add('-', '-');
      if (first) set.add(*first, *first);
      if (last) set.add(*last, *last);
    }
    set.normalize();
    set.drop_surrogates();
    return set;
  }

  // One character, or nothing where a class escape was added to the set.
  std::optional<Code> class_atom(CodeSet& set) {
    const Code c = next();
    if (c == kEnd) refuse("there is a [ without its ]");
    if (c != '\\') return c;
    CodeSet escaped;
    const bool single = escape(escaped, Where::in_class);
    if (single) return escaped.ranges[0].first;
    set.add(escaped.ranges);
    set.properties += escaped.properties;
    return std::nullopt;
  }

  enum class Where : std::uint8_t { outside, in_class };

  // Whether it stands for one character.
  bool escape(CodeSet& set, Where where) {
    const Code c = next();
    const auto one = [&](Code code) {
      set.add(code, code);
      return true;
    };
    switch (c) {
      case kEnd: refuse("it ends with a single \\");
      case 'd': set.add(kDigits); return false;
      case 'D': set.add(complement(kDigits)); return false;
      case 'w': set.add(kWordCharacters); return false;
      case 'W': set.add(complement(kWordCharacters)); return false;
      case 's': set.add(kSpaces); return false;
      case 'S': set.add(complement(kSpaces)); return false;
      case 'p':
      case 'P': property(set, c == 'P'); return false;
      case 't': return one('\t');
      case 'n': return one('\n');
      case 'v': return one('\v');
      case 'f': return one('\f');
      case 'r': return one('\r');
      case 'b':
        if (where == Where::in_class) return one('\b');
        break;
      case 'c': {
        const Code letter = next() | 0x20U;
        if (letter < 'a' || letter > 'z') refuse("\\c is not followed by a letter");
        return one(letter - 'a' + 1);
      }
      case '0':
        if (peek() >= '0' && peek() <= '9') refuse("octal escapes are not in ECMA-262; write \\x");
        return one(0);
      case 'x': return one(hex(2));
      case 'u': return one(unicode());
      case 'k':
        if (where == Where::in_class || !take('<')) break;
        if (!strict_) refuse("backreferences cannot be matched in linear time");
        referred_.push_back(group_name());
        simple_ = false;
        set.add('x', 'x');
        return false;
      case '-':
        if (where == Where::in_class || !strict_) return one(c);
        break;
      default: break;
    }
    if (c >= '1' && c <= '9' && where == Where::outside) {
      if (!strict_) refuse("backreferences cannot be matched in linear time");
      --at_;
      most_reference_ = std::max(most_reference_, *count());
      simple_ = false;
      set.add('x', 'x');
      return false;
    }
    constexpr std::string_view kSyntax = "^$\\.*+?()[]{}|/";
    if (c < 0x80 && kSyntax.find(static_cast<char>(c)) != kSyntax.npos) return one(c);
    const bool alphanumeric = (c >= '0' && c <= '9') || ((c | 0x20U) >= 'a' && (c | 0x20U) <= 'z');
    if (strict_ || alphanumeric) refuse(fmt::format("\\{} is not an escape of ECMA-262", utf8(c)));
    return one(c);
  }

  void property(CodeSet& set, bool negated) {
    std::string name;
    if (!take('{')) refuse("\\p is not followed by {…}");
    while (!take('}')) {
      const Code c = next();
      if (c == kEnd || c >= 0x80) refuse("\\p{ is without its }");
      name += static_cast<char>(c);
    }
    const UnicodeProperty known = find_unicode_property(name);
    if (!known.exists) refuse(fmt::format("\\p{{{}}} is not a property that ECMA-262 knows", name));
    if (known.any) {
      if (!negated) set.add(0, kLastCode);
      return;
    }
    if (!known.ranges.empty()) {
      Ranges ranges(known.ranges.begin(), known.ranges.end());
      set.add(negated ? complement(ranges) : ranges);
      return;
    }
    if (known.re2.empty() || (!strict_ && !re2_knows(known.re2))) {
      if (!strict_)
        refuse(fmt::format("\\p{{{}}} is not supported; use a general category or a script", name));
      simple_ = false;
      return;
    }
    set.properties += fmt::format("\\{}{{{}}}", negated ? 'P' : 'p', known.re2);
  }

 public:
  bool too_many_repeats() const { return too_many_repeats_; }

 private:
  bool strict_;
  Translation out_;
  bool simple_ = true;
  bool anchored_at_start_ = false;
  bool anchored_at_end_ = false;
  bool between_bytes_ = false;
  // RE2 takes a time for them that grows with their square: a tenth of a second for so many.
  static constexpr std::uint64_t kMostCopies = 10'000;
  std::uint64_t copies_ = 0;  // in repetitions of more than it takes in one
  bool too_many_repeats_ = false;
  std::optional<Translation::Length> length_;  // of a repetition behind ^
  std::string repeated_;                       // the repeated part
  std::size_t length_ends_ = 0;                // where it ends in out_.re2
  std::uint64_t groups_ = 0;
  std::uint64_t most_reference_ = 0;
  std::unordered_set<std::string> names_;
  std::vector<std::string> referred_;
};

}  // namespace

std::expected<Translation, std::string> translate_regex(std::string_view expression, Strictness strictness) {
  constexpr std::size_t kLongest = 16384;
  if (expression.size() > kLongest) return std::unexpected("it is too long");
  try {
    Reader reader(expression, strictness);
    Translation out = reader.read();
    out.simple = out.simple && needs_no_going_back(out.runs);
    if (reader.too_many_repeats() && !out.simple && strictness == Strictness::matching) {
      return std::unexpected("it has too many repetitions; use maxLength");
    }
    return out;
  } catch (const RegexRefusal& refusal) {
    return std::unexpected(refusal.what);
  }
}

}  // namespace gatehouse::schema
