#include "openapi/decode.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/strings.h"
#include "base/utf8.h"
#include "json/decimal.h"

namespace gatehouse::openapi {
namespace {

// The bytes that may stand raw in a path, query, cookie or form: printable ASCII, less `%` and `+`, which
// mean something, and less `#`, which ends a query.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x21; c <= 0x7E; ++c) plain[static_cast<std::size_t>(c)] = c != '%' && c != '+' && c != '#';
  return plain;
}();

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_control(char c, Encoding encoding) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte == 0x7F) return true;
  if (byte >= 0x20) return false;
  return encoding != Encoding::form || (c != '\t' && c != '\n' && c != '\r');
}

}  // namespace

std::optional<std::string_view> decode(std::string_view raw, Encoding encoding, std::string& scratch) {
  std::string_view text = raw;
  if (encoding != Encoding::bare) {
    const auto special =
        std::ranges::find_if(raw, [](char c) { return !kPlain[static_cast<unsigned char>(c)]; });
    if (special == raw.end()) return raw;
    auto i = static_cast<std::size_t>(special - raw.begin());
    scratch.assign(raw.substr(0, i));
    for (; i < raw.size(); ++i) {
      const char c = raw[i];
      if (kPlain[static_cast<unsigned char>(c)]) {
        scratch += c;
      } else if (c == '%') {
        if (raw.size() - i < 3) return std::nullopt;
        const int high = hex_digit(raw[i + 1]);
        const int low = hex_digit(raw[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        scratch += static_cast<char>(high * 16 + low);
        i += 2;
      } else if (c == '+' && encoding != Encoding::query) {
        scratch += encoding == Encoding::percent ? '+' : ' ';
      } else {
        return std::nullopt;
      }
    }
    text = scratch;
  }
  if (std::ranges::any_of(text, [&](char c) { return is_control(c, encoding); }) || !is_utf8(text))
    return std::nullopt;
  return text;
}

std::string_view broken_rule(std::string_view raw, Encoding encoding) {
  return encoding == Encoding::query && raw.find('+') != raw.npos ? "plus" : "encoding";
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_json_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - begin;
  };
  if (i < text.size() && text[i] == '-') ++i;
  const std::size_t first = i;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

bool is_number_of(std::string_view text, std::uint8_t kinds) {
  if ((kinds & TextType::kNumber) == 0 || !is_json_number(text)) return false;
  return (kinds & (json::has_integer_form(text) ? TextType::kInteger : TextType::kFraction)) != 0;
}

bool write_scalar(std::string_view text, std::uint8_t kinds, json::Builder& out) {
  if (is_number_of(text, kinds)) {
    out.number(text);
  } else if ((kinds & TextType::kBoolean) != 0 && (text == "true" || text == "false")) {
    out.boolean(text == "true");
  } else if ((kinds & TextType::kString) != 0) {
    out.string(text);
  } else {
    return false;
  }
  return true;
}

bool moves_in_path(std::string_view text, const Codec& codec) {
  if (codec.in != In::path) return false;
  if (text.contains('\\')) return true;
  if (codec.slash == Slash::refused) return text == "." || text == ".." || text.contains('/');
  const auto moves = [](std::string_view part) { return part.empty() || part == "." || part == ".."; };
  for (std::size_t end = text.find('/'); end != text.npos; end = text.find('/')) {
    if (moves(text.substr(0, end))) return true;
    text.remove_prefix(end + 1);
  }
  return moves(text);
}

}  // namespace gatehouse::openapi
