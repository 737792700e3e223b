#include "json/parser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <vector>

#include <simdjson.h>

#include "base/strings.h"
#include "json/sequence.h"

namespace gatehouse::json {

// simdjson finds where the tokens start (and checks UTF-8, control characters in strings and unclosed strings
// on the way); the walk over those places, which is where strictness lives, is here.
namespace {

static_assert(std::endian::native == std::endian::little, "key prefixes are compared as loaded");

constexpr std::size_t kPadding = simdjson::SIMDJSON_PADDING;
constexpr std::size_t kKept = std::size_t{256} << 10U;  // bytes of a text whose working memory is kept
constexpr std::size_t kSmallObject = 64;  // up to here, duplicate keys are found by looking at each

constexpr auto kEndsScalar = [] {
  std::array<bool, 256> ends{};
  for (const char c : {' ', '\t', '\n', '\r', ',', ']', '}'}) ends[static_cast<unsigned char>(c)] = true;
  return ends;
}();

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// A key as it is compared: its first bytes as a number, and the node that has all of it.
struct Key {
  std::uint64_t prefix = 0;
  const char* text = nullptr;
  std::uint32_t size = 0;

  bool same(const Key& other) const {
    return prefix == other.prefix && size == other.size &&
           (size <= 8 || std::memcmp(text + 8, other.text + 8, size - 8) == 0);
  }
  bool before(const Key& other) const {
    if (prefix != other.prefix) return prefix < other.prefix;
    if (size != other.size) return size < other.size;
    return size > 8 && std::memcmp(text + 8, other.text + 8, size - 8) < 0;
  }
};

// A container that is open.
struct Level {
  std::uint32_t node;  // its index
  std::uint32_t keys;  // where its keys begin in the list of keys
  // A bit for each hash that one of its keys has: most keys find theirs free, and need not be compared.
  std::array<std::uint64_t, 4> hashes;

