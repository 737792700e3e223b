#include "openapi/json_path.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace gatehouse::openapi {
namespace {

// The path as a whole is not one.
struct NotAPath {
  std::string what;
};

constexpr int kDeepestFilter = 20;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_decimal(char c) { return c >= '0' && c <= '9'; }

// What a side of a comparison is: a literal, or the one value that a path selects.
struct Operand {
  bool exists = false;
  json::Kind kind = json::Kind::null;
  std::string text;  // of a text or number
  bool truth = false;
};

Operand operand_of(const std::vector<Tree*>& selected) {
  if (selected.size() != 1) return {};
  const Tree& tree = *selected.front();
  Operand operand{.exists = true, .kind = tree.kind, .text = {}};
  if (tree.kind == json::Kind::string) operand.text = tree.leaf.string();
  if (tree.kind == json::Kind::number) operand.text = tree.leaf.literal();
  if (tree.kind == json::Kind::boolean) operand.truth = tree.leaf.boolean();
  return operand;
}

// Less than zero, zero or more; nothing where the two cannot be compared.
std::optional<int> compared(const Operand& a, const Operand& b) {
  if (a.kind != b.kind) return std::nullopt;
  if (a.kind == json::Kind::number) return json::compare_numbers(a.text, b.text);
  if (a.kind == json::Kind::string) return a.text.compare(b.text);
  return std::nullopt;
}

bool is_equal(const Operand& a, const Operand& b) {
  if (!a.exists || !b.exists) return a.exists == b.exists;
  if (a.kind != b.kind) return false;
  if (a.kind == json::Kind::boolean) return a.truth == b.truth;
  if (a.kind == json::Kind::null) return true;
  return compared(a, b) == 0;
}

bool holds(const Operand& a, std::string_view relation, const Operand& b) {
  if (relation == "==") return is_equal(a, b);
  if (relation == "!=") return !is_equal(a, b);
  const auto order = a.exists && b.exists ? compared(a, b) : std::nullopt;
  const bool equal_too = relation.size() == 2 && is_equal(a, b);
  if (!order) return equal_too;
  return relation.front() == '<' ? *order < 0 || equal_too : *order > 0 || equal_too;
}

// Reads a path and selects at once: each segment is applied to what the segments before it selected.
class Selector {
 public:
  Selector(std::string_view text, Tree& root) : text_(text), root_(root) {}

  std::vector<Tree*> run() {
    take("$");
    std::vector<Tree*> selected = segments({&root_});
    if (at_ != text_.size()) fail("`" + std::string(text_.substr(at_)) + "` is not a segment of a path");
    return selected;
  }

 private:
  [[noreturn]] static void fail(std::string what) { throw NotAPath{std::move(what)}; }

  bool next_is(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  bool skip(std::string_view word) {
    if (!next_is(word)) return false;
    at_ += word.size();
    return true;
  }
  void take(std::string_view word) {
    if (!skip(word))
      fail("`" + std::string(word) + "` is missing at `" + std::string(text_.substr(at_)) + "`");
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  std::vector<Tree*> segments(std::vector<Tree*> from) {
    for (;;) {
      blanks();
      if (skip("..")) {
        from = everything_in(from);
        from = next_is("[") ? bracket(from) : dotted(from);
      } else if (skip(".")) {
        from = dotted(from);
      } else if (next_is("[")) {
        from = bracket(from);
      } else {
        return from;
      }
    }
  }

  static std::vector<Tree*> everything_in(const std::vector<Tree*>& from) {
    std::vector<Tree*> all;
    std::set<Tree*> known;
    std::vector<Tree*> waiting(from.rbegin(), from.rend());
    while (!waiting.empty()) {
      Tree* const here = waiting.back();
      waiting.pop_back();
      if (!known.insert(here).second) continue;
      all.push_back(here);
      for (auto inner = here->inside.rbegin(); inner != here->inside.rend(); ++inner)
        waiting.push_back(&*inner);
    }
    return all;
  }

  static void children(Tree& of, std::vector<Tree*>& into) {
    for (Tree& inner : of.inside) into.push_back(&inner);
  }
  static void member(Tree& of, std::string_view name, std::vector<Tree*>& into) {
    if (Tree* const found = of.find(name)) into.push_back(found);
  }
  static void element(Tree& of, long index, std::vector<Tree*>& into) {
    if (of.kind != json::Kind::array) return;
    const long size = static_cast<long>(of.inside.size());
    if (index < 0) index += size;
    if (index < 0 || index >= size) return;
    auto at = of.inside.begin();
    std::advance(at, index);
    into.push_back(&*at);
  }

  std::vector<Tree*> dotted(const std::vector<Tree*>& from) {
    std::vector<Tree*> to;
    if (skip("*")) {
      for (Tree* const one : from) children(*one, to);
      return to;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || (at_ > begin && is_decimal(text_[at_])))) ++at_;
    if (at_ == begin) fail("a name is missing behind `.`; other names are written `['x-name']`");
    for (Tree* const one : from) member(*one, text_.substr(begin, at_ - begin), to);
    return to;
  }

  std::vector<Tree*> bracket(const std::vector<Tree*>& from) {
    take("[");
    std::vector<Tree*> to;
    do {
      blanks();
      if (skip("*")) {
        for (Tree* const one : from) children(*one, to);
      } else if (skip("?")) {
        filter(from, to);
      } else if (next_is("'") || next_is("\"")) {
        const std::string name = quoted();
        for (Tree* const one : from) member(*one, name, to);
      } else {
        long index = 0;
        const char* const begin = text_.data() + at_;
        const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), index);
        if (error != std::errc{}) fail("a name in quotes, an index, `*` or `?` is missing behind `[`");
        at_ += static_cast<std::size_t>(end - begin);
        for (Tree* const one : from) element(*one, index, to);
      }
      blanks();
    } while (skip(","));
    take("]");
    return to;
  }

