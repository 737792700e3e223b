// Strings and bytes (langdef) and the strings extension. Positions count code points.
#include <algorithm>

#include "cel/functions.h"
#include "cel/normal.h"
#include "cel/pattern.h"
#include "cel/utf8.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;
constexpr auto npos = std::string_view::npos;

constexpr std::size_t kMaxDynamicPattern = 512;  // bytes of a pattern that is not a literal
constexpr std::int64_t kDynamicPatternMemory = 256 << 10;

bool all_strings(Arguments args) {
  return std::all_of(args.begin(), args.end(), [](const Value& value) { return value.is(Kind::string); });
}

Value bad_index() { return Value::error(Fault::out_of_range, "index out of range"); }

// The offset of a code point, or nothing when it is not in the text or one behind.
std::optional<std::size_t> position(std::string_view text, const Value& index) {
  if (index.integer() < 0) return std::nullopt;
  const std::size_t offset = offset_of(text, static_cast<std::size_t>(index.integer()));
  return offset == npos ? std::nullopt : std::optional(offset);
}

Value size(Run& run, Arguments args) {
  const Value& of = args[0];
  if (of.is(Kind::string)) {
    if (!run.charge_text(of.text())) return run.exhaustion();
    return Value::integer(static_cast<std::int64_t>(count_code_points(of.text())));
  }
  if (of.is(Kind::bytes)) return Value::integer(static_cast<std::int64_t>(of.text().size()));
  if (of.is(Kind::list) || of.is(Kind::map)) return Value::integer(static_cast<std::int64_t>(of.size()));
  return run.no_overload();
}

// Searching is charged as if every byte were read, which is its real cost except for hostile repetitions.
bool charge_search(Run& run, Arguments args) {
  return run.charge(1 + args[0].text().size() * (1 + args[1].text().size() / 64) / 16);
}

Value contains(Run& run, Arguments args) {
  if (!all_strings(args)) return run.no_overload();
  if (!charge_search(run, args)) return run.exhaustion();
  return Value::boolean(args[0].text().find(args[1].text()) != npos);
}
Value starts_with(Run& run, Arguments args) {
  if (!all_strings(args)) return run.no_overload();
  if (!run.charge_text(args[1].text())) return run.exhaustion();
  return Value::boolean(args[0].text().starts_with(args[1].text()));
}
Value ends_with(Run& run, Arguments args) {
  if (!all_strings(args)) return run.no_overload();
  if (!run.charge_text(args[1].text())) return run.exhaustion();
  return Value::boolean(args[0].text().ends_with(args[1].text()));
}

Value char_at(Run& run, Arguments args) {
  if (!args[0].is(Kind::string) || !args[1].is(Kind::integer)) return run.no_overload();
  const std::string_view text = args[0].text();
  if (!run.charge_text(text)) return run.exhaustion();
  const auto offset = position(text, args[1]);
  if (!offset) return bad_index();
  return Value::string(*offset == text.size() ? "" : text.substr(*offset, sequence_length(text[*offset])));
}

Value index_of(Run& run, Arguments args) {
  if (!all_strings(args.first(2)) || (args.size() == 3 && !args[2].is(Kind::integer)))
    return run.no_overload();
  const std::string_view text = args[0].text();
  if (!charge_search(run, args)) return run.exhaustion();
  const auto from = args.size() == 3 ? position(text, args[2]) : std::optional<std::size_t>(0);
  if (!from) return bad_index();
  const std::size_t found = text.find(args[1].text(), *from);
  return Value::integer(found == npos ? -1
                                      : static_cast<std::int64_t>(count_code_points(text.substr(0, found))));
}

Value last_index_of(Run& run, Arguments args) {
  if (!all_strings(args.first(2)) || (args.size() == 3 && !args[2].is(Kind::integer)))
    return run.no_overload();
  const std::string_view text = args[0].text();
  if (!charge_search(run, args)) return run.exhaustion();
  const auto from = args.size() == 3 ? position(text, args[2]) : std::optional(text.size());
  if (!from) return bad_index();
  const std::size_t found = text.rfind(args[1].text(), *from);
  return Value::integer(found == npos ? -1
                                      : static_cast<std::int64_t>(count_code_points(text.substr(0, found))));
}

