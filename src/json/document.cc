#include "json/document.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "json/decimal.h"

namespace gatehouse::json {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kReadable = 8;  // behind every text, as document.h promises
// The memory that a document keeps when it is cleared; a larger one releases its memory.
constexpr std::size_t kKeptSource = std::size_t{64} << 10U;
constexpr std::size_t kKeptNodes = std::size_t{4} << 10U;

}  // namespace

std::optional<std::int64_t> Value::integer() const {
  const std::string_view text = literal();
  if (has_integer_form() && text.size() <= 18) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  const Decimal decimal(text);
  const auto absolute = decimal.absolute();
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (!absolute || *absolute > kMost + (decimal.negative ? 1 : 0)) return std::nullopt;
  return decimal.negative ? static_cast<std::int64_t>(0 - *absolute) : static_cast<std::int64_t>(*absolute);
}

std::optional<std::uint64_t> Value::unsigned_integer() const {
  const Decimal decimal(literal());
  if (decimal.negative) return std::nullopt;
  return decimal.absolute();
}

double Value::number() const {
  const std::string_view text = literal();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  const Decimal decimal(text);
  value = decimal.magnitude > 0 ? std::numeric_limits<double>::infinity() : 0.0;
  return text.front() == '-' ? -value : value;
}

std::optional<Value> Value::find(std::string_view key) const {
  if (!is_object()) return std::nullopt;
  for (const Member member : members()) {
    if (member.key() == key) return member.value;
  }
  return std::nullopt;
}

std::optional<Value> Value::at(std::size_t index) const {
  if (!is_array() || index >= size()) return std::nullopt;
  auto element = elements().begin();
  for (std::size_t i = 0; i < index; ++i) ++element;
  return *element;
}

std::optional<std::string_view> Value::find_string(std::string_view key) const {
  const auto value = find(key);
  if (!value || !value->is_string()) return std::nullopt;
  return value->string();
}

std::optional<Value> Value::pointer(std::string_view path) const {
  Value here = *this;
  std::string unescaped;
  while (!path.empty()) {
    if (path.front() != '/') return std::nullopt;
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    std::string_view token = path.substr(0, end);
    path.remove_prefix(end);
    if (token.find('~') != token.npos) {
      unescaped.clear();
      for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
          unescaped += token[i];
          continue;
        }
        if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
        unescaped += token[i] == '0' ? '~' : '/';
      }
      token = unescaped;
    }
    std::optional<Value> next;
    if (here.is_object()) {
      next = here.find(token);
    } else if (here.is_array() && !token.empty() && (token == "0" || token.front() != '0')) {
      std::size_t index = 0;
      const auto [last, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      if (error == std::errc{} && last == token.data() + token.size()) next = here.at(index);
    }
    if (!next) return std::nullopt;
    here = *next;
  }
  return here;
}

bool equal(Value a, Value b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null: return true;
    case Kind::boolean: return a.boolean() == b.boolean();
    case Kind::string: return a.string() == b.string();
    case Kind::number: return a.literal() == b.literal() || compare_numbers(a.literal(), b.literal()) == 0;
    case Kind::array: {
      if (a.size() != b.size()) return false;
      auto other = b.elements().begin();
      for (const Value element : a.elements()) {
        if (!equal(element, *other)) return false;
        ++other;
      }
      return true;
    }
    case Kind::object: break;
  }
  if (a.size() != b.size()) return false;
  // Most pairs of equal objects have their members in the same order: look there first.
  auto hint = b.members().begin();
  for (const Member member : a.members()) {
    const Member other = *hint;
    ++hint;
    if (other.key() == member.key()) {
      if (!equal(member.value, other.value)) return false;
      continue;
    }
    const auto found = b.find(member.key());
    if (!found || !equal(member.value, *found)) return false;
  }
  return true;
}

