#include "cel/type.h"

#include <algorithm>
#include <array>

namespace gatehouse::cel {
namespace {

constexpr std::string_view kNames[] = {"dyn",    "null",     "bool",    "int",       "uint",
                                       "double", "string",   "bytes",   "timestamp", "duration",
                                       "list",   "map",      "object",  "type",      "optional_type",
                                       "net.IP", "net.CIDR", "wrapper", "",          ""};

struct Simple {
  std::string_view name;
  Type (*make)();
};
constexpr Simple kSimple[] = {
    {"dyn", Type::dyn},
    {"any", Type::dyn},
    {"google.protobuf.Any", Type::dyn},
    {"google.protobuf.Value", Type::dyn},
    {"null", Type::null},
    {"null_type", Type::null},
    {"bool", Type::boolean},
    {"int", Type::integer},
    {"uint", Type::unsigned_integer},
    {"double", Type::number},
    {"string", Type::string},
    {"bytes", Type::bytes},
    {"timestamp", Type::timestamp},
    {"google.protobuf.Timestamp", Type::timestamp},
    {"duration", Type::duration},
    {"google.protobuf.Duration", Type::duration},
    {"net.IP", Type::address},
    {"net.CIDR", Type::network},
};

class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : rest_(text) {}
  std::optional<Type> run() {
    auto result = type(0);
    skip();
    return rest_.empty() ? result : std::nullopt;
  }

 private:
  void skip() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  bool accept(char c) {
    skip();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<Type> type(unsigned depth) {
    if (depth > 32) return std::nullopt;
    skip();
    const std::size_t end = std::min(rest_.find_first_of("(), "), rest_.size());
    const std::string_view name = rest_.substr(0, end);
    if (name.empty()) return std::nullopt;
    rest_.remove_prefix(end);
    std::vector<Type> parameters;
    if (accept('(')) {
      do {
        auto parameter = type(depth + 1);
        if (!parameter) return std::nullopt;
        parameters.push_back(*std::move(parameter));
      } while (accept(','));
      if (!accept(')')) return std::nullopt;
    }
    return make(name, std::move(parameters));
  }
  static std::optional<Type> make(std::string_view name, std::vector<Type> parameters) {
    const auto at = [&](std::size_t i) { return i < parameters.size() ? parameters[i] : Type::dyn(); };
    if (name == "list") return Type::list(at(0));
    if (name == "map") return Type::map(at(0), at(1));
    if (name == "type") return Type::type(at(0));
    if (name == "optional_type" || name == "optional") return Type::optional(at(0));
    if (name == "wrapper") return Type::wrapper(at(0));
    for (const Simple& simple : kSimple) {
      if (simple.name == name) return parameters.empty() ? std::optional(simple.make()) : std::nullopt;
    }
    if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') return Type::parameter(std::string(name));
    return Type::opaque(std::string(name), std::move(parameters));
  }
  std::string_view rest_;
};

}  // namespace

std::optional<Type> parse_type(std::string_view text) { return TypeParser(text).run(); }

const Type::Node* Type::Node::field(std::string_view wanted) const {
  const auto found =
      std::lower_bound(fields.begin(), fields.end(), wanted,
                       [](const Field& field, std::string_view key) { return field.name < key; });
  return found != fields.end() && found->name == wanted ? found->type.node() : nullptr;
}

Type::Type() : Type(dyn()) {}

Type Type::simple(Kind kind) {
  static const std::array<std::shared_ptr<const Node>, 20> nodes = [] {
    std::array<std::shared_ptr<const Node>, 20> made;
    for (std::size_t i = 0; i < made.size(); ++i) {
      auto node = std::make_shared<Node>();
      node->kind = static_cast<Kind>(i);
      made[i] = std::move(node);
    }
    return made;
  }();
  return Type(nodes[static_cast<std::size_t>(kind)]);
}

Type Type::compound(Kind kind, std::vector<Type> parameters) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->parameters = std::move(parameters);
  return Type(std::move(node));
}

Type Type::dyn() { return simple(Kind::dyn); }
Type Type::null() { return simple(Kind::null); }
Type Type::boolean() { return simple(Kind::boolean); }
Type Type::integer() { return simple(Kind::integer); }
Type Type::unsigned_integer() { return simple(Kind::unsigned_integer); }
Type Type::number() { return simple(Kind::number); }
Type Type::string() { return simple(Kind::string); }
Type Type::bytes() { return simple(Kind::bytes); }
Type Type::timestamp() { return simple(Kind::timestamp); }
Type Type::duration() { return simple(Kind::duration); }
Type Type::address() { return simple(Kind::address); }
Type Type::network() { return simple(Kind::network); }
Type Type::list(Type element) { return compound(Kind::list, {std::move(element)}); }
Type Type::map(Type key, Type value) { return compound(Kind::map, {std::move(key), std::move(value)}); }
Type Type::type(Type of) { return compound(Kind::type, {std::move(of)}); }
Type Type::optional(Type value) { return compound(Kind::optional, {std::move(value)}); }
Type Type::wrapper(Type scalar) { return compound(Kind::wrapper, {std::move(scalar)}); }

Type Type::object(std::string name, std::vector<Field> fields) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::object;
  node->name = std::move(name);
  node->fields = std::move(fields);
  std::sort(node->fields.begin(), node->fields.end(),
            [](const Field& a, const Field& b) { return a.name < b.name; });
  return Type(std::move(node));
}

Type Type::view(std::string name, std::vector<Field> fields) {
  const Type whole = object(std::move(name), std::move(fields));
  auto node = std::make_shared<Node>(*whole.node_);
  node->is_view = true;
  return Type(std::move(node));
}

Type Type::opaque(std::string name, std::vector<Type> parameters) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::opaque;
  node->name = std::move(name);
  node->parameters = std::move(parameters);
  return Type(std::move(node));
}

Type Type::parameter(std::string name) {
  auto node = std::make_shared<Node>();
  node->kind = Kind::parameter;
  node->name = std::move(name);
  return Type(std::move(node));
}

Type::Kind Type::kind() const { return node_->kind; }
std::span<const Type> Type::parameters() const { return node_->parameters; }
std::string_view Type::name() const { return node_->name; }
bool Type::is_view() const { return node_->is_view; }

std::span<const Field> Type::fields() const { return node_->fields; }

const Type* Type::field(std::string_view name) const {
  for (const Field& field : node_->fields) {
    if (field.name == name) return &field.type;
  }
  return nullptr;
}

std::string Type::text() const {
  std::string out(node_->name.empty() ? kNames[static_cast<std::size_t>(kind())]
                                      : std::string_view(node_->name));
  if (is(Kind::type) && (parameters().empty() || parameters()[0].is(Kind::parameter))) return out;
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    out += i == 0 ? "(" : ", ";
    out += parameters()[i].text();
  }
  if (!parameters().empty()) out += ')';
  return out;
}

bool Type::operator==(const Type& other) const {
  if (node_ == other.node_) return true;
  if (kind() != other.kind() || name() != other.name() || is_view() != other.is_view()) return false;
  if (!std::equal(parameters().begin(), parameters().end(), other.parameters().begin(),
                  other.parameters().end())) {
    return false;
  }
  return std::equal(fields().begin(), fields().end(), other.fields().begin(), other.fields().end(),
                    [](const Field& a, const Field& b) { return a.name == b.name && a.type == b.type; });
}

}  // namespace gatehouse::cel
