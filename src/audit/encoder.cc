#include "audit/encoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "audit/credential_search.h"
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

  // A word of an enumeration.
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

  // Within quotes: words of Gatehouse's own.
  void words(std::string_view text, std::size_t most) { escaped(text, most); }

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

  void number(std::uint64_t value) { at_ = std::to_chars(at_, at_ + 24, value).ptr; }

  // Two or six digits, and the like.
  void digits(std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i) {
      at_[i] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    at_ += count;
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

  void dropped(std::span<const std::string> list) {
    raw(R"(,"http.request.dropped":[)");
    for (const std::string& one : list.first(std::min(list.size(), kMostDropped))) {
      if (at_[-1] != '[') *at_++ = ',';
      *at_++ = '"';
      escaped(one, kLongestDropped);
      *at_++ = '"';
    }
    *at_++ = ']';
  }

  void proven(std::span<const Proven> list) {
    raw(R"(,"auth.also":[)");
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

  // RFC 3339 in UTC, to the microsecond.
  void time(WallTime at) {
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
    *at_++ = 'Z';
  }

  void address(const IpAddress& address) {
    if (address.family() == IpAddress::Family::v6) return raw(address.text());
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != 0) *at_++ = '.';
      number(address.bytes()[i]);
    }
  }

 private:
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

// Each byte of a text takes six at most. Twenty-one texts, two lists of attributes, the dropped names, the
// other principals, a detail of two parts, and the fixed ones.
constexpr std::size_t kLongestLine =
    6 * ((21 + 2 * kMostAttributes * 2 + kMostProven * 4) * kLongestText + (1 + kMostProven) * kLongestId +
         kMostDropped * kLongestDropped + 2 * kLongestDetail) +
    4096;

char* write(char* begin, const Event& event) {
  thread_local CredentialSearch credentials;
  Line line(begin, credentials);
  line.raw(R"({"time":")");
  line.time(event.time);
  line.raw(R"(","event.name":)");
  line.known(event.name);
  line.raw(R"(,"request.id":)");
  line.known(event.request_id);
  line.raw(R"(,"trace.id":)");
  line.known(event.trace_id);
  if (!event.caller_trace_id.empty()) {
    line.raw(R"(,"trace.caller.id":)");
    line.known(event.caller_trace_id);
  }
  line.raw(R"(,"client.address":)");
  if (event.has_client) {
    line.raw("\"");
    line.address(event.client);
    line.raw("\"");
  } else {
    line.raw("null");
  }
  line.raw(R"(,"http.request.method":)");
  line.known(event.method);
  line.raw(R"(,"http.route":)");
  line.known(event.route);
  line.raw(R"(,"operation":)");
  line.known(event.operation);
  line.raw(R"(,"resource":)");
  line.attributes(event.resource);
  if (!event.query.empty()) {
    line.raw(R"(,"query":)");
    line.attributes(event.query);
  }
  if (!event.dropped.empty()) line.dropped(event.dropped);
  line.raw(R"(,"user.id":)");
  line.known(event.user_id, kLongestId);
  line.raw(R"(,"auth.scheme":)");
  line.known(event.scheme);
  line.raw(R"(,"auth.issuer":)");
  line.known(event.issuer);
  line.raw(R"(,"auth.credential.id":)");
  line.known(event.credential_id);
  if (!event.also.empty()) line.proven(event.also);
  line.raw(R"(,"outcome":)");
  line.word(name(event.outcome));
  line.raw(R"(,"stage":)");
  line.word(name(event.stage));
  line.raw(R"(,"reason":)");
  line.known(event.reason);
  line.raw(R"(,"rule":)");
  line.known(event.rule);
  line.raw(R"(,"sensitive":)");
  line.known(event.sensitive);
  if (!event.sensitive.empty() && event.outcome != Outcome::open) {
    line.raw(R"(,"effect":)");
    line.word(name(event.effect));
  }
  line.raw(R"(,"http.response.status_code":)");
  if (event.status == 0) {
    line.raw("null");
  } else {
    line.number(event.status);
  }
  const auto microseconds = std::max<std::int64_t>(
      0, std::chrono::duration_cast<std::chrono::microseconds>(event.duration).count());
  line.raw(R"(,"duration_ms":)");
  line.number(static_cast<std::uint64_t>(microseconds / 1000));
  line.raw(".");
  line.digits(static_cast<std::uint64_t>(microseconds % 1000), 3);
  line.raw(R"(,"http.request.body.size":)");
  line.number(event.request_body_size);
  line.raw(R"(,"http.response.body.size":)");
  line.number(event.response_body_size);
  if (!event.upstream.empty()) {
    line.raw(R"(,"upstream.name":)");
    line.known(event.upstream);
    line.raw(R"(,"upstream.status_code":)");
    line.number(event.upstream_status);
  }
  if (!event.detail.empty() || !event.said.empty()) {
    line.raw(R"(,"detail":")");
    line.words(event.detail, kLongestDetail);
    if (!event.said.empty()) {
      if (!event.detail.empty()) line.raw(": ");
      credentials.look_for(event.credentials, event.said.size());
      line.free(event.said, kLongestDetail);
    }
    line.raw("\"");
  }
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