Document::Document() = default;
Document::Document(Document&& other) noexcept { *this = std::move(other); }
Document& Document::operator=(Document&& other) noexcept {
  nodes_ = std::move(other.nodes_);
  count_ = std::exchange(other.count_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  source_ = std::move(other.source_);
  source_capacity_ = std::exchange(other.source_capacity_, 0);
  blocks_ = std::move(other.blocks_);
  other.blocks_.clear();
  block_size_ = std::exchange(other.block_size_, 0);
  block_used_ = std::exchange(other.block_used_, 0);
  blocks_size_ = std::exchange(other.blocks_size_, 0);
  return *this;
}
Document::~Document() = default;

void Document::clear() {
  count_ = 0;
  if (capacity_ > kKeptNodes) {
    nodes_.reset();
    capacity_ = 0;
  }
  if (source_capacity_ > kKeptSource) {
    source_.reset();
    source_capacity_ = 0;
  }
  if (blocks_.size() > 1 || block_size_ > kBlock) {
    blocks_.clear();
    block_size_ = 0;
    blocks_size_ = 0;
  }
  block_used_ = 0;
}

Document Document::compact(Value value) {
  const std::span<const Node> nodes(value.node(), value.node()->span);
  std::size_t text = 0;
  for (const Node& node : nodes) {
    if (node.text != nullptr) text += node.size;
  }
  Document copy;
  copy.nodes_ = std::make_unique<Node[]>(nodes.size());
  copy.count_ = copy.capacity_ = nodes.size();
  copy.blocks_.push_back(std::make_unique_for_overwrite<char[]>(text + kReadable));
  copy.block_size_ = copy.blocks_size_ = text;
  std::ranges::copy(nodes, copy.nodes_.get());
  for (Node& node : std::span(copy.nodes_.get(), copy.count_)) {
    if (node.text != nullptr) node.text = copy.keep({node.text, node.size});
  }
  return copy;
}

std::size_t Document::memory() const {
  return capacity_ * sizeof(Node) + source_capacity_ + blocks_size_ + blocks_.size() * kReadable +
         blocks_.capacity() * sizeof(blocks_[0]) + open_.capacity() * sizeof(open_[0]);
}

const char* Document::keep(std::string_view text) {
  if (blocks_.empty() || block_size_ - block_used_ < text.size()) {
    block_size_ = std::max(kBlock, text.size());
    block_used_ = 0;
    blocks_size_ += block_size_;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size_ + kReadable));
  }
  char* at = blocks_.back().get() + block_used_;
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  block_used_ += text.size();
  return at;
}

void Document::reserve(std::size_t nodes) {
  if (nodes <= capacity_) return;
  // Grows by doubling, unless it is known how large it will be.
  constexpr std::size_t kStep = 64;
  const std::size_t capacity = std::max((nodes + kStep - 1) / kStep * kStep, count_ == 0 ? 0 : capacity_ * 2);
  auto larger = std::make_unique<Node[]>(capacity);
  std::copy_n(nodes_.get(), count_, larger.get());
  nodes_ = std::move(larger);
  capacity_ = capacity;
}

Builder::Builder(Document& into) : document_(into) {
  document_.clear();
  document_.open_.clear();
}

Node& Builder::add(Kind kind, std::uint32_t offset) {
  document_.reserve(document_.count_ + 1);
  Node& node = document_.nodes_[document_.count_++];
  node = Node{.offset = offset, .kind = kind};
  return node;
}

void Builder::null(std::uint32_t offset) {
  count_value();
  add(Kind::null, offset);
}

void Builder::boolean(bool value, std::uint32_t offset) {
  count_value();
  add(Kind::boolean, offset).truth = value;
}

void Builder::number(std::string_view literal, std::uint32_t offset) {
  count_value();
  Node& node = add(Kind::number, offset);
  node.text = document_.keep(literal);
  node.size = static_cast<std::uint32_t>(literal.size());
  node.truth = json::has_integer_form(literal);
}

void Builder::number(std::int64_t value) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  number(std::string_view(text.data(), end));
}

void Builder::number(double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  number(std::string_view(text.data(), end));
}

void Builder::string(std::string_view bytes, std::uint32_t offset) {
  count_value();
  Node& node = add(Kind::string, offset);
  node.text = document_.keep(bytes);
  node.size = static_cast<std::uint32_t>(bytes.size());
}

void Builder::copy(Value value) {
  switch (value.kind()) {
    case Kind::null: return null(value.offset());
    case Kind::boolean: return boolean(value.boolean(), value.offset());
    case Kind::number: return number(value.literal(), value.offset());
    case Kind::string: return string(value.string(), value.offset());
    case Kind::array:
      begin_array(value.offset());
      for (const Value element : value.elements()) copy(element);
      return end_array();
    case Kind::object:
      begin_object(value.offset());
      for (const Member member : value.members()) {
        key(member.key(), member.key_node.offset());
        copy(member.value);
      }
      return end_object();
  }
}

void Builder::open(Kind kind, std::uint32_t offset) {
  count_value();
  document_.open_.push_back(static_cast<std::uint32_t>(document_.count_));
  add(kind, offset);
}

void Builder::close() {
  Node& node = document_.nodes_[document_.open_.back()];
  node.span = static_cast<std::uint32_t>(document_.count_) - document_.open_.back();
  document_.open_.pop_back();
}

void Builder::count_value() {
  if (!document_.open_.empty()) ++document_.nodes_[document_.open_.back()].size;
}

void Builder::begin_array(std::uint32_t offset) { open(Kind::array, offset); }
void Builder::end_array() { close(); }
void Builder::begin_object(std::uint32_t offset) { open(Kind::object, offset); }
void Builder::end_object() { close(); }

void Builder::key(std::string_view bytes, std::uint32_t offset) {
  Node& node = add(Kind::string, offset);
  node.text = document_.keep(bytes);
  node.size = static_cast<std::uint32_t>(bytes.size());
}

}  // namespace gatehouse::json
