// The `name=value` pairs of a query, a form body or cookies, sorted to the parameters they belong to.
// Internal to this room.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "openapi/codec.h"
#include "openapi/pair.h"
#include "openapi/plus.h"

namespace gatehouse::openapi {

// The names that may occur, made at load.
class NameTable {
 public:
  enum class Meaning : std::uint8_t {
    parameter,  // the parameter's own name
    property,   // a member of an exploded object
    deep,       // what stands before the bracket of a deepObject
    brackets,   // the same, with as many brackets as there are, or none
  };
  struct Entry {
    std::string name;
    std::uint16_t codec = 0;
    Meaning meaning = Meaning::parameter;
  };

  // False when the name is there already.
  bool add(Entry entry);
  const Entry* find(std::string_view name) const;
  // The entry for which servers may take a name that is not in the table: PHP reads ` a.b`, `a b` and `a[b`
  // as `a_b`, and `a[]` and `a[x]` as `a`; Rack reads `[a]` as `a`; ASP.NET reads `A` as `a`. `scratch` is
  // overwritten.
  const Entry* taken_for(std::string_view name, std::string& scratch) const;
  bool empty() const { return entries_.empty(); }
  const std::vector<Entry>& entries() const { return entries_; }

  // The codec that takes names that are not in the table: an exploded object with free members.
  std::optional<std::uint16_t> free;

 private:
  struct Folded {
    std::string name;
    std::string entry;  // its name
  };
  void add_folded(std::string_view folded, const std::string& entry);
  const Entry* find_folded(std::string_view folded) const;

  std::vector<Entry> entries_;  // sorted by length, then bytes
  std::vector<Folded> folded_;  // sorted in the same way
};

// Keeps its working memory.
class Pairs {
 public:
  // Each gives the rule that was broken and, where known, the codec that broke it.
  struct Broken {
    std::string_view rule;
    std::optional<std::uint16_t> codec;
    std::string_view name = {};  // of `undeclared`; until the pairs are read anew
    explicit operator bool() const { return !rule.empty(); }
  };

  void begin(std::size_t codecs, std::size_t bytes);
  // A query or form: parted by `&`; every name must be known, but for those that are `passed_over`. A name
  // that is free may not be taken for a known or a guarded one, as it is and when it is decoded again.
  Broken split(std::string_view raw, const NameTable& names, Encoding encoding, Semicolon semicolon,
               std::span<const std::string_view> passed_over = {}, const NameTable* guarded = nullptr);
  // One Cookie field (http/cookies.h); unknown names are passed over: they do not go on to an upstream. A
  // known one is refused where readers could disagree about its value. `raw` stays valid until the pairs are
  // read.
  Broken split_cookies(std::string_view raw, const NameTable& names, std::span<const Codec> codecs);

  // The first pair of that codec, or Pair::kEnd.
  std::uint32_t first(std::size_t codec) const { return slots_[codec].first; }
  std::span<const Pair> all() const { return pairs_; }

 private:
  struct Slot {
    std::uint32_t first = Pair::kEnd;
    std::uint32_t last = Pair::kEnd;
  };
  void add(std::uint16_t codec, Pair pair);
  Broken sort(std::string_view name, Pair pair, const NameTable& names, const NameTable* guarded);
  // Whether a server that decodes a name again, or decodes the whole query before it splits it, finds another
  // known or guarded name in it. `own`: the codec that the name belongs to, if its beginning is known.
  Broken find_hidden_name(std::string_view name, std::optional<std::uint16_t> own, const NameTable& names,
                          const NameTable* guarded);

  std::vector<Pair> pairs_;
  std::vector<Slot> slots_;
  std::string names_;  // decoded names; never grows beyond what begin() reserved
  std::string scratch_;
  std::string folded_;
  std::string again_;
};

}  // namespace gatehouse::openapi
