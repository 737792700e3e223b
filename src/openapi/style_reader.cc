#include "openapi/style_reader.h"

#include <algorithm>

#include "base/strings.h"
#include "openapi/decode.h"

namespace gatehouse::openapi {
namespace {

constexpr std::string_view kReadable;
// The most members of an object in a parameter, for every schema: each new key is compared with those before
// it.
constexpr std::size_t kMostMembers = 1000;

// Cuts the text up to the next delimiter off `rest`; the delimiter `%7C` stands for `|`, too, and compares
// without case, as percent-encoding does. False when there is nothing more.
class Splitter {
 public:
  Splitter(std::string_view text, std::string_view delimiter) : rest_(text), delimiter_(delimiter) {}

  bool next(std::string_view& piece) {
    if (done_) return false;
    std::size_t at = 0;
    std::size_t size = 0;
    for (; at < rest_.size(); ++at) {
      if ((size = delimiter_at(rest_.substr(at))) != 0) break;
    }
    piece = rest_.substr(0, at);
    done_ = at == rest_.size();
    if (!done_) rest_.remove_prefix(at + size);
    return true;
  }

 private:
  std::size_t delimiter_at(std::string_view text) const {
    if (delimiter_.size() == 1) return text.front() == delimiter_.front() ? 1 : 0;
    if (text.size() >= 3 && equal_ignoring_case(text.substr(0, 3), delimiter_)) return 3;
    return delimiter_ == "%7C" && text.front() == '|' ? 1 : 0;
  }

