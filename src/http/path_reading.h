// How an upstream may read the segments of a path that Gatehouse has routed.
//
// Frameworks differ: Express and ASP.NET compare routes without case; servlet containers cut a segment at
// `;`; Rails and Spring take `.json` for a format; Windows leaves dots and spaces at the end out; Express and
// Flask take a final slash for none; a proxy in front of them may decode once more.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::http {

// Whether an upstream compares the letters of a path with those of its routes.
enum class LetterCase : std::uint8_t {
  unknown,      // it may or may not
  sensitive,    // `Admin` is never `admin`
  insensitive,  // `Admin` is `admin`, for Gatehouse as well
};
enum class PathCuts : std::uint8_t {
  lenient,  // it may cut, trim and decode again as above
  exact,    // it decodes once and compares whole segments
};
struct PathReading {
  LetterCase letters = LetterCase::unknown;
  PathCuts cuts = PathCuts::lenient;
};

// One segment, or a literal of a template, as the most generous reader has it: decoded as often as it can be,
// without white space in front, in one letter case. Time and memory are linear in the segment.
class SegmentReading {
 public:
  SegmentReading(std::string_view raw, PathReading reading);
  SegmentReading(const SegmentReading&) = delete;
  SegmentReading& operator=(const SegmentReading&) = delete;

  // Valid as long as both this and `raw`.
  std::string_view text() const { return text_; }
  // Decoded more than once it holds a separator, or is a dot segment: it leads to another path.
  bool leaves_segment() const;
  // It holds a `?` or `#`, with which the path ends for a proxy that writes it decoded into its own request,
  // so that segments are missing there: those behind it, or it itself where it begins so.
  bool drops_segments(bool last) const {
    const auto end = cuts_ == PathCuts::lenient ? text_.find_first_of("?#") : std::string_view::npos;
    return end != std::string_view::npos && (end == 0 || !last);
  }

  // Calls `visit(std::size_t size, std::uint64_t hash)` for each beginning of the text that an upstream may
  // take for the whole segment, the whole text among them. `hash` is hash_of() that beginning.
  template <typename Visit>
  void for_each_end(Visit visit) const {
    std::uint64_t hash = kSeed;
    std::size_t blank_at = 0;  // where the white space that comes now began
    std::uint64_t blank_hash = kSeed;
    bool blank = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == ' ' && !blank) {
        blank = true;
        blank_at = i;
        blank_hash = hash;
      }
      if (cuts_ == PathCuts::lenient && ends_segment(c)) {
        if (blank) visit(blank_at, blank_hash);
        visit(i, hash);
      }
      if (c != ' ') blank = false;
      hash = step(hash, c);
    }
    if (blank && cuts_ == PathCuts::lenient) visit(blank_at, blank_hash);
    visit(text_.size(), hash);
  }
  static std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = kSeed;
    for (const char c : text) hash = step(hash, c);
    return hash;
  }

 private:
  static constexpr std::uint64_t kSeed = 0xCBF29CE484222325ULL;  // FNV-1a
  static std::uint64_t step(std::uint64_t hash, char c) {
    return (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3ULL;
  }
  // The beginning of a matrix parameter, of a suffix, of the query for a reader that decodes first (a proxy
  // that writes the decoded path into its own request), or the end of a C string or a line.
  static bool ends_segment(char c) {
    return c == ';' || c == '.' || c == '?' || c == '#' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  }

  PathCuts cuts_;
  std::string own_;
  std::string_view text_;  // of `raw` where that reads as itself, else of `own_`
};

}  // namespace gatehouse::http
