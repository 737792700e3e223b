#include "audit/credential_search.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <numeric>
#include <system_error>
#include <utility>

namespace gatehouse::audit {
namespace {

// Up to here, searching one by one costs less than an automaton.
constexpr std::size_t kOneByOne = std::size_t{16} << 10U;
constexpr std::size_t kEachSearch = 32;  // the cost of a search before its first byte, in bytes

bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
int hex_value(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

// `%XX` undone once; other text stays.
void undo_percent(std::string_view text, std::string& out, std::vector<std::uint32_t>& places) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    places.push_back(static_cast<std::uint32_t>(i));
    if (text[i] == '%' && i + 2 < text.size() && is_hex_digit(text[i + 1]) && is_hex_digit(text[i + 2])) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
}

// JSON's escapes undone; those of characters beyond ASCII, of which no field of a request has any, stay.
void undo_json(std::string_view text, std::string& out, std::vector<std::uint32_t>& places) {
  constexpr std::string_view kNames = "bfnrt", kValues = "\b\f\n\r\t";
  for (std::size_t i = 0; i < text.size(); ++i) {
    places.push_back(static_cast<std::uint32_t>(i));
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    ++i;
    unsigned code = 0;
    if (text[i] == 'u' && i + 4 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 5, code, 16).ptr == text.data() + i + 5 &&
        code < 0x80) {
      out += static_cast<char>(code);
      i += 4;
    } else {
      const auto name = kNames.find(text[i]);
      out += name == kNames.npos ? text[i] : kValues[name];
    }
  }
}

// The ASCII character of the character reference of HTML that begins at text[at], and how long it is: those
// by number, and the five names that every escaper knows. Length 0: there is none.
struct Reference {
  char character = 0;
  std::size_t size = 0;
};
constexpr std::size_t kLongestReference = 10;  // `&#x000041;`
Reference reference_at(std::string_view text, std::size_t at) {
  constexpr std::pair<std::string_view, char> kNamed[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  text = text.substr(at, kLongestReference);
  for (const auto& [name, character] : kNamed) {
    if (text.starts_with(name)) return {character, name.size()};
  }
  if (!text.starts_with("&#")) return {};
  const bool is_hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  const std::size_t digits = is_hex ? 3 : 2;
  unsigned code = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] =
      std::from_chars(text.data() + std::min(digits, text.size()), last, code, is_hex ? 16 : 10);
  if (error != std::errc() || end == last || *end != ';' || code >= 0x80) return {};
  return {static_cast<char>(code), static_cast<std::size_t>(end + 1 - text.data())};
}

bool has_references(std::string_view text) {
  for (auto at = text.find('&'); at != text.npos; at = text.find('&', at + 1)) {
    if (reference_at(text, at).size > 0) return true;
  }
  return false;
}

// Character references undone: pages of errors show a request so.
void undo_html(std::string_view text, std::string& out, std::vector<std::uint32_t>& places) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    places.push_back(static_cast<std::uint32_t>(i));
    const Reference reference = text[i] == '&' ? reference_at(text, i) : Reference();
    out += reference.size > 0 ? reference.character : text[i];
    if (reference.size > 0) i += reference.size - 1;
  }
}

constexpr std::array<std::int8_t, 256> kBase64 = [] {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kLetters.size(); ++i)
    values[static_cast<unsigned char>(kLetters[i])] = static_cast<std::int8_t>(i);
  values['+'] = values['-'] = 62;
  values['/'] = values['_'] = 63;
  return values;
}();
// Less is found in the bytes that any text stands for.
constexpr std::size_t kShortestCoded = 4;

int base64_value(char c) { return kBase64[static_cast<unsigned char>(c)]; }
bool is_line_end(char c) { return c == '\r' || c == '\n'; }

