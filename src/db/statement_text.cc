#include "db/statement_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace gatehouse::db {

namespace {

constexpr std::size_t kMostParameters = 99;  // so that `?N` is never longer than the shortest name, `:a.b`

// SQLite counts every byte above 0x7f as a letter, and `$` as one behind the first.
bool begins_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_identifier(char c) { return begins_identifier(c) || (c >= '0' && c <= '9') || c == '$'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) { result_.text = text; }

  std::expected<StatementText, CatalogueProblem> scan() {
    while (at_ < text_.size()) {
      if (skip_blank()) continue;
      if (problem_) return std::unexpected(*problem_);
      if (ended_) return problem(at_, "only one statement is allowed: nothing may follow its `;`");
      token();
      if (problem_) return std::unexpected(*problem_);
    }
    return std::move(result_);
  }

 private:
  static std::unexpected<CatalogueProblem> problem(std::size_t offset, std::string what) {
    return std::unexpected(CatalogueProblem{offset, std::move(what)});
  }
  void refuse(std::size_t offset, std::string what) { problem_ = CatalogueProblem{offset, std::move(what)}; }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  // White space and comments.
  bool skip_blank() {
    if (is_space(peek())) {
      ++at_;
      return true;
    }
    if (peek() == '-' && peek(1) == '-') {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return true;
    }
    if (peek() == '/' && peek(1) == '*') {
      const std::size_t end = text_.find("*/", at_ + 2);
      if (end == std::string_view::npos) {
        refuse(at_, "the comment is not closed: `*/` is missing");
        return false;
      }
      at_ = end + 2;
      return true;
    }
    return false;
  }

  void token() {
    const char c = peek();
    if (c == '\'' || c == '"' || c == '`') return quoted(c);
    if (c == '[') return bracketed();
    if (c == ':') return parameter();
    if (c == '?' || c == '@' || c == '$' || c == '#') {
      return refuse(
          at_,
          fmt::format("`{}` is not a parameter here: name the source of the value, as in `:path.id`", c));
    }
    if (c == '\0') return refuse(at_, "a statement cannot contain a NUL byte");
    if (c == ';') ended_ = true;
    if (begins_identifier(c)) return word();
    if (c >= '0' && c <= '9') {  // `1e5`, `0x1F`: letters that follow belong to the number
      while (continues_identifier(peek())) ++at_;
      return;
    }
    ++at_;
  }

  // VACUUM, for one, writes files without asking the authorizer: only statements that begin with one of these
  // are accepted.
  void word() {
    const std::size_t start = at_;
    while (continues_identifier(peek())) ++at_;
    if (begun_) return;
    begun_ = true;
    const std::string_view first = text_.substr(start, at_ - start);
    for (const std::string_view allowed :
         {"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES"}) {
      if (equal_ignoring_case(first, allowed)) return;
    }
    refuse(start, fmt::format("a statement reads, inserts, updates or deletes rows; it cannot be {}", first));
  }

  // A quote inside is written twice, which reads here as one string behind another.
  void quoted(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return refuse(at_, fmt::format("the closing {} is missing", quote));
    if (text_.substr(at_, end - at_).find('\0') != std::string_view::npos) {
      return refuse(at_, "a statement cannot contain a NUL byte");
    }
    at_ = end + 1;
  }

  void bracketed() {
    const std::size_t end = text_.find(']', at_ + 1);
    if (end == std::string_view::npos) return refuse(at_, "the closing ] is missing");
    at_ = end + 1;
  }

  void parameter() {
    ParameterName name;
    name.offset = at_;
    do {
      ++at_;
      const std::size_t start = at_;
      if (peek() == '"') {
        const std::size_t end = text_.find('"', at_ + 1);
        if (end == std::string_view::npos) return refuse(at_, "the closing \" is missing");
        at_ = end + 1;
        name.path.emplace_back(text_.substr(start + 1, end - start - 1));
      } else {
        if (begins_identifier(peek())) {
          while (continues_identifier(peek()) && peek() != '$') ++at_;
        }
        name.path.emplace_back(text_.substr(start, at_ - start));
      }
      if (name.path.back().empty())
        return refuse(name.offset, "a name is missing in this parameter, as in `:path.id`");
    } while (peek() == '.');
    if (name.path.size() < 2) {
      return refuse(
          name.offset,
          fmt::format("`:{}` does not name the source of the value, as `:path.id` does", name.path.front()));
    }
    put(name);
  }

  void put(const ParameterName& name) {
    auto& known = result_.parameters;
    auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      if (known.size() == kMostParameters) {
        return refuse(name.offset, fmt::format("a statement has at most {} parameters", kMostParameters));
      }
      known.push_back(name);
      found = known.end() - 1;
    }
    const std::string number = fmt::format("?{}", found - known.begin() + 1);
    std::fill(result_.text.begin() + static_cast<std::ptrdiff_t>(name.offset),
              result_.text.begin() + static_cast<std::ptrdiff_t>(at_), ' ');
    std::copy(number.begin(), number.end(), result_.text.begin() + static_cast<std::ptrdiff_t>(name.offset));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  StatementText result_;
  std::optional<CatalogueProblem> problem_;
};

}  // namespace

std::expected<StatementText, CatalogueProblem> take_apart(std::string_view text) {
  return Scanner(text).scan();
}

}  // namespace gatehouse::db