  std::string_view rest_;
  std::string_view delimiter_;
  bool done_ = false;
};

// Between the items of one text: query, form and cookie.
std::string_view delimiter_of(Style style) {
  switch (style) {
    case Style::space_delimited: return "%20";
    case Style::pipe_delimited: return "%7C";
    default: return ",";
  }
}

std::uint8_t structure_of(json::Value value) {
  if (value.is_object()) return TextType::kObject;
  return value.is_array() ? TextType::kArray : 0;
}

// The sign that a delimiter stands for.
std::string_view sign_of(std::string_view delimiter) {
  return delimiter == "%20" ? " " : delimiter == "%7C" ? "|" : delimiter;
}

std::uint8_t item_kinds_of(const Codec& codec) {
  return codec.type.items ? codec.type.items->kinds : plain_text().kinds;
}

}  // namespace

const TextType& plain_text() {
  static const TextType type;
  return type;
}

const TextType& TextType::property(std::string_view name) const {
  for (const auto& [known, type] : properties) {
    if (known == name) return *type;
  }
  return additional ? *additional : plain_text();
}

std::string_view StyleReader::scalar(std::string_view raw, const Codec& codec, std::uint8_t kinds,
                                     json::Builder& out, std::string_view parting) {
  const auto text = decode(raw, codec.encoding, text_);
  if (!text || moves_in_path(*text, codec)) {
    out.null();
    return broken_rule(raw, codec.encoding);
  }
  if (text->find_first_of(parting) != std::string_view::npos) {
    out.null();
    return "ambiguous";
  }
  if (!write_scalar(*text, kinds, out)) {
    out.null();
    return "type";
  }
  return kReadable;
}

std::string_view StyleReader::items(std::string_view raw, std::string_view delimiter, const Codec& codec,
                                    json::Builder& out) {
  const std::uint8_t kinds = item_kinds_of(codec);
  Splitter pieces(raw, delimiter);
  std::string_view piece;
  std::string_view broken = kReadable;
  while (broken.empty() && pieces.next(piece)) {
    if (codec.in == In::header) piece = trimmed(piece);
    broken = scalar(piece, codec, kinds, out, sign_of(delimiter));
  }
  return broken;
}

std::string_view StyleReader::array(std::string_view raw, std::string_view delimiter, const Codec& codec,
                                    json::Builder& out) {
  out.begin_array();
  const std::string_view broken = raw.empty() ? "empty" : items(raw, delimiter, codec, out);
  out.end_array();
  return broken;
}

void StyleReader::begin_object(json::Builder& out) {
  keys_.clear();
  key_spans_.clear();
  out.begin_object();
}

bool StyleReader::is_new_key(std::string_view key) {
  for (const auto& [begin, size] : key_spans_) {
    if (size == key.size() && std::string_view(keys_).substr(begin, size) == key) return false;
  }
  key_spans_.emplace_back(static_cast<std::uint32_t>(keys_.size()), static_cast<std::uint32_t>(key.size()));
  keys_ += key;
  return true;
}

std::string_view StyleReader::decoded_member(std::string_view key, std::string_view raw_value,
                                             const Codec& codec, json::Builder& out,
                                             std::string_view parting) {
  if (key_spans_.size() >= kMostMembers) return "maxProperties";
  if (!is_new_key(key)) return "repeated";
  out.key(key);
  const std::uint8_t kinds = codec.type.property(key).kinds;
  if (codec.nesting == Nesting::json && kinds == TextType::kObject) return json(raw_value, codec, kinds, out);
  return scalar(raw_value, codec, kinds, out, parting);
}

std::string_view StyleReader::member(std::string_view raw_key, std::string_view raw_value, const Codec& codec,
                                     json::Builder& out, std::string_view parting, std::string_view in_key) {
  if (codec.in == In::header) {
    raw_key = trimmed(raw_key);
    raw_value = trimmed(raw_value);
  }
  const auto key = decode(raw_key, codec.encoding, key_);
  if (!key || moves_in_path(*key, codec)) return broken_rule(raw_key, codec.encoding);
  if (key->empty()) return "style";
  if (key->find_first_of(parting) != key->npos || key->find_first_of(in_key) != key->npos) return "ambiguous";
  return decoded_member(*key, raw_value, codec, out, parting);
}

std::string_view StyleReader::alternating(std::string_view raw, std::string_view delimiter,
                                          const Codec& codec, json::Builder& out) {
  begin_object(out);
  std::string_view broken = raw.empty() ? "empty" : kReadable;
  Splitter pieces(raw, delimiter);
  std::string_view key, value;
  while (broken.empty() && pieces.next(key)) {
    broken = pieces.next(value) ? member(key, value, codec, out, sign_of(delimiter), {}) : "style";
  }
  out.end_object();
  return broken;
}

std::string_view StyleReader::assignments(std::string_view raw, std::string_view delimiter,
                                          const Codec& codec, json::Builder& out) {
  begin_object(out);
  std::string_view broken = raw.empty() ? "empty" : kReadable;
  Splitter pieces(raw, delimiter);
  std::string_view piece;
  while (broken.empty() && pieces.next(piece)) {
    const std::size_t equals = piece.find('=');
    broken = equals == piece.npos ? "style"
                                  : member(piece.substr(0, equals), piece.substr(equals + 1), codec, out,
                                           sign_of(delimiter), "=");
  }
  out.end_object();
  return broken;
}

std::string_view StyleReader::prefixed(std::string_view raw, char prefix, const Codec& codec,
                                       std::uint8_t kinds, json::Builder& out) {
  const std::string_view exploded = prefix == '.' ? "." : ",";
  if ((kinds & TextType::kArray) != 0) return array(raw, codec.explode ? exploded : ",", codec, out);
  if ((kinds & TextType::kObject) != 0) {
    return codec.explode ? assignments(raw, exploded, codec, out) : alternating(raw, ",", codec, out);
  }
  return scalar(raw, codec, kinds, out);
}

// `;name=value`, once for each value where it is exploded; `;name` alone stands for an empty text.
std::string_view StyleReader::matrix(std::string_view raw, const Codec& codec, std::uint8_t kinds,
                                     json::Builder& out) {
  const bool is_array = (kinds & TextType::kArray) != 0;
  const bool is_object = (kinds & TextType::kObject) != 0;
  if (is_object && codec.explode) return assignments(raw, ";", codec, out);
  const auto value_of = [&](std::string_view piece, std::string_view& value) {
    const std::size_t equals = std::min(piece.find('='), piece.size());
    value = piece.substr(equals == piece.size() ? equals : equals + 1);
    const auto written = decode(piece.substr(0, equals), codec.encoding, key_);
    return written && *written == codec.name;
  };
  std::string_view value;
  if (is_array && codec.explode) {
    out.begin_array();
    Splitter pieces(raw, ";");
    std::string_view piece;
    std::string_view broken = kReadable;
    while (broken.empty() && pieces.next(piece)) {
      broken = value_of(piece, value) ? scalar(value, codec, item_kinds_of(codec), out, ";") : "style";
    }
    out.end_array();
    return broken;
  }
  // Once, and behind it nothing: `;c=a;c=b` and `;c=a;admin=1` are several parameters to other readers.
  if (!value_of(raw, value) || value.find(';') != value.npos) {
    out.null();
    return "style";
  }
  if (is_array) return array(value, ",", codec, out);
  if (is_object) return alternating(value, ",", codec, out);
  return scalar(value, codec, kinds, out);
}

std::string_view StyleReader::write_path(std::string_view raw, const Codec& codec, std::uint8_t kinds,
                                         json::Builder& out) {
  if (codec.style == Style::simple) return prefixed(raw, ',', codec, kinds, out);
  const char prefix = codec.style == Style::label ? '.' : ';';
  if (!raw.starts_with(prefix)) {
    out.null();
    return "style";
  }
  raw.remove_prefix(1);
  return codec.style == Style::label ? prefixed(raw, '.', codec, kinds, out) : matrix(raw, codec, kinds, out);
}

std::string_view StyleReader::write_header(std::span<const std::string_view> lines, const Codec& codec,
                                           std::uint8_t kinds, json::Builder& out) {
  if ((kinds & TextType::kArray) == 0) {
    if (lines.size() == 1) return prefixed(trimmed(lines[0]), ',', codec, kinds, out);
    out.null();
    return "repeated";
  }
  // RFC 9110 section 5.3: field lines of one name are one list.
  out.begin_array();
  std::string_view broken = kReadable;
  for (const std::string_view line : lines) {
    if (broken.empty()) broken = trimmed(line).empty() ? "empty" : items(trimmed(line), ",", codec, out);
  }
  out.end_array();
  return broken;
}

std::string_view StyleReader::write_members(std::span<const Pair> pairs, std::uint32_t first,
                                            const Codec& codec, json::Builder& out) {
  keys_.clear();
  key_spans_.clear();
  if (codec.nesting == Nesting::exploded) return grouped_members(pairs, first, codec, out);
  std::string_view broken = kReadable;
  for (std::uint32_t i = first; i != Pair::kEnd && broken.empty(); i = pairs[i].next) {
    if (codec.style == Style::deep_object && is_read_otherwise(pairs[i].property, codec.type))
      return "ambiguous";
    broken = pairs[i].has_value ? decoded_member(pairs[i].property, pairs[i].value, codec, out) : "empty";
  }
  return broken;
}

std::string_view StyleReader::grouped_members(std::span<const Pair> pairs, std::uint32_t first,
                                              const Codec& codec, json::Builder& out) {
  members_.clear();
  for (std::uint32_t i = first; i != Pair::kEnd; i = pairs[i].next) {
    if (members_.size() == kMostMembers) return "maxProperties";
    if (!pairs[i].has_value) return "empty";
    members_.push_back(i);
  }
  std::ranges::sort(members_, [&](std::uint32_t a, std::uint32_t b) {
    return pairs[a].property != pairs[b].property ? pairs[a].property < pairs[b].property : a < b;
  });
  std::string_view broken = kReadable;
  for (auto at = members_.begin(); at != members_.end() && broken.empty();) {
    const Pair& one = pairs[*at];
    const auto end =
        std::find_if(at, members_.end(), [&](std::uint32_t i) { return pairs[i].property != one.property; });
    const TextType& type = codec.type.property(one.property);
    if (type.kinds != TextType::kArray) {
      broken = end - at > 1 ? "repeated" : decoded_member(one.property, one.value, codec, out);
    } else {
      // Of no items, or of one empty item? Neither is taken.
      if (end - at == 1 && one.value.empty()) broken = "empty";
      out.key(one.property);
      out.begin_array();
      const std::uint8_t kinds = type.items ? type.items->kinds : plain_text().kinds;
      const std::string_view parting = end - at == 1 ? parting_lone_item_ : std::string_view();
      for (auto item = at; item != end && broken.empty(); ++item)
        broken = scalar(pairs[*item].value, codec, kinds, out, parting);
      out.end_array();
    }
    at = end;
  }
  return broken;
}

std::string_view StyleReader::json(std::string_view raw, const Codec& codec, std::uint8_t kinds,
                                   json::Builder& out) {
  const auto text = decode(raw, codec.encoding, text_);
  std::string_view broken = kReadable;
  if (!text) {
    broken = broken_rule(raw, codec.encoding);
  } else if (!parser_.parse(*text, parsed_, kJsonLimits)) {
    broken = "json";
  } else if ((kinds & structure_of(parsed_.root())) == 0) {
    broken = "type";
  }
  if (broken.empty()) {
    out.copy(parsed_.root());
  } else {
    out.null();
  }
  return broken;
}

std::string_view StyleReader::exploded_array(std::span<const Pair> pairs, std::uint32_t first,
                                             const Codec& codec, json::Builder& out) {
  const bool lone = pairs[first].next == Pair::kEnd;
  // Of no items, or of one empty item? Neither is taken.
  if (lone && pairs[first].value.empty()) {
    out.null();
    return "empty";
  }
  const std::string_view parting = lone ? parting_lone_item_ : std::string_view();
  const std::uint8_t kinds = item_kinds_of(codec);
  const bool in_json = codec.nesting == Nesting::json && (kinds & TextType::kScalars) == 0;
  std::string_view broken = kReadable;
  out.begin_array();
  for (std::uint32_t i = first; i != Pair::kEnd && broken.empty(); i = pairs[i].next) {
    broken = !pairs[i].has_value ? "empty"
             : in_json           ? json(pairs[i].value, codec, kinds, out)
                                 : scalar(pairs[i].value, codec, kinds, out, parting);
  }
  out.end_array();
  return broken;
}

std::string_view StyleReader::write_pairs(std::span<const Pair> pairs, std::uint32_t first,
                                          const Codec& codec, std::uint8_t kinds, json::Builder& out) {
  const bool is_array = (kinds & TextType::kArray) != 0;
  const bool is_object = (kinds & TextType::kObject) != 0;
  std::string_view broken = kReadable;
  if (codec.nesting == Nesting::brackets) {
    const Pair& only = pairs[first];
    if (!only.property.empty()) return brackets_.write(pairs, first, codec, *this, out);
    if (only.next == Pair::kEnd && only.has_value && (kinds & TextType::kScalars) != 0)
      return scalar(only.value, codec, kinds, out);
    out.null();
    return only.has_value ? "style" : "empty";
  }
  const bool in_json = codec.nesting == Nesting::json;
  if (is_object && !in_json && (codec.explode || codec.style == Style::deep_object)) {
    out.begin_object();
    broken = write_members(pairs, first, codec, out);
    out.end_object();
    return broken;
  }
  if (is_array && codec.explode) return exploded_array(pairs, first, codec, out);
  const Pair& only = pairs[first];
  if (only.next != Pair::kEnd) {
    out.null();
    return "repeated";
  }
  if (!only.has_value) {
    out.null();
    return "empty";
  }
  if (is_object && in_json) return json(only.value, codec, TextType::kObject, out);
  if (is_array) return array(only.value, delimiter_of(codec.style), codec, out);
  if (is_object) return alternating(only.value, delimiter_of(codec.style), codec, out);
  return scalar(only.value, codec, kinds, out);
}

}  // namespace gatehouse::openapi
