// Finds the credentials of one request in texts about it, all of them in one pass.
//
// Few credentials in short texts are searched one by one. Beyond a bound they become one automaton (Aho and
// Corasick, "Efficient string matching: an aid to bibliographic search"): building it costs a few steps for
// each byte of the credentials, and a search a few for each byte of the text, for any input of the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::audit {

class CredentialSearch {
 public:
  // Borrows the credentials until the next call; empty ones count for nothing. `text_bytes`: how much text
  // will be searched, about.
  void look_for(std::span<const std::string_view> credentials, std::size_t text_bytes);

  // Whether one of them is in the text as it is.
  bool occurs_in(std::string_view text);
  // Whether one of them is in the text: as it is, percent-encoded, or escaped as JSON or HTML does, and in
  // base64, of either alphabet, beside other bytes or alone.
  bool is_repeated_in(std::string_view text);
  // The text with `mark` in place of every run of bytes that is_repeated_in() would find. A text that may
  // have been cut off loses a beginning of a credential at its end, too, from kTelling bytes on.
  enum class End : std::uint8_t { whole, may_be_cut };
  std::string without(std::string_view text, std::string_view mark, End end = End::whole);
  static constexpr std::size_t kTelling = 8;

  // Bytes of credentials and text that were looked at since this was made. Shows that the work is linear.
  std::uint64_t steps() const { return steps_; }

 private:
  struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  struct Node {
    std::uint32_t first_child = 0;  // the children are side by side, in the order of their bytes
    std::uint32_t failure = 0;      // the longest other beginning of a credential that this one ends in
    std::uint32_t longest = 0;      // the size of the longest credential that ends here
    std::uint16_t children = 0;
    char byte = 0;
  };

  struct Reading {
    std::string text;
    std::vector<std::uint32_t> places;  // of each of its bytes in the text that is searched, and of the end
    void clear() {
      text.clear();
      places.clear();
    }
  };
  template <typename Visit>
  bool any_reading(std::string_view text, End end, Visit&& visit);
  void make_automaton();
  // Positions as in look_for(): 0 if there is no such child.
  std::uint32_t child_of(std::uint32_t node, char byte);
  std::uint32_t next(std::uint32_t node, char byte);
  void collect(std::string_view text, std::vector<Range>& ranges);
  // How many bytes at the end of the text are the beginning of a credential.
  std::size_t beginning_at_end(std::string_view text);

  std::vector<std::string_view> credentials_;
  bool automaton_ = false;
  std::vector<Node> nodes_;
  struct Part {  // credentials that begin alike: those of a node
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t depth = 0;
  };
  std::vector<Part> parts_;
  std::size_t shortest_ = 0;  // of credentials_
  Reading read_, decoded_;
  std::uint64_t steps_ = 0;
};

}  // namespace gatehouse::audit
