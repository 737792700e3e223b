// The pairs of a raw query, in order and not decoded: the parameter reader decodes, exactly once.
#pragma once

#include <cstddef>
#include <iterator>
#include <string_view>

namespace gatehouse::http {

struct QueryPair {
  std::string_view name;   // raw
  std::string_view value;  // raw; empty without `=` too
  bool has_equals = false;
};

// `a=1&b&c=` gives (a,1), (b,), (c,). Empty pieces (`a&&b`, a final `&`) are pairs with an empty name: the
// reader of declared parameters refuses them. An empty query has no pairs. Only `&` separates.
class QueryPairs {
 public:
  class Iterator {
   public:
    using value_type = QueryPair;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const QueryPair*;
    using reference = const QueryPair&;

    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest), at_end_(rest.empty()) {
      if (!at_end_) read();
    }
    const QueryPair& operator*() const { return pair_; }
    const QueryPair* operator->() const { return &pair_; }
    Iterator& operator++() {
      if (last_) {
        at_end_ = true;
      } else {
        read();
      }
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return at_end_; }

   private:
    void read() {
      const auto ampersand = rest_.find('&');
      const auto piece = rest_.substr(0, ampersand);
      last_ = ampersand == std::string_view::npos;
      if (!last_) rest_.remove_prefix(ampersand + 1);
      const auto equals = piece.find('=');
      pair_.has_equals = equals != std::string_view::npos;
      pair_.name = piece.substr(0, equals);
      pair_.value = pair_.has_equals ? piece.substr(equals + 1) : std::string_view{};
    }

    std::string_view rest_;
    QueryPair pair_;
    bool last_ = true;
    bool at_end_ = true;
  };

  explicit QueryPairs(std::string_view query) : query_(query) {}
  Iterator begin() const { return Iterator(query_); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::string_view query_;
};

}  // namespace gatehouse::http