  std::string quoted() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\') {
        ++at_;
        if (at_ == text_.size() || (text_[at_] != quote && text_[at_] != '\\' && text_[at_] != '/'))
          fail("of escapes in a text only those of quotes, `\\` and `/` are read");
      }
      out += text_[at_++];
    }
    take(std::string_view(&quote, 1));
    return out;
  }

  // The expression is read again for each child, which is its `@`.
  void filter(const std::vector<Tree*>& from, std::vector<Tree*>& to) {
    const std::size_t begin = at_;
    std::size_t end = begin;
    Tree nothing;
    here_ = &nothing;  // so that a wrong expression is told even where there is no child
    expression(0);
    end = at_;
    for (Tree* const one : from) {
      for (Tree& child : one->inside) {
        at_ = begin;
        here_ = &child;
        if (expression(0)) to.push_back(&child);
      }
    }
    at_ = end;
  }

  bool expression(int depth) {
    if (depth > kDeepestFilter) fail("the filter is nested too deeply");
    bool any = conjunction(depth);
    for (blanks(); skip("||"); blanks()) any = conjunction(depth) || any;
    return any;
  }
  bool conjunction(int depth) {
    bool all = condition(depth);
    for (blanks(); skip("&&"); blanks()) all = condition(depth) && all;
    return all;
  }
  bool condition(int depth) {
    blanks();
    if (!next_is("!=") && skip("!")) return !condition(depth + 1);
    if (skip("(")) {
      const bool inner = expression(depth + 1);
      blanks();
      take(")");
      return inner;
    }
    bool is_path = false;
    const Operand left = operand(is_path);
    const bool exists = left.exists || selected_any_;
    blanks();
    for (const std::string_view relation : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (!skip(relation)) continue;
      blanks();
      bool ignored = false;
      return holds(left, relation, operand(ignored));
    }
    if (!is_path) fail("a literal alone is not a condition");
    return exists;
  }

  Operand operand(bool& is_path) {
    selected_any_ = false;
    if (next_is("@") || next_is("$")) {
      is_path = true;
      Tree* const from = text_[at_++] == '@' ? here_ : &root_;
      Tree* const kept = here_;
      const std::vector<Tree*> selected = segments({from});
      here_ = kept;  // a filter inside has its own
      selected_any_ = !selected.empty();
      return operand_of(selected);
    }
    if (next_is("'") || next_is("\"")) return {.exists = true, .kind = json::Kind::string, .text = quoted()};
    if (skip("true")) return {.exists = true, .kind = json::Kind::boolean, .text = {}, .truth = true};
    if (skip("false")) return {.exists = true, .kind = json::Kind::boolean, .text = {}};
    if (skip("null")) return {.exists = true, .kind = json::Kind::null, .text = {}};
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_decimal(text_[at_]) || std::string_view("-+.eE").contains(text_[at_])))
      ++at_;
    const std::string literal(text_.substr(begin, at_ - begin));
    double number = 0;
    const auto [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), number);
    if (literal.empty() || error != std::errc{} || end != literal.data() + literal.size())
      fail("functions are not supported; a filter compares paths, texts, numbers, true, false and null");
    return {.exists = true, .kind = json::Kind::number, .text = literal};
  }

  std::string_view text_;
  Tree& root_;
  std::size_t at_ = 0;
  Tree* here_ = nullptr;
  bool selected_any_ = false;
};

}  // namespace

std::expected<std::vector<Tree*>, std::string> select(std::string_view path, Tree& root) {
  try {
    std::vector<Tree*> selected = Selector(path, root).run();
    std::set<Tree*> known;
    std::erase_if(selected, [&](Tree* one) { return !known.insert(one).second; });
    return selected;
  } catch (const NotAPath& error) {
    return std::unexpected(error.what);
  }
}

}  // namespace gatehouse::openapi
