// string.format and strings.quote (the strings extension).
#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cel/functions.h"
#include "cel/text.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

constexpr int kMaxPrecision = 100;

Value bad_clause() {
  return Value::error(Fault::invalid_argument, "an unknown or incomplete formatting clause");
}
Value bad_argument() {
  return Value::error(Fault::invalid_argument, "a formatting clause does not fit its argument");
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return double_text(value);
}

// Collects the result; every byte is charged, so that no argument can make it large.
class Formatter {
 public:
  explicit Formatter(Run& run) : run_(run) {}

  Value run(std::string_view pattern, const Value& list) {
    std::size_t used = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] != '%') {
        append(pattern.substr(i, 1));
        continue;
      }
      if (++i >= pattern.size()) return bad_clause();
      if (pattern[i] == '%') {
        append("%");
        continue;
      }
      int precision = 6;
      if (pattern[i] == '.') {
        const char* const begin = pattern.data() + i + 1;
        const auto [end, error] = std::from_chars(begin, pattern.data() + pattern.size(), precision);
        i = static_cast<std::size_t>(end - pattern.data());
        if (error != std::errc() || precision < 0 || precision > kMaxPrecision || i >= pattern.size())
          return bad_clause();
      }
      if (std::string_view("sdfebxXo").find(pattern[i]) == std::string_view::npos) return bad_clause();
      if (used >= list.size())
        return Value::error(Fault::out_of_range, "the format has more clauses than arguments");
      const Value argument = list.element(used++);
      if (argument.is_error()) return argument;
      if (!clause(pattern[i], precision, argument))
        return run_.exhausted() ? run_.exhaustion() : bad_argument();
    }
    return run_.exhausted() ? run_.exhaustion() : run_.text(out_);
  }

 private:
  bool append(std::string_view text) {
    if (!run_.charge(1 + text.size() / 16)) return false;
    out_ += text;
    return true;
  }

  bool clause(char letter, int precision, const Value& value) {
    switch (letter) {
      case 's': return string(value);
      case 'd': return decimal(value);
      case 'f':
      case 'e': return fraction(letter, precision, value);
      default: return digits(letter, value);
    }
  }

  bool decimal(const Value& value) {
    if (value.is(Kind::integer)) return append(fmt::format("{}", value.integer()));
    if (value.is(Kind::unsigned_integer)) return append(fmt::format("{}", value.unsigned_integer()));
    return value.is(Kind::number) && append(number_text(value.number()));
  }

  bool fraction(char letter, int precision, const Value& value) {
    double number = 0;
    if (value.is(Kind::number))
      number = value.number();
    else if (value.is(Kind::integer))
      number = static_cast<double>(value.integer());
    else if (value.is(Kind::unsigned_integer))
      number = static_cast<double>(value.unsigned_integer());
    else
      return false;
    if (!std::isfinite(number)) return append(number_text(number));
    return append(letter == 'f' ? fmt::format("{:.{}f}", number, precision)
                                : fmt::format("{:.{}e}", number, precision));
  }

  // %b %o %x %X
  bool digits(char letter, const Value& value) {
    if (letter == 'b' && value.is(Kind::boolean)) return append(value.boolean() ? "1" : "0");
    const bool hexadecimal = letter == 'x' || letter == 'X';
    if (hexadecimal && (value.is(Kind::string) || value.is(Kind::bytes))) {
      if (!run_.charge_text(value.text())) return false;
      std::string text = hex(as_bytes(value.text()));
      if (letter == 'X')
        std::transform(text.begin(), text.end(), text.begin(),
                       [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
      return append(text);
    }
    if (!value.is(Kind::integer) && !value.is(Kind::unsigned_integer)) return false;
    const bool negative = value.is(Kind::integer) && value.integer() < 0;
    const std::uint64_t size = negative ? 0 - value.unsigned_integer() : value.unsigned_integer();
    std::string text = letter == 'b'   ? fmt::format("{:b}", size)
                       : letter == 'o' ? fmt::format("{:o}", size)
                       : letter == 'x' ? fmt::format("{:x}", size)
                                       : fmt::format("{:X}", size);
    return append(negative ? "-" + text : text);
  }

  bool string(const Value& value) {
    switch (value.kind()) {
      case Kind::null: return append("null");
      case Kind::number: return append(number_text(value.number()));
      case Kind::list: {
        append("[");
        bool first = true;
        for (Cursor cursor(value); cursor.next(); first = false) {
          if ((!first && !append(", ")) || !string(cursor.value())) return false;
        }
        return append("]");
      }
      case Kind::map: return map(value);
      case Kind::optional:
      case Kind::error: return false;
      default: {
        std::string text;
        return run_.charge_text(value.is(Kind::string) ? value.text() : "") && append_scalar(text, value) &&
               append(text);
      }
    }
  }

  // Entries in the order of their keys' texts.
  bool map(const Value& value) {
    std::vector<std::pair<std::string, Value>> entries;
    for (Cursor cursor(value); cursor.next();) {
      std::string key;
      if (!run_.charge(2) || !append_scalar(key, cursor.key())) return false;
      entries.emplace_back(std::move(key), cursor.value());
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    append("{");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!append((i > 0 ? ", " : "") + entries[i].first + ": ") || !string(entries[i].second)) return false;
    }
    return append("}");
  }

  Run& run_;
  std::string out_;
};

Value format(Run& run, Arguments args) {
  if (!args[0].is(Kind::string) || !args[1].is(Kind::list)) return run.no_overload();
  return Formatter(run).run(args[0].text(), args[1]);
}

Value quote(Run& run, Arguments args) {
  if (!args[0].is(Kind::string)) return run.no_overload();
  if (!run.charge_text(args[0].text())) return run.exhaustion();
  constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  std::string out = "\"";
  for (const char c : args[0].text()) {
    const std::size_t found = kEscaped.find(c);
    if (found != std::string_view::npos) out += '\\';
    out += found != std::string_view::npos ? kLetters[found] : c;
  }
  out += '"';
  return run.text(out);
}

constexpr Definition kFormatFunctions[] = {
    {"format", ".string, list(dyn) -> string", format},
    {"strings.quote", "string -> string", quote},
};

}  // namespace

std::span<const Definition> format_functions() { return kFormatFunctions; }

}  // namespace gatehouse::cel