// The decoded bytes of each run of base64's characters (RFC 4648 sections 4 and 5), which may span several
// lines (RFC 2045 section 6.8), without its first `skip` characters: with 0 to 3 of them, an encoded text is
// found at every beginning within the encoded bytes. One zero byte replaces everything between two runs of at
// least `shortest` characters: several in a row could be taken for a credential that has zeros.
void undo_base64(std::string_view text, std::size_t skip, std::size_t shortest, std::string& out,
                 std::vector<std::uint32_t>& places) {
  bool parted = true;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t had = out.size();
    std::size_t end = i, signs = 0;
    for (; end < text.size() && (base64_value(text[end]) >= 0 || is_line_end(text[end])); ++end) {
      if (!is_line_end(text[end])) ++signs;
    }
    unsigned bits = 0, held = 0;
    std::size_t before = i, left_out = signs < shortest ? signs : skip;
    for (std::size_t at = i; at < end; ++at) {
      if (is_line_end(text[at])) continue;
      if (left_out > 0) {
        --left_out;
      } else {
        bits = bits << 6U | static_cast<unsigned>(base64_value(text[at]));
        held += 6;
        if (held >= 8) {
          held -= 8;
          out += static_cast<char>(bits >> held & 0xffU);
          places.push_back(static_cast<std::uint32_t>(before));
        }
      }
      before = at;
    }
    parted = parted && out.size() == had;
    if (end < text.size()) {
      if (!parted) {
        out += '\0';
        places.push_back(static_cast<std::uint32_t>(end));
        parted = true;
      }
      ++end;
    }
    i = end;
  }
}

// Other spellings of a text: the byte with which each escape begins, how long one is at most, whether there
// is one, and how they are undone. `places`: where each byte of `out` stands in the text.
struct Spelling {
  char mark;
  std::size_t longest;
  bool (*occurs)(std::string_view text);
  void (*undo)(std::string_view text, std::string& out, std::vector<std::uint32_t>& places);

  // Without an escape at the end that could have been cut.
  std::string_view finished(std::string_view text) const {
    const std::size_t last = text.rfind(mark);
    return last != text.npos && text.size() - last < longest ? text.substr(0, last) : text;
  }
};
constexpr Spelling kSpellings[] = {
    {'%', 3, [](std::string_view text) { return text.contains('%'); }, undo_percent},
    {'\\', 6, [](std::string_view text) { return text.contains('\\'); }, undo_json},
    {'&', kLongestReference, has_references, undo_html}};

}  // namespace

void CredentialSearch::look_for(std::span<const std::string_view> credentials, std::size_t text_bytes) {
  credentials_.clear();
  shortest_ = std::string_view::npos / 8;
  for (const std::string_view credential : credentials) {
    if (credential.empty()) continue;
    credentials_.push_back(credential);
    shortest_ = std::min(shortest_, credential.size());
  }
  automaton_ = credentials_.size() * (text_bytes + kEachSearch) > kOneByOne;
  if (automaton_) make_automaton();
}

// Breadth first over the sorted credentials: those of a node begin alike, and each next byte of theirs is a
// child.
void CredentialSearch::make_automaton() {
  std::ranges::sort(credentials_);
  nodes_.assign(1, Node{});
  parts_.assign(1, Part{0, static_cast<std::uint32_t>(credentials_.size()), 0});
  for (std::uint32_t at = 0; at < nodes_.size(); ++at) {
    auto [first, last, depth] = parts_[at];
    const auto first_child = static_cast<std::uint32_t>(nodes_.size());
    steps_ += last - first;
    for (; first < last && credentials_[first].size() == depth; ++first) nodes_[at].longest = depth;
    while (first < last) {
      const char byte = credentials_[first][depth];
      std::uint32_t end = first + 1;
      while (end < last && credentials_[end][depth] == byte) ++end;
      nodes_.push_back({.byte = byte});
      parts_.push_back({first, end, depth + 1});
      first = end;
    }
    nodes_[at].first_child = first_child;
    nodes_[at].children = static_cast<std::uint16_t>(nodes_.size() - first_child);
    // The children's failures: where this node's own would go with the same byte. Those of shorter beginnings
    // are known.
    for (std::uint32_t child = first_child; child < nodes_.size(); ++child) {
      nodes_[child].failure = at == 0 ? 0 : next(nodes_[at].failure, nodes_[child].byte);
    }
    Node& node = nodes_[at];
    node.longest = std::max(node.longest, nodes_[node.failure].longest);
  }
}

std::uint32_t CredentialSearch::child_of(std::uint32_t node, char byte) {
  const std::span<const Node> children(nodes_.data() + nodes_[node].first_child, nodes_[node].children);
  ++steps_;
  const auto found =
      std::ranges::lower_bound(children, static_cast<unsigned char>(byte), {},
                               [](const Node& child) { return static_cast<unsigned char>(child.byte); });
  if (found == children.end() || found->byte != byte) return 0;
  return nodes_[node].first_child + static_cast<std::uint32_t>(found - children.begin());
}

std::uint32_t CredentialSearch::next(std::uint32_t node, char byte) {
  for (;; node = nodes_[node].failure) {
    if (const std::uint32_t child = child_of(node, byte); child != 0) return child;
    if (node == 0) return 0;
  }
}