  // Whether no key of this hash was there before.
  bool is_first(std::uint8_t hash) {
    const std::uint64_t bit = std::uint64_t{1} << (hash % 64);
    const bool first = (hashes[hash / 64] & bit) == 0;
    hashes[hash / 64] |= bit;
    return first;
  }
};

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Four hexadecimal digits, or -1.
int hex_unit(const char* at) {
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

char* put_utf8(char* out, std::uint32_t code) {
  if (code < 0x80) {
    *out++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<char>(0xC0U | (code >> 6U));
    *out++ = static_cast<char>(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    *out++ = static_cast<char>(0xE0U | (code >> 12U));
    *out++ = static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    *out++ = static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    *out++ = static_cast<char>(0xF0U | (code >> 18U));
    *out++ = static_cast<char>(0x80U | ((code >> 12U) & 0x3FU));
    *out++ = static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    *out++ = static_cast<char>(0x80U | (code & 0x3FU));
  }
  return out;
}

char simple_escape(char c) {
  switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

}  // namespace

struct Parser::State {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> tokens;
  std::size_t token_capacity = 0;
  std::vector<Level> levels;
  std::vector<Key> keys;  // room for all the keys there can be; the first key_count are in use
  std::size_t key_count = 0;

  // The walk in progress.
  char* text = nullptr;
  std::size_t size = 0;
  const std::uint32_t* token = nullptr;  // the next token's place
  Node* nodes = nullptr;
  Node* next = nullptr;
  bool escapes = false;  // whether there is a backslash anywhere
  ParseError error;

  bool fail(Fault fault, std::size_t offset) {
    error.fault = fault;
    error.offset = offset;
    return false;
  }

  bool find_tokens();
  void forget_large();
  bool walk(std::size_t depth);
  bool walk_items(std::string_view written, Sequence sequence, std::size_t depth);
  bool scalar(std::uint32_t at);
  bool string(std::uint32_t at);
  bool unescape(Node& node, std::uint32_t at);
  bool number(std::uint32_t at);
  bool word(std::uint32_t at, std::string_view word, Kind kind, bool truth);
  bool ends_scalar(const char* at) const {
    return kEndsScalar[static_cast<unsigned char>(*at)] || at == text + size;
  }
  bool new_key(const Node& node, Level& level);
  bool no_duplicates(std::size_t first);
};

bool Parser::State::find_tokens() {
  if (!tokens || size > token_capacity) {
    const std::size_t capacity = size <= kKept ? std::max<std::size_t>(std::bit_ceil(size), 4096) : size;
    const auto failed =
        tokens ? tokens->set_capacity(capacity)
               : simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, tokens);
    if (failed) return fail(Fault::too_large, 0);
    token_capacity = capacity;
  }
  const auto failed =
      tokens->stage1(reinterpret_cast<const std::uint8_t*>(text), size, simdjson::stage1_mode::regular);
  switch (failed) {
    case simdjson::SUCCESS: break;
    case simdjson::EMPTY: return fail(Fault::empty, 0);
    case simdjson::UTF8_ERROR: return fail(Fault::utf8, 0);
    case simdjson::CAPACITY: return fail(Fault::too_large, 0);
    default: return fail(Fault::syntax, size);
  }
  token = tokens->structural_indexes.get();
  return true;
}

// Memory of a large text is released.
void Parser::State::forget_large() {
  if (token_capacity <= kKept) return;
  tokens.reset();
  token_capacity = 0;
  keys = {};
}

// Between a string's last quote and the next token there is only white space: that is where it ends.
bool Parser::State::string(std::uint32_t at) {
  const char* end = text + *token - 1;
  while (is_space(*end)) --end;
  const char* begin = text + at + 1;
  if (end < begin || *end != '"') return fail(Fault::syntax, at);
  Node& node = *next++;
  node = Node{
      .text = begin, .size = static_cast<std::uint32_t>(end - begin), .offset = at, .kind = Kind::string};
  if (escapes && std::memchr(begin, '\\', node.size)) return unescape(node, at);
  return true;
}

// In place: an unescaped character is never longer than its escape.
bool Parser::State::unescape(Node& node, std::uint32_t at) {
  const char* in = node.text;
  const char* const end = in + node.size;
  char* out = text + at + 1;
  while (in < end) {
    const auto* slash = static_cast<const char*>(std::memchr(in, '\\', static_cast<std::size_t>(end - in)));
    const char* const plain_end = slash ? slash : end;
    std::memmove(out, in, static_cast<std::size_t>(plain_end - in));
    out += plain_end - in;
    if (!slash) break;
    const auto offset = static_cast<std::size_t>(slash - text);
    in = slash + 2;
    if (slash[1] != 'u') {
      const char c = simple_escape(slash[1]);
      if (c == 0) return fail(Fault::syntax, offset);
      *out++ = c;
      continue;
    }
    const int unit = end - in < 4 ? -1 : hex_unit(in);
    if (unit < 0) return fail(Fault::syntax, offset);
    in += 4;
    auto code = static_cast<std::uint32_t>(unit);
    if (code >= 0xD800 && code <= 0xDFFF) {
      const int low = code < 0xDC00 && end - in >= 6 && in[0] == '\\' && in[1] == 'u' ? hex_unit(in + 2) : -1;
      if (low < 0xDC00 || low > 0xDFFF) return fail(Fault::surrogate, offset);
      in += 6;
      code = 0x10000 + ((code - 0xD800) << 10U) + (static_cast<std::uint32_t>(low) - 0xDC00);
    }
    out = put_utf8(out, code);
  }
  node.size = static_cast<std::uint32_t>(out - node.text);
  return true;
}

bool Parser::State::number(std::uint32_t at) {
  const char* const begin = text + at;
  const char* c = begin;
  if (*c == '-') ++c;
  if (*c == '0') {
    ++c;
  } else {
    if (!is_digit(*c)) return fail(Fault::syntax, at);
    while (is_digit(*c)) ++c;
  }
  bool integer_form = true;
  if (*c == '.') {
    integer_form = false;
    if (!is_digit(*++c)) return fail(Fault::syntax, at);
    while (is_digit(*c)) ++c;
  }
  if (*c == 'e' || *c == 'E') {
    integer_form = false;
    ++c;
    if (*c == '+' || *c == '-') ++c;
    if (!is_digit(*c)) return fail(Fault::syntax, at);
    while (is_digit(*c)) ++c;
  }
  if (!ends_scalar(c)) return fail(Fault::syntax, at);
  *next++ = Node{.text = begin,
                 .size = static_cast<std::uint32_t>(c - begin),
                 .offset = at,
                 .kind = Kind::number,
                 .truth = integer_form};
  return true;
}

bool Parser::State::word(std::uint32_t at, std::string_view word, Kind kind, bool truth) {
  if (std::memcmp(text + at, word.data(), word.size()) != 0 || !ends_scalar(text + at + word.size())) {
    return fail(Fault::syntax, at);
  }
  *next++ = Node{.offset = at, .kind = kind, .truth = truth};
  return true;
}

bool Parser::State::scalar(std::uint32_t at) {
  switch (text[at]) {
    case '"': return string(at);
    case 't': return word(at, "true", Kind::boolean, true);
    case 'f': return word(at, "false", Kind::boolean, false);
    case 'n': return word(at, "null", Kind::null, false);
    default: return number(at);
  }
}

bool Parser::State::new_key(const Node& node, Level& level) {
  // Made in place: a copy from the stack would wait for the stores that it reads across.
  Key& key = keys[key_count];
  std::uint64_t prefix = 0;
  std::uint64_t tail = 0;
  std::memcpy(&prefix, node.text, 8);  // the text is padded
  if (node.size < 8) {
    prefix &= (std::uint64_t{1} << (node.size * 8)) - 1;
  } else {
    std::memcpy(&tail, node.text + node.size - 8, 8);
  }
  key.prefix = prefix;
  key.text = node.text;
  key.size = node.size;
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15U;
  const auto hash = static_cast<std::uint8_t>(((prefix ^ std::rotl(tail, 27) ^ node.size) * kMix) >> 56U);
  if (!level.is_first(hash) && key_count - level.keys <= kSmallObject) {
    for (std::size_t i = level.keys; i < key_count; ++i) {
      if (keys[i].prefix == prefix && keys[i].same(key)) return fail(Fault::duplicate_key, node.offset);
    }
  }
  ++key_count;
  return true;
}

// A large object's keys are sorted once: no choice of keys makes that slow, as it could a hash table.
bool Parser::State::no_duplicates(std::size_t first) {
  if (key_count - first > kSmallObject) {
    const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = keys.begin() + static_cast<std::ptrdiff_t>(key_count);
    std::sort(begin, end, [](const Key& a, const Key& b) { return a.before(b); });
    const auto same = std::adjacent_find(begin, end, [](const Key& a, const Key& b) { return a.same(b); });
    if (same != end) return fail(Fault::duplicate_key, static_cast<std::size_t>(same->text - text) - 1);
  }
  key_count = first;
  return true;
}

bool Parser::State::walk(std::size_t depth) {
  levels.clear();
  key_count = 0;
  Node* container = nullptr;  // the innermost that is open
  bool in_object = false;     // which kind it is
  while (true) {
    // A value begins here.
    const std::uint32_t at = *token++;
    const char c = text[at];
    bool key_follows = false;
    if (c == '{' || c == '[') {
      if (levels.size() == depth) return fail(Fault::depth, at);
      levels.push_back({static_cast<std::uint32_t>(next - nodes), static_cast<std::uint32_t>(key_count), {}});
      if (container) ++container->size;
      container = next;
      in_object = c == '{';
      *next++ = Node{.offset = at, .kind = in_object ? Kind::object : Kind::array};
      if (text[*token] != (in_object ? '}' : ']')) {
        if (!in_object) continue;
        key_follows = true;
      }
    } else {
      if (!scalar(at)) return false;
      if (!container) return true;
      ++container->size;
    }

    // A value has ended, or an empty container has just begun: separators and closings until the next value.
    while (!key_follows) {
      const std::uint32_t here = *token++;
      if (text[here] == ',') {
        key_follows = in_object;
        break;
      }
      if (text[here] != (in_object ? '}' : ']')) return fail(Fault::syntax, here);
      if (in_object && !no_duplicates(levels.back().keys)) return false;
      container->span = static_cast<std::uint32_t>(next - container);
      levels.pop_back();
      if (levels.empty()) return true;
      container = nodes + levels.back().node;
      in_object = container->kind == Kind::object;
    }

    if (key_follows) {
      const std::uint32_t key = *token++;
      if (text[key] != '"') return fail(Fault::syntax, key);
      if (!string(key) || !new_key(next[-1], levels.back())) return false;
      const std::uint32_t colon = *token++;
      if (text[colon] != ':') return fail(Fault::syntax, colon);
    }
  }
}

// The tokens of all items were found at once: each item must begin and end between its own bounds. `written`
// is the text as it was before separators of records became spaces.
bool Parser::State::walk_items(std::string_view written, Sequence sequence, std::size_t depth) {
  Node* const array = next;
  *next++ = Node{.kind = Kind::array};
  for (std::size_t at = 0; at < written.size();) {
    error.item = array->size;
    const auto item = item_at(written, at, sequence);
    if (!item) return fail(Fault::framing, at);
    if (*token >= item->end) return fail(Fault::empty, item->begin);
    if (!walk(depth)) return false;
    if (token[-1] >= item->end) return fail(Fault::syntax, item->end);
    if (*token < item->end) return fail(Fault::trailing, *token);
    ++array->size;
    at = item->next;
  }
  array->span = static_cast<std::uint32_t>(next - array);
  return true;
}

std::string_view name(Fault fault) {
  switch (fault) {
    case Fault::empty: return "empty";
    case Fault::syntax: return "syntax";
    case Fault::utf8: return "utf8";
    case Fault::surrogate: return "surrogate";
    case Fault::duplicate_key: return "duplicate_key";
    case Fault::depth: return "depth";
    case Fault::trailing: return "trailing";
    case Fault::too_large: return "too_large";
    case Fault::framing: return "framing";
  }
  return "syntax";
}

Parser::Parser() : state_(std::make_unique<State>()) {}
Parser::Parser(Parser&&) noexcept = default;
Parser::~Parser() = default;

bool Parser::find_tokens(std::string_view text, Document& into, const ParseLimits& limits, char as_space) {
  into.clear();
  State& state = *state_;
  state.error = {};
  constexpr std::size_t kMost = std::size_t{1} << 31U;  // offsets are 32 bits
  if (text.size() > std::min(limits.bytes, kMost)) return state.fail(Fault::too_large, limits.bytes);
  if (into.source_capacity_ < text.size() + kPadding) {
    into.source_capacity_ = std::max<std::size_t>(text.size() + kPadding, 2048);
    into.source_ = std::make_unique_for_overwrite<char[]>(into.source_capacity_);
  }
  state.text = into.source_.get();
  state.size = text.size();
  if (!text.empty()) std::memcpy(state.text, text.data(), text.size());
  std::memset(state.text + text.size(), 0, kPadding);
  if (as_space != ' ') std::replace(state.text, state.text + text.size(), as_space, ' ');
  state.escapes = std::memchr(state.text, '\\', state.size) != nullptr;
  return state.find_tokens();
}

void Parser::reserve(Document& into, std::size_t nodes, std::size_t depth) {
  State& state = *state_;
  into.reserve(nodes + depth + 2);
  // A key has four tokens: itself, a colon, a value, a comma.
  const std::size_t most_keys = state.tokens->n_structural_indexes / 4 + depth + 1;
  if (state.keys.size() < most_keys) state.keys.resize(most_keys);
  state.nodes = into.nodes_.get();
  state.next = state.nodes;
}

std::expected<void, ParseError> Parser::parse(std::string_view text, Document& into, ParseLimits limits) {
  State& state = *state_;
  if (!find_tokens(text, into, limits, ' ')) return std::unexpected(state.error);
  const std::size_t tokens = state.tokens->n_structural_indexes;
  // A node has two tokens: a value and its separator, a container and its end. After a syntax error open
  // containers lack their end.
  reserve(into, tokens / 2, limits.depth);
  bool good = state.walk(limits.depth);
  if (good && state.token != state.tokens->structural_indexes.get() + tokens)
    good = state.fail(Fault::trailing, *state.token);
  state.forget_large();
  if (!good) return std::unexpected(state.error);
  into.count_ = static_cast<std::size_t>(state.next - state.nodes);
  return {};
}

std::expected<void, ParseError> Parser::parse_sequence(std::string_view text, Sequence sequence,
                                                       Document& into, ParseLimits limits) {
  State& state = *state_;
  const bool lines = sequence == Sequence::lines;
  if (!find_tokens(text, into, limits, lines ? ' ' : kRecordSeparator)) return std::unexpected(state.error);
  // As for one text, but the last value of an item has no separator. One more is the array.
  const auto items =
      static_cast<std::size_t>(std::count(text.begin(), text.end(), lines ? '\n' : kRecordSeparator)) + 1;
  reserve(into, (state.tokens->n_structural_indexes + items) / 2 + 1, limits.depth);
  const bool good = state.walk_items(text, sequence, limits.depth);
  state.forget_large();
  if (!good) return std::unexpected(state.error);
  into.count_ = static_cast<std::size_t>(state.next - state.nodes);
  return {};
}

}  // namespace gatehouse::json
