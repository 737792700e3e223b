#include "http/structured_fields.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/utf8.h"
#include "http/characters.h"

namespace gatehouse::http::structured {
namespace {

constexpr std::int64_t kLargestInteger = 999'999'999'999'999;
constexpr std::int64_t kLargestDecimal = 999'999'999'999'999;  // in thousandths

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(static_cast<char>(c | 0x20)); }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }
bool starts_key(char c) { return is_lower(c) || c == '*'; }
bool is_key_character(char c) {
  return is_lower(c) || is(c, kDigit) || c == '_' || c == '-' || c == '.' || c == '*';
}
bool starts_token(char c) { return is_letter(c) || c == '*'; }
bool is_token_character(char c) { return is(c, kTokenCharacter) || c == ':' || c == '/'; }

// RFC 9651 section 4.2. Every take_ function reads one thing at the front, or gives nothing.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) { skip_spaces(); }

  bool at_end() {
    skip_spaces();
    return text_.empty();
  }

  std::optional<List> take_list() {
    List list;
    while (!text_.empty()) {
      auto member = take_member();
      if (!member) return std::nullopt;
      list.push_back(std::move(*member));
      if (!take_separator()) return std::nullopt;
    }
    return list;
  }

  std::optional<Dictionary> take_dictionary() {
    Dictionary dictionary;
    while (!text_.empty()) {
      auto key = take_key();
      if (!key) return std::nullopt;
      std::optional<Member> member;
      if (take('=')) {
        member = take_member();
      } else if (auto parameters = take_parameters()) {
        member = Item{true, std::move(*parameters)};
      }
      if (!member) return std::nullopt;
      put(dictionary, std::move(*key), std::move(*member));
      if (!take_separator()) return std::nullopt;
    }
    return dictionary;
  }

  std::optional<Item> take_item() {
    auto value = take_bare_item();
    if (!value) return std::nullopt;
    auto parameters = take_parameters();
    if (!parameters) return std::nullopt;
    return Item{std::move(*value), std::move(*parameters)};
  }

 private:
  void skip_spaces() {
    while (next_is(' ')) text_.remove_prefix(1);
  }
  void skip_white_space() {
    while (next_is(' ') || next_is('\t')) text_.remove_prefix(1);
  }
  bool next_is(char c) const { return !text_.empty() && text_.front() == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  template <typename Predicate>
  std::string_view take_while(Predicate predicate) {
    const auto end = std::find_if_not(text_.begin(), text_.end(), predicate);
    const auto taken = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(taken.size());
    return taken;
  }

  template <typename Map, typename Value>
  static void put(Map& map, std::string key, Value value) {
    for (auto& [known, old] : map) {
      if (known == key) {
        old = std::move(value);
        return;
      }
    }
    map.emplace_back(std::move(key), std::move(value));
  }

  // A comma with something behind it, or the end.
  bool take_separator() {
    skip_white_space();
    if (text_.empty()) return true;
    if (!take(',')) return false;
    skip_white_space();
    return !text_.empty();
  }

  std::optional<Member> take_member() {
    if (next_is('(')) {
      if (auto list = take_inner_list()) return Member{std::move(*list)};
    } else if (auto item = take_item()) {
      return Member{std::move(*item)};
    }
    return std::nullopt;
  }

  std::optional<InnerList> take_inner_list() {
    InnerList list;
    take('(');
    while (!text_.empty()) {
      skip_spaces();
      if (take(')')) {
        auto parameters = take_parameters();
        if (!parameters) return std::nullopt;
        list.parameters = std::move(*parameters);
        return list;
      }
      auto item = take_item();
      if (!item || (!next_is(' ') && !next_is(')'))) return std::nullopt;
      list.items.push_back(std::move(*item));
    }
    return std::nullopt;
  }

  std::optional<std::string> take_key() {
    if (text_.empty() || !starts_key(text_.front())) return std::nullopt;
    return std::string(take_while(is_key_character));
  }

  std::optional<Parameters> take_parameters() {
    Parameters parameters;
    while (take(';')) {
      skip_spaces();
      auto key = take_key();
      if (!key) return std::nullopt;
      BareItem value = true;
      if (take('=')) {
        auto item = take_bare_item();
        if (!item) return std::nullopt;
        value = std::move(*item);
      }
      put(parameters, std::move(*key), std::move(value));
    }
    return parameters;
  }

  std::optional<BareItem> take_bare_item() {
    if (text_.empty()) return std::nullopt;
    const char c = text_.front();
    if (c == '-' || is(c, kDigit)) return take_number();
    if (c == '"') return take_string();
    if (c == ':') return take_bytes();
    if (c == '?') return take_boolean();
    if (c == '@') return take_date();
    if (c == '%') return take_display_string();
    if (starts_token(c)) return Token{std::string(take_while(is_token_character))};
    return std::nullopt;
  }

  std::optional<BareItem> take_number() {
    const std::int64_t sign = take('-') ? -1 : 1;
    const auto whole = take_while([](char c) { return is(c, kDigit); });
    if (whole.empty() || whole.size() > 15) return std::nullopt;
    std::int64_t value = 0;
    for (const char c : whole) value = value * 10 + (c - '0');
    if (!take('.')) return sign * value;
    const auto fraction = take_while([](char c) { return is(c, kDigit); });
    if (whole.size() > 12 || fraction.empty() || fraction.size() > 3) return std::nullopt;
    for (std::size_t i = 0; i < 3; ++i) value = value * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
    return Decimal{sign * value};
  }

  std::optional<BareItem> take_string() {
    std::string value;
    take('"');
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') return value;
      if (c == '\\') {
        if (!next_is('"') && !next_is('\\')) return std::nullopt;
        value += text_.front();
        text_.remove_prefix(1);
      } else if (is_printable(c)) {
        value += c;
      } else {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  // Section 4.2.7: missing padding and bits that are left over do not fail.
  std::optional<BareItem> take_bytes() {
    take(':');
    const auto colon = text_.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto coded = text_.substr(0, colon);
    text_.remove_prefix(colon + 1);
    while (coded.ends_with('=')) coded.remove_suffix(1);
    if (coded.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : coded) {
      static constexpr std::string_view kAlphabet =
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      const auto digit = kAlphabet.find(c);
      if (digit == std::string_view::npos) return std::nullopt;
      bits = (bits << 6U | static_cast<std::uint32_t>(digit)) & 0xFFFFU;
      count += 6;
      if (count >= 8) {
        count -= 8;
        bytes += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
      }
    }
    return Bytes{std::move(bytes)};
  }

  std::optional<BareItem> take_boolean() {
    take('?');
    if (take('1')) return true;
    if (take('0')) return false;
    return std::nullopt;
  }

  std::optional<BareItem> take_date() {
    take('@');
    const auto number = take_number();
    if (!number || !std::holds_alternative<std::int64_t>(*number)) return std::nullopt;
    return Date{std::get<std::int64_t>(*number)};
  }

  std::optional<BareItem> take_display_string() {
    std::string value;
    if (!take('%') || !take('"')) return std::nullopt;
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') {
        if (!is_utf8(value)) return std::nullopt;
        return DisplayString{std::move(value)};
      }
      if (!is_printable(c)) return std::nullopt;
      if (c != '%') {
        value += c;
        continue;
      }
      const auto is_digit = [](char digit) {
        return hex_value(digit) >= 0 && !(digit >= 'A' && digit <= 'F');
      };
      if (text_.size() < 2 || !is_digit(text_[0]) || !is_digit(text_[1])) return std::nullopt;
      value += static_cast<char>(hex_value(text_[0]) * 16 + hex_value(text_[1]));
      text_.remove_prefix(2);
    }
    return std::nullopt;
  }

  std::string_view text_;
};

