// The errors of an instance, in words that a client may see: the place, as a JSON pointer made only of names
// that the schema declares and of array indices ("*" replaces a name that the client chose), and the keyword
// that it broke. Never a value, never an undeclared name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::schema {

struct Finding {
  std::string at;  // RFC 6901
  // The keyword; and behind it, for operators, the default cap where the schema does not state it. A literal:
  // `maxLength (default cap, defaults.caps.string)`.
  std::string_view rule;
  std::string_view keyword() const { return rule.substr(0, rule.find(' ')); }
  bool operator==(const Finding&) const = default;
};

// The first ten, without repetitions, in the order of the instance.
class Findings {
 public:
  static constexpr std::size_t kMost = 10;

  void clear() { list_.clear(); }
  bool empty() const { return list_.empty(); }
  bool full() const { return list_.size() == kMost; }
  std::size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  const Finding& operator[](std::size_t i) const { return list_[i]; }

  void add(std::string at, std::string_view rule) {
    Finding finding{std::move(at), rule};
    if (full()) return;
    for (const Finding& known : list_) {
      if (known == finding) return;
    }
    list_.push_back(std::move(finding));
  }

 private:
  std::vector<Finding> list_;
};

}  // namespace gatehouse::schema