template <typename Change>
Value changed_ascii(Run& run, Arguments args, Change change) {
  if (!args[0].is(Kind::string)) return run.no_overload();
  const std::string_view text = args[0].text();
  if (!run.charge_text(text)) return run.exhaustion();
  char* const out = run.arena().allocate_array<char>(text.size() + 1);
  if (out == nullptr) return run.no_memory();
  std::transform(text.begin(), text.end(), out, change);
  return Value::string({out, text.size()});
}
Value lower_ascii(Run& run, Arguments args) {
  return changed_ascii(run, args,
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}
Value lower_text(Run& run, Arguments args) {
  if (!args[0].is(Kind::string)) return run.no_overload();
  const std::string_view text = args[0].text();
  // Up to a microsecond for a byte, where a character becomes eighteen.
  constexpr std::size_t kEachByte = 32;
  const bool plain = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!run.charge(1 + text.size() * (plain ? 1 : kEachByte))) return run.exhaustion();
  return run.text(lower(text));
}
Value upper_ascii(Run& run, Arguments args) {
  return changed_ascii(run, args,
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
}

// Gathers the pieces of a text, then joins them with one allocation.
class Pieces {
 public:
  explicit Pieces(Run& run) : run_(run) {}
  bool add(std::string_view piece) {
    size_ += piece.size();
    return run_.charge_text(piece) && list_.push(Value::string(piece));
  }
  Value list() const { return run_.exhausted() ? run_.exhaustion() : list_.finish(); }
  Value join(std::string_view separator) const {
    const Value pieces = list_.finish();
    const std::size_t gaps = pieces.size() > 0 ? pieces.size() - 1 : 0;
    if (!run_.charge(1 + gaps * (1 + separator.size() / 16))) return run_.exhaustion();
    const std::size_t size = size_ + gaps * separator.size();
    char* const out = run_.arena().allocate_array<char>(size + 1);
    if (out == nullptr) return run_.no_memory();
    char* next = out;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const std::string_view piece = pieces.element(i).text();
      if (i > 0) next = std::copy(separator.begin(), separator.end(), next);
      next = std::copy(piece.begin(), piece.end(), next);
    }
    return Value::string({out, size});
  }

 private:
  Run& run_;
  ListBuilder list_{run_};
  std::size_t size_ = 0;
};

// Cuts `text` at each separator (an empty one: between code points), at most `limit` pieces where it is not
// negative.
bool cut(Pieces& pieces, std::string_view text, std::string_view separator, std::int64_t limit) {
  for (std::int64_t count = 1; limit < 0 || count < limit; ++count) {
    std::size_t end = npos;
    if (!separator.empty())
      end = text.find(separator);
    else if (text.size() > (text.empty() ? 0 : sequence_length(text[0])))
      end = sequence_length(text[0]);
    if (end == npos) break;
    if (!pieces.add(text.substr(0, end))) return false;
    text.remove_prefix(end + separator.size());
  }
  return pieces.add(text);
}

Value split(Run& run, Arguments args) {
  if (!all_strings(args.first(2)) || (args.size() == 3 && !args[2].is(Kind::integer)))
    return run.no_overload();
  const std::int64_t limit = args.size() == 3 ? args[2].integer() : -1;
  Pieces pieces(run);
  if (limit == 0 || (args[0].text().empty() && args[1].text().empty())) return pieces.list();
  if (!charge_search(run, args)) return run.exhaustion();
  return cut(pieces, args[0].text(), args[1].text(), limit) ? pieces.list() : run.exhaustion();
}

Value replace(Run& run, Arguments args) {
  if (!all_strings(args.first(3)) || (args.size() == 4 && !args[3].is(Kind::integer)))
    return run.no_overload();
  const std::int64_t limit = args.size() == 4 ? args[3].integer() : -1;
  std::string_view text = args[0].text();
  const std::string_view from = args[1].text();
  if (limit == 0) return args[0];
  if (!charge_search(run, args)) return run.exhaustion();
  Pieces pieces(run);
  if (!from.empty()) {
    const std::int64_t most = limit < 0 || limit == INT64_MAX ? -1 : limit + 1;
    return cut(pieces, text, from, most) ? pieces.join(args[2].text()) : run.exhaustion();
  }
  // An empty text stands before every code point and at the end.
  bool fits = true;
  std::int64_t count = 0;
  for (; fits && !text.empty() && (limit < 0 || count < limit); ++count) {
    fits = pieces.add(args[2].text()) && pieces.add(text.substr(0, sequence_length(text[0])));
    text.remove_prefix(sequence_length(text[0]));
  }
  fits = fits && pieces.add(text) &&
         (!text.empty() || (limit >= 0 && count >= limit) || pieces.add(args[2].text()));
  return fits ? pieces.join("") : run.exhaustion();
}

Value join(Run& run, Arguments args) {
  if (!args[0].is(Kind::list) || (args.size() == 2 && !args[1].is(Kind::string))) return run.no_overload();
  Pieces pieces(run);
  for (Cursor cursor(args[0]); cursor.next();) {
    const Value item = cursor.value();
    if (!item.is(Kind::string)) return run.no_overload();
    if (!pieces.add(item.text())) return run.exhaustion();
  }
  return pieces.join(args.size() == 2 ? args[1].text() : "");
}