// RFC 9651 section 4.1. Every put function gives false where the value cannot be written.
class Writer {
 public:
  std::string text;

  bool put(const Item& item) { return put_bare(item.value) && put(item.parameters); }
  bool put(const Member& member) {
    return std::visit([this](const auto& value) { return put(value); }, member);
  }
  bool put(const InnerList& list) {
    text += '(';
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      if (i > 0) text += ' ';
      if (!put(list.items[i])) return false;
    }
    text += ')';
    return put(list.parameters);
  }
  bool put(const Parameters& parameters) {
    for (const auto& [key, value] : parameters) {
      text += ';';
      if (!put_key(key)) return false;
      if (is_true(value)) continue;
      text += '=';
      if (!put_bare(value)) return false;
    }
    return true;
  }
  bool put(const Dictionary& dictionary) {
    for (const auto& [key, member] : dictionary) {
      if (!text.empty()) text += ", ";
      if (!put_key(key)) return false;
      const auto* item = std::get_if<Item>(&member);
      if (item != nullptr && is_true(item->value)) {
        if (!put(item->parameters)) return false;
        continue;
      }
      text += '=';
      if (!put(member)) return false;
    }
    return true;
  }
  bool put(const List& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) text += ", ";
      if (!put(list[i])) return false;
    }
    return true;
  }

 private:
  static bool is_true(const BareItem& value) {
    const auto* boolean = std::get_if<bool>(&value);
    return boolean != nullptr && *boolean;
  }
  bool put_key(std::string_view key) {
    if (key.empty() || !starts_key(key.front()) || !std::all_of(key.begin(), key.end(), is_key_character))
      return false;
    text += key;
    return true;
  }
  bool put_bare(const BareItem& value) {
    return std::visit([this](const auto& one) { return put_value(one); }, value);
  }
  bool put_value(std::int64_t value) {
    if (value < -kLargestInteger || value > kLargestInteger) return false;
    text += std::to_string(value);
    return true;
  }
  bool put_value(const Decimal& value) {
    if (value.thousandths < -kLargestDecimal || value.thousandths > kLargestDecimal) return false;
    const auto magnitude = value.thousandths < 0 ? -value.thousandths : value.thousandths;
    if (value.thousandths < 0) text += '-';
    text += std::to_string(magnitude / 1000) + '.';
    std::string fraction = std::to_string(1000 + magnitude % 1000).substr(1);
    while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
    text += fraction;
    return true;
  }
  bool put_value(const std::string& value) {
    text += '"';
    for (const char c : value) {
      if (!is_printable(c)) return false;
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
    return true;
  }
  bool put_value(const Token& value) {
    if (value.text.empty() || !starts_token(value.text.front())) return false;
    if (!std::all_of(value.text.begin(), value.text.end(), is_token_character)) return false;
    text += value.text;
    return true;
  }
  bool put_value(const Bytes& value) {
    text += ':' + base64(value.bytes) + ':';
    return true;
  }
  bool put_value(bool value) {
    text += value ? "?1" : "?0";
    return true;
  }
  bool put_value(const Date& value) {
    text += '@';
    return put_value(value.seconds);
  }
  bool put_value(const DisplayString& value) {
    if (!is_utf8(value.utf8)) return false;
    text += "%\"";
    for (const char c : value.utf8) {
      if (is_printable(c) && c != '%' && c != '"') {
        text += c;
      } else {
        static constexpr std::string_view kHex = "0123456789abcdef";
        text += '%';
        text += kHex[static_cast<std::uint8_t>(c) >> 4U];
        text += kHex[static_cast<std::uint8_t>(c) & 15U];
      }
    }
    text += '"';
    return true;
  }
};

template <typename T>
std::optional<std::string> written(const T& value) {
  Writer writer;
  if (!writer.put(value)) return std::nullopt;
  return std::move(writer.text);
}

template <typename T>
std::optional<T> whole(Reader& reader, std::optional<T> value) {
  if (!reader.at_end()) return std::nullopt;
  return value;
}

// Section 4.2 strips spaces at the end before anything else.
std::string_view without_final_spaces(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<Item> parse_item(std::string_view text) {
  Reader reader(without_final_spaces(text));
  return whole(reader, reader.take_item());
}
std::optional<List> parse_list(std::string_view text) {
  Reader reader(without_final_spaces(text));
  return whole(reader, reader.take_list());
}
std::optional<Dictionary> parse_dictionary(std::string_view text) {
  Reader reader(without_final_spaces(text));
  return whole(reader, reader.take_dictionary());
}

std::optional<std::string> serialise(const Item& item) { return written(item); }
std::optional<std::string> serialise(const List& list) { return written(list); }
std::optional<std::string> serialise(const Dictionary& dictionary) { return written(dictionary); }

}  // namespace gatehouse::http::structured
