// Sets of small numbers that live on the evaluator's stack and allocate nothing once a thread has warmed up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "json/document.h"
#include "schema/program.h"

namespace gatehouse::schema {

// Bits for the members or elements of one value: which of them some keyword has evaluated.
class Marks {
 public:
  explicit Marks(json::Value value) : count_(value.is_array() || value.is_object() ? value.size() : 0) {
    if (count_ > 64) words_ = borrow((count_ + 63) / 64);
  }
  ~Marks() {
    if (count_ > 64) --pool().used;
  }
  Marks(const Marks&) = delete;
  Marks& operator=(const Marks&) = delete;

  void set(std::size_t i) { words()[i / 64] |= std::uint64_t{1} << (i % 64); }
  bool test(std::size_t i) const { return (words()[i / 64] >> (i % 64) & 1U) != 0; }
  void set_all() { std::fill_n(words(), (count_ + 63) / 64, ~std::uint64_t{0}); }
  void merge(const Marks& other) { merge(other.words()); }
  void merge(const std::uint64_t* other) {
    for (std::size_t w = 0; w < (count_ + 63) / 64; ++w) words()[w] |= other[w];
  }
  std::span<const std::uint64_t> all() const { return {words(), (count_ + 63) / 64}; }

 private:
  // Vectors that a thread keeps, so that large values cost no allocation once it has warmed up.
  struct Pool {
    std::deque<std::vector<std::uint64_t>> vectors;
    std::size_t used = 0;
  };
  static Pool& pool() {
    thread_local Pool mine;
    return mine;
  }
  static std::uint64_t* borrow(std::size_t size) {
    Pool& mine = pool();
    if (mine.used == mine.vectors.size()) mine.vectors.emplace_back();
    std::vector<std::uint64_t>& vector = mine.vectors[mine.used++];
    vector.assign(size, 0);
    return vector.data();
  }
  std::uint64_t* words() { return count_ > 64 ? words_ : &word_; }
  const std::uint64_t* words() const { return count_ > 64 ? words_ : &word_; }

  std::size_t count_;
  std::uint64_t word_ = 0;
  std::uint64_t* words_ = nullptr;
};

// Which declared names an object has.
class Seen {
 public:
  explicit Seen(std::size_t names) {
    if (names > 64) {
      thread_local std::deque<std::vector<std::uint64_t>> kept;
      kept_ = &kept;
      if (depth() == kept.size()) kept.emplace_back();
      many_ = &kept[depth()++];
      many_->assign((names + 63) / 64, 0);
    }
  }
  ~Seen() {
    if (many_) --depth();
  }
  Seen(const Seen&) = delete;
  Seen& operator=(const Seen&) = delete;

  void add(std::uint32_t number) { word(number / 64) |= std::uint64_t{1} << (number % 64); }
  bool has(std::uint32_t number) { return (word(number / 64) >> (number % 64) & 1U) != 0; }
  bool has_all(const NameSet& set) {
    for (std::size_t w = 0; w < set.words.size(); ++w) {
      if ((set.words[w] & ~word(w)) != 0) return false;
    }
    return true;
  }

 private:
  static std::size_t& depth() {
    thread_local std::size_t used = 0;
    return used;
  }
  std::uint64_t& word(std::size_t w) { return many_ ? (*many_)[w] : word_; }

  std::uint64_t word_ = 0;
  std::vector<std::uint64_t>* many_ = nullptr;
  std::deque<std::vector<std::uint64_t>>* kept_ = nullptr;
};

}  // namespace gatehouse::schema