Value substring(Run& run, Arguments args) {
  if (!args[0].is(Kind::string) || !args[1].is(Kind::integer) || !args.back().is(Kind::integer))
    return run.no_overload();
  const std::string_view text = args[0].text();
  if (!run.charge_text(text)) return run.exhaustion();
  const auto start = position(text, args[1]);
  const auto end = args.size() == 3 ? position(text, args[2]) : std::optional(text.size());
  if (!start || !end) return bad_index();
  if (*start > *end) return Value::error(Fault::out_of_range, "a substring's end is before its start");
  return Value::string(text.substr(*start, *end - *start));
}

// Unicode's White_Space.
bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

Value trim(Run& run, Arguments args) {
  if (!args[0].is(Kind::string)) return run.no_overload();
  std::string_view text = args[0].text();
  if (!run.charge_text(text)) return run.exhaustion();
  while (!text.empty() && is_space(decode(text.substr(0, sequence_length(text[0])))))
    text.remove_prefix(sequence_length(text[0]));
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) --last;
    if (!is_space(decode(text.substr(last)))) break;
    text = text.substr(0, last);
  }
  return Value::string(text);
}

Value reverse(Run& run, Arguments args) {
  if (args[0].is(Kind::list)) {
    ListBuilder list(run);
    for (std::size_t i = args[0].size(); i > 0; --i) {
      if (!run.charge(i / 16) || !list.push(args[0].element(i - 1))) return run.exhaustion();
    }
    return list.finish();
  }
  if (!args[0].is(Kind::string)) return run.no_overload();
  const std::string_view text = args[0].text();
  if (!run.charge_text(text)) return run.exhaustion();
  char* const out = run.arena().allocate_array<char>(text.size() + 1);
  if (out == nullptr) return run.no_memory();
  char* end = out + text.size();
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text[i]);
    end -= length;
    std::copy_n(text.data() + i, length, end);
    i += length;
  }
  return Value::string({out, text.size()});
}

constexpr Definition kTextFunctions[] = {
    {"size",
     "string -> int; bytes -> int; list(A) -> int; map(A, B) -> int; .string -> int; .bytes -> int; .list(A) "
     "-> int; "
     ".map(A, B) -> int",
     size},
    {"contains", ".string, string -> bool", contains},
    {"startsWith", ".string, string -> bool", starts_with},
    {"endsWith", ".string, string -> bool", ends_with},
    {"matches", ".string, string -> bool; string, string -> bool", matches},
    {"charAt", ".string, int -> string", char_at},
    {"indexOf", ".string, string -> int; .string, string, int -> int", index_of},
    {"lastIndexOf", ".string, string -> int; .string, string, int -> int", last_index_of},
    {"lowerAscii", ".string -> string", lower_ascii},
    {"lower", "string -> string; .string -> string", lower_text},
    {"upperAscii", ".string -> string", upper_ascii},
    {"split", ".string, string -> list(string); .string, string, int -> list(string)", split},
    {"replace", ".string, string, string -> string; .string, string, string, int -> string", replace},
    {"join", ".list(string) -> string; .list(string), string -> string", join},
    {"substring", ".string, int -> string; .string, int, int -> string", substring},
    {"trim", ".string -> string", trim},
    {"reverse", ".string -> string; .list(A) -> list(A)", reverse},
};

}  // namespace

// `\pL` and the like, each of which takes as long to read as thousands of other bytes.
static std::size_t unicode_classes(std::string_view pattern) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] == '\\' && (pattern[i + 1] == 'p' || pattern[i + 1] == 'P')) ++count;
  }
  return count;
}

// A pattern that is not a literal is compiled on every evaluation, within these bounds.
Value matches(Run& run, Arguments args) {
  if (!all_strings(args)) return run.no_overload();
  const std::string_view pattern = args[1].text();
  if (pattern.size() > kMaxDynamicPattern) {
    return Value::error(Fault::invalid_argument,
                        "a pattern that is not a literal may have 512 bytes at most");
  }
  if (!run.charge(64 * (1 + pattern.size()) + 2000 * unicode_classes(pattern))) return run.exhaustion();
  const auto compiled = Pattern::compile(pattern, kDynamicPatternMemory);
  if (!compiled) return Value::error(Fault::invalid_argument, "the pattern is not an RE2 regular expression");
  if (!run.charge(compiled->cost(args[0].text().size()))) return run.exhaustion();
  return Value::boolean(compiled->found_in(args[0].text()));
}

std::span<const Definition> text_functions() { return kTextFunctions; }

}  // namespace gatehouse::cel