bool CredentialSearch::occurs_in(std::string_view text) {
  if (!automaton_) {
    steps_ += credentials_.size() * text.size();
    return std::ranges::any_of(credentials_, [&](std::string_view credential) {
      return credential.size() <= text.size() &&
             ::memmem(text.data(), text.size(), credential.data(), credential.size()) != nullptr;
    });
  }
  std::uint32_t node = 0;
  for (const char c : text) {
    node = next(node, c);
    if (nodes_[node].longest > 0) return true;
  }
  return false;
}

// The text as it is, and with each spelling undone; and each of these with its base64 undone. Ends, and
// returns true, if `visit(reading)` does. Of a text that may have been cut, without the rest of an escape
// too.
template <typename Visit>
bool CredentialSearch::any_reading(std::string_view text, End end, Visit&& visit) {
  const std::size_t shortest = end == End::may_be_cut ? std::min(shortest_, kTelling) : shortest_;
  const auto each = [&](const Reading& reading) {
    if (visit(reading)) return true;
    if (shortest_ < kShortestCoded) return false;
    for (std::size_t skip = 0; skip < 4; ++skip) {
      decoded_.clear();
      undo_base64(reading.text, skip, (4 * shortest + 2) / 3, decoded_.text, decoded_.places);
      decoded_.places.push_back(static_cast<std::uint32_t>(reading.text.size()));
      steps_ += reading.text.size();
      for (std::uint32_t& place : decoded_.places) place = reading.places[place];
      if (visit(decoded_)) return true;
    }
    return false;
  };
  read_.clear();
  read_.text = text;
  read_.places.resize(text.size() + 1);
  std::iota(read_.places.begin(), read_.places.end(), 0U);
  if (each(read_)) return true;
  for (const Spelling& spelling : kSpellings) {
    if (!spelling.occurs(text)) continue;
    const std::string_view finished = end == End::may_be_cut ? spelling.finished(text) : text;
    for (const std::string_view part : {text, finished}) {
      read_.clear();
      spelling.undo(part, read_.text, read_.places);
      read_.places.push_back(static_cast<std::uint32_t>(text.size()));
      if (each(read_)) return true;
      if (finished.size() == text.size()) break;
    }
  }
  return false;
}

bool CredentialSearch::is_repeated_in(std::string_view text) {
  if (credentials_.empty()) return false;
  if (occurs_in(text)) return true;
  return any_reading(text, End::whole, [&](const Reading& reading) { return occurs_in(reading.text); });
}

// Adds the runs, each apart from the others and behind those before.
void CredentialSearch::collect(std::string_view text, std::vector<Range>& ranges) {
  const std::size_t before = ranges.size();
  std::uint32_t node = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    node = next(node, text[i]);
    if (nodes_[node].longest == 0) continue;
    Range range{i + 1 - nodes_[node].longest, i + 1};
    for (; ranges.size() > before && ranges.back().end > range.begin; ranges.pop_back())
      range.begin = std::min(range.begin, ranges.back().begin);
    ranges.push_back(range);
  }
}

std::size_t CredentialSearch::beginning_at_end(std::string_view text) {
  std::uint32_t node = 0;
  for (const char c : text) node = next(node, c);
  return parts_[node].depth;
}

std::string CredentialSearch::without(std::string_view text, std::string_view mark, End end) {
  if (credentials_.empty()) return std::string(text);
  if (!automaton_) {
    make_automaton();
    automaton_ = true;
  }
  std::vector<Range> ranges;
  any_reading(text, end, [&](const Reading& reading) {
    const std::size_t before = ranges.size();
    collect(reading.text, ranges);
    for (Range& range : std::span(ranges).subspan(before))
      range = {reading.places[range.begin], reading.places[range.end]};
    const std::size_t begun = end == End::may_be_cut ? beginning_at_end(reading.text) : 0;
    if (begun >= kTelling) ranges.push_back({reading.places[reading.text.size() - begun], text.size()});
    return false;
  });
  std::ranges::sort(ranges, {}, &Range::begin);
  std::string clean;
  std::size_t done = 0;
  for (const Range& range : ranges) {
    if (range.end <= done) continue;
    if (range.begin >= done) {
      clean += text.substr(done, range.begin - done);
      clean += mark;
    }
    done = range.end;
  }
  return clean.append(text.substr(done));
}

}  // namespace gatehouse::audit
