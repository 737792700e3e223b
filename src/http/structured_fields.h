// Structured field values (RFC 9651): parsed and serialised as its section 4 says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace gatehouse::http::structured {

struct Decimal {
  std::int64_t thousandths = 0;  // at most 12 digits before the point
  bool operator==(const Decimal&) const = default;
};
struct Token {
  std::string text;
  bool operator==(const Token&) const = default;
};
struct Bytes {
  std::string bytes;
  bool operator==(const Bytes&) const = default;
};
struct Date {
  std::int64_t seconds = 0;  // since 1970
  bool operator==(const Date&) const = default;
};
struct DisplayString {
  std::string utf8;
  bool operator==(const DisplayString&) const = default;
};

using BareItem = std::variant<std::int64_t, Decimal, std::string, Token, Bytes, bool, Date, DisplayString>;
using Parameters = std::vector<std::pair<std::string, BareItem>>;  // names are unique, the last value wins

struct Item {
  BareItem value;
  Parameters parameters;
  bool operator==(const Item&) const = default;
};
struct InnerList {
  std::vector<Item> items;
  Parameters parameters;
  bool operator==(const InnerList&) const = default;
};
using Member = std::variant<Item, InnerList>;
using List = std::vector<Member>;
using Dictionary = std::vector<std::pair<std::string, Member>>;  // names are unique, the last value wins

// Several lines of one field are joined with ", " first (section 4.2). Nothing where the text is not of the
// type.
std::optional<Item> parse_item(std::string_view text);
std::optional<List> parse_list(std::string_view text);
std::optional<Dictionary> parse_dictionary(std::string_view text);

// Nothing if a value cannot be expressed in its type (a name that is not a key, a string that is not ASCII).
// An empty list or dictionary gives an empty text: the field is then not sent.
std::optional<std::string> serialise(const Item& item);
std::optional<std::string> serialise(const List& list);
std::optional<std::string> serialise(const Dictionary& dictionary);

}  // namespace gatehouse::http::structured
