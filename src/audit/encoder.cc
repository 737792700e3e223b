#include "audit/encoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>

#include "audit/credential_search.h"
#include "audit/event_fields.h"
#include "base/utf8.h"
#include "core/identity.h"

namespace gatehouse::audit {

namespace {

constexpr std::string_view kRedacted = "[redacted]";
constexpr std::string_view kCut = "\xe2\x80\xa6";

constexpr bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// Whether all bytes of a word go out as they are.
template <typename Word>
[[gnu::always_inline]] inline bool all_plain(Word word) {
  constexpr Word kOnes = static_cast<Word>(~Word{0}) / 255;
  constexpr Word kTops = kOnes * 0x80;
  const auto below = [](Word bytes, Word bound) { return (bytes - kOnes * bound) & ~bytes; };
  return ((word | (word + kOnes) | below(word, 0x20) | below(word ^ (kOnes * '"'), 1) |
           below(word ^ (kOnes * '\\'), 1)) &
          kTops) == 0;
}

// Sixteen at once. A byte beyond ASCII is negative.
using Sixteen [[gnu::vector_size(16)]] = signed char;
template <>
[[gnu::always_inline]] inline bool all_plain(Sixteen bytes) {
  const auto special = (bytes < 0x20) | (bytes == 0x7f) | (bytes == '"') | (bytes == '\\');
  std::array<std::uint64_t, 2> halves;
  std::memcpy(halves.data(), &special, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

template <typename Word>
[[gnu::always_inline]] inline bool copy_word(char* to, const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  std::memcpy(to, &word, sizeof word);
  return all_plain(word);
}

// Copies the bytes that need no escape, up to the first that does; returns their number. Word by word, the
// last of which begins within the one before, so that up to fifteen bytes after them may be written too.
std::size_t copy_plain(char* to, std::string_view text) {
  const char* const from = text.data();
  const std::size_t size = text.size();
  const auto both_ends = [&]<typename Word>(Word) {
    const std::size_t last = size - sizeof(Word);
    return copy_word<Word>(to, from) && copy_word<Word>(to + last, from + last);
  };
  std::size_t i = 0;
  if (size >= 16) {
    while (i + 16 <= size && copy_word<Sixteen>(to + i, from + i)) i += 16;
    if (i + 16 > size && copy_word<Sixteen>(to + size - 16, from + size - 16)) return size;
  } else if (size >= 8) {
    if (both_ends(std::uint64_t{})) return size;
  } else if (size >= 4) {
    if (both_ends(std::uint32_t{})) return size;
  }
  for (; i < size && is_plain(from[i]); ++i) to[i] = from[i];
  return i;
}

// Writes into memory that holds the longest line there can be.
class Line {
 public:
  Line(char* begin, CredentialSearch& credentials) : at_(begin), credentials_(credentials) {}

  char* end() const { return at_; }

  void raw(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  // A word of a closed list; empty is null.
  void word(std::string_view text) {
    if (text.empty()) return raw("null");
    *at_++ = '"';
    raw(text);
    *at_++ = '"';
  }

  // A text of Gatehouse or of its configuration, or a fact about the request; empty is null.
  void known(std::string_view text, std::size_t most = kLongestText) {
    if (text.empty()) return raw("null");
    *at_++ = '"';
    escaped(text, most);
    *at_++ = '"';
  }

  void number(std::uint64_t value) { at_ = std::to_chars(at_, at_ + 24, value).ptr; }
  void number(const std::optional<std::uint64_t>& value) { value ? number(*value) : raw("null"); }

  void milliseconds(std::chrono::nanoseconds duration) {
    const auto microseconds =
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
    number(static_cast<std::uint64_t>(microseconds / 1000));
    *at_++ = '.';
    digits(static_cast<std::uint64_t>(microseconds % 1000), 3);
  }

  void attributes(std::span<const Attribute> list) {
    *at_++ = '{';
    const char* const start = at_;
    for (const Attribute& attribute : list.first(std::min(list.size(), kMostAttributes))) {
      if (at_ != start) *at_++ = ',';
      known(attribute.name.empty() ? std::string_view("-") : attribute.name);
      *at_++ = ':';
      *at_++ = '"';
      escaped(attribute.value, kLongestText);
      *at_++ = '"';
    }
    *at_++ = '}';
  }

  void names(std::span<const std::string> list) {
    *at_++ = '[';
    for (const std::string& one : list.first(std::min(list.size(), kMostDropped))) {
      if (at_[-1] != '[') *at_++ = ',';
      *at_++ = '"';
      escaped(one, kLongestDropped);
      *at_++ = '"';
    }
    *at_++ = ']';
  }

  void people(std::span<const Proven> list) {
    *at_++ = '[';
    for (const Proven& one : list.first(std::min(list.size(), kMostProven))) {
      if (at_[-1] == '}') *at_++ = ',';
      raw(R"({"user.id":)");
      known(one.user_id, kLongestId);
      raw(R"(,"auth.scheme":)");
      known(one.scheme);
      raw(R"(,"auth.issuer":)");
      known(one.issuer);
      raw(R"(,"auth.credential.id":)");
      known(one.credential_id);
      *at_++ = '}';
    }
    *at_++ = ']';
  }

  // Words of Gatehouse's own, and behind them what others said, without the runs that are a credential of
  // the request.
  void detail(const Event& event) {
    *at_++ = '"';
    escaped(event.detail, kLongestDetail);
    if (!event.said.empty()) {
      if (!event.detail.empty()) raw(": ");
      credentials_.look_for(event.credentials, event.said.size());
      free(event.said, kLongestDetail);
    }
    *at_++ = '"';
  }

  // RFC 3339 in UTC, to the microsecond.
  void time(WallTime at) {
    *at_++ = '"';
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const auto microseconds =
        static_cast<std::uint64_t>(std::chrono::floor<std::chrono::microseconds>(at - day).count());
    const std::uint64_t seconds = microseconds / 1'000'000;
    digits(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    *at_++ = '-';
    digits(static_cast<unsigned>(date.month()), 2);
    *at_++ = '-';
    digits(static_cast<unsigned>(date.day()), 2);
    *at_++ = 'T';
    digits(seconds / 3600, 2);
    *at_++ = ':';
    digits(seconds / 60 % 60, 2);
    *at_++ = ':';
    digits(seconds % 60, 2);
    *at_++ = '.';
    digits(microseconds % 1'000'000, 6);
    raw("Z\"");
  }

  void address(const IpAddress* address) {
    if (address == nullptr) return raw("null");
    *at_++ = '"';
    if (address->family() == IpAddress::Family::v6) {
      raw(address->text());
    } else {
      for (std::size_t i = 0; i < 4; ++i) {
        if (i != 0) *at_++ = '.';
        number(std::uint64_t{address->bytes()[i]});
      }
    }
    *at_++ = '"';
  }

 private:
  // Two or six digits, and the like.
  void digits(std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      at_[i] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    at_ += count;
  }

  // Within quotes, a text that others may have a say in: without the runs that are a credential of the
  // request.
  void free(std::string_view text, std::size_t most) {
    char* const start = at_;
    const auto written = [&] { return std::string_view(start, static_cast<std::size_t>(at_ - start)); };
    escaped(text, most);
    const bool repeated = credentials_.is_repeated_in(text);
    if (repeated || (written().size() != text.size() && credentials_.occurs_in(written()))) {
      at_ = start;
      if (repeated) escaped(credentials_.without(text, kRedacted), most);
      // Escaping, or the text on both sides of a run, can make one too.
      if (!repeated || credentials_.occurs_in(written())) {
        at_ = start;
        raw(kRedacted);
      }
    }
  }

  void escaped(std::string_view text, std::size_t most) {
    if (text.size() <= most) [[likely]] {
      const std::size_t plain = copy_plain(at_, text);
      at_ += plain;
      if (plain == text.size()) return;
      text.remove_prefix(plain);
      most -= plain;
    }
    escaped_slowly(text, most);
  }

  [[gnu::noinline]] void escaped_slowly(std::string_view text, std::size_t most) {
    const bool cut = text.size() > most;
    if (cut) {
      while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80) --most;
      text = text.substr(0, most);
    }
    for (std::size_t i = 0;;) {
      const std::size_t plain = copy_plain(at_, text.substr(i));
      at_ += plain;
      i += plain;
      if (i == text.size()) break;
      const Utf8Character character = first_character(text.substr(i));
      i += std::max<std::size_t>(character.size, 1);
      if (character.size == 0) {
        raw("\xef\xbf\xbd");
      } else if (character.code == '"' || character.code == '\\') {
        *at_++ = '\\';
        *at_++ = static_cast<char>(character.code);
      } else if (deceives(character.code)) {
        spelled_.clear();
        append_escaped(spelled_, character.code);
        raw(spelled_);
      } else {
        raw(text.substr(i - character.size, character.size));
      }
    }
    if (cut) raw(kCut);
  }

  char* at_;
  CredentialSearch& credentials_;
  std::string spelled_;
};

// ---- the list of fields, as code: what follows is unrolled for each of them

template <std::size_t I>
constexpr const auto& kField = std::get<I>(kEventFields);

// The bytes that a value takes at most.
constexpr std::size_t longest(Form form) {
  constexpr std::size_t kEscaped = 6;  // bytes for each of a text
  constexpr std::size_t kShort = 32;   // a time, a number, an address of IPv4 without escapes
  switch (form) {
    case Form::text: return kEscaped * kLongestText;
    case Form::id: return kEscaped * kLongestId;
    case Form::attributes: return kEscaped * kMostAttributes * 2 * kLongestText;
    case Form::names: return kEscaped * kMostDropped * kLongestDropped;
    case Form::people: return kMostProven * (kEscaped * (3 * kLongestText + kLongestId) + 4 * kShort);
    case Form::detail: return kEscaped * 2 * kLongestDetail;
    case Form::address: return 2 * kShort;
    case Form::time:
    case Form::word:
    case Form::number:
    case Form::milliseconds: return kShort;
  }
  return 0;
}
// Quotes, commas and `…` beside them; and a copy may write fifteen bytes behind its end.
constexpr std::size_t kLongestLine = [] {
  std::size_t size = 4096;
  for (const FieldFacts& facts : kFieldFacts) size += facts.name.size() + longest(facts.form);
  return size;
}();

bool is_known(std::string_view text) { return !text.empty(); }
template <typename T>
bool is_known(std::span<T> list) {
  return !list.empty();
}
bool is_known(const std::optional<std::uint64_t>& number) { return number.has_value(); }
bool is_known(const Event* detail) { return detail != nullptr; }

template <std::size_t I>
[[gnu::always_inline]] inline void write_field(Line& line, const Event& event) {
  constexpr Form kForm = kField<I>.form;
  const auto& value = std::invoke(kField<I>.get, event);
  if constexpr (kField<I>.presence == Presence::when_known) {
    if (!is_known(value)) return;
  }
  line.raw({kFieldKey<I>.data(), kFieldKey<I>.size()});
  if constexpr (kForm == Form::text) line.known(value);
  if constexpr (kForm == Form::id) line.known(value, kLongestId);
  if constexpr (kForm == Form::word) line.word(value);
  if constexpr (kForm == Form::time) line.time(value);
  if constexpr (kForm == Form::address) line.address(value);
  if constexpr (kForm == Form::number) line.number(value);
  if constexpr (kForm == Form::milliseconds) line.milliseconds(value);
  if constexpr (kForm == Form::attributes) line.attributes(value);
  if constexpr (kForm == Form::names) line.names(value);
  if constexpr (kForm == Form::people) line.people(value);
  if constexpr (kForm == Form::detail) line.detail(*value);
}

char* write(char* begin, const Event& event) {
  thread_local CredentialSearch credentials;
  Line line(begin, credentials);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (write_field<I>(line, event), ...);
  }(std::make_index_sequence<kEventFieldCount>());
  line.raw("}\n");
  return line.end();
}

}  // namespace

void append_event(std::string& out, const Event& event) {
  const std::size_t before = out.size();
  // Grows by doubling, so that the space for a line is found and not made.
  if (out.capacity() < before + kLongestLine) out.reserve(2 * (before + kLongestLine));
  out.resize_and_overwrite(before + kLongestLine, [&](char* data, std::size_t) {
    return static_cast<std::size_t>(write(data + before, event) - data);
  });
}

void scrub(std::string& text, std::span<const std::string_view> credentials) {
  CredentialSearch search;
  search.look_for(credentials, text.size());
  text = search.without(text, kRedacted, CredentialSearch::End::may_be_cut);
}

}  // namespace gatehouse::audit
