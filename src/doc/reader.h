// Strict reading of configuration objects: every access names its type, a wrong type becomes a problem with
// its place, and finish() reports the keys that were not read.
//
//   doc::Reader in(field);                                    // a problem when it is not an object
//   listener.address = in.required("address", as_text);
//   listener.timeout = in.optional("timeout", as_duration).value_or(10s);
//   in.finish();
//
// Reading continues after a problem, with empty values: the problems of a file are reported all at once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/problems.h"
#include "base/units.h"
#include "doc/source.h"
#include "json/document.h"

namespace gatehouse::doc {

class Reader;

// An enumerator and the name that people write for it.
template <typename E>
struct Choice {
  std::string_view name;
  E value;
};

// One value of a file, with its place and the path of keys that leads to it. Cheap to copy. Each typed
// accessor gives the value, or adds a problem and gives nothing.
class Field {
 public:
  Field(const Source& source, json::Value value, std::string path, Problems& problems)
      : source_(&source), problems_(&problems), value_(value), path_(std::move(path)) {}

  json::Value value() const { return value_; }
  const Source& source() const { return *source_; }
  Problems& problems() const { return *problems_; }
  Place place() const { return source_->place(value_); }
  // Where its key stands. Precondition: it is a member of an object.
  Place key_place() const { return source_->place(json::Value(value_.node() - 1)); }
  const std::string& path() const { return path_; }  // `upstreams.orders.url`, `log[1]`
  // Adds a problem here; the path is put before the text.
  void problem(std::string_view what) const;

  bool is_text() const { return value_.is_string(); }
  bool is_list() const { return value_.is_array(); }
  bool is_object() const { return value_.is_object(); }

  std::optional<std::string> text() const;  // not empty
  std::optional<bool> boolean() const;
  std::optional<std::int64_t> integer(std::int64_t least, std::int64_t most) const;
  std::optional<Nanoseconds> duration() const;
  std::optional<ByteCount> size() const;
  std::optional<Rate> rate() const;
  // The elements, each as a Field; empty with a problem if it is not a list.
  std::vector<Field> list() const;
  // The same, but a single value counts as a list of one.
  std::vector<Field> list_or_one() const;
  // Every text of a list; elements that are not texts become problems and are left out.
  std::vector<std::string> texts() const;
  // The members of a map with free names; empty with a problem if it is not an object.
  std::vector<std::pair<std::string, Field>> map() const;
  // The value of the choice that is named.
  template <typename E>
  std::optional<E> one_of(std::span<const Choice<E>> choices) const;

 private:
  void wanted(std::string_view what) const;  // `path must be WHAT, not a list`
  void no_choice(const std::vector<std::string_view>& names) const;

  const Source* source_;
  Problems* problems_;
  json::Value value_;
  std::string path_;
};

// The expected type of a value, as an argument of optional() and required().
inline constexpr auto as_field = [](const Field& f) { return std::optional<Field>(f); };
inline constexpr auto as_text = [](const Field& f) { return f.text(); };
inline constexpr auto as_boolean = [](const Field& f) { return f.boolean(); };
inline constexpr auto as_duration = [](const Field& f) { return f.duration(); };
inline constexpr auto as_size = [](const Field& f) { return f.size(); };
inline constexpr auto as_rate = [](const Field& f) { return f.rate(); };
inline constexpr auto as_texts = [](const Field& f) { return std::optional(f.texts()); };
constexpr auto as_integer(std::int64_t least, std::int64_t most) {
  return [=](const Field& f) { return f.integer(least, most); };
}
template <typename E, std::size_t N>
constexpr auto as_one_of(const Choice<E> (&choices)[N]) {
  return [&choices](const Field& f) { return f.template one_of<E>(choices); };
}

// Whether members whose names begin with `x-` may be there without being asked for (OpenAPI).
enum class Extensions : std::uint8_t { refused, allowed };

// The members of one object. finish() must be called when everything was asked for.
class Reader {
 public:
  // `example` is the inside of such an object, for the message about a value that is none.
  explicit Reader(Field object, std::string_view example = {});
  Reader(const Source& source, json::Value object, std::string path, Problems& problems)
      : Reader(Field(source, object, std::move(path), problems)) {}

  const Field& field() const { return object_; }
  bool has(std::string_view key) const;  // does not count as asking for it

  // The member read by `as`, or nothing when it is absent (or wrong, which is a problem then).
  template <typename As>
  auto optional(std::string_view key, As as) -> decltype(as(std::declval<const Field&>())) {
    const std::optional<Field> member = take(key);
    if (!member) return {};
    return as(*member);
  }
  // The same; absent is a problem too. Gives an empty value where there is a problem.
  template <typename As>
  auto required(std::string_view key, As as) -> std::decay_t<decltype(*as(std::declval<const Field&>()))> {
    const std::optional<Field> member = take(key);
    if (!member) {
      missing(key);
      return {};
    }
    auto read = as(*member);
    return read ? *std::move(read) : std::decay_t<decltype(*read)>{};
  }

  // The bare member. Nothing when it is absent.
  std::optional<Field> take(std::string_view key);
  // The same; absent is a problem too.
  std::optional<Field> required_field(std::string_view key);
  // Adds a problem that a key is missing.
  void missing(std::string_view key) const;
  // Adds a problem at the member, or at the object where the member is absent.
  void problem(std::string_view key, std::string_view what) const;

  // Counts members as asked for that are of no interest.
  void ignore(std::initializer_list<std::string_view> keys);
  // Reports each member that was not asked for, with the nearest key that was, or else with the places that
  // `elsewhere` gives for the key (empty: there are none), or else with all keys that were asked for.
  void finish(Extensions extensions = Extensions::refused,
              std::string (*elsewhere)(std::string_view key) = nullptr);

 private:
  Field object_;
  // all keys that were read, present or not: the candidates of "did you mean"
  std::vector<std::string> known_;
};

// The nearest of `names`, if it is close enough to be a typing error; else empty.
std::string_view nearest(std::string_view written, std::span<const std::string> names);

template <typename E>
std::optional<E> Field::one_of(std::span<const Choice<E>> choices) const {
  if (value_.is_string()) {
    for (const Choice<E>& choice : choices) {
      if (choice.name == value_.string()) return choice.value;
    }
  }
  std::vector<std::string_view> names;
  for (const Choice<E>& choice : choices) names.push_back(choice.name);
  no_choice(names);
  return std::nullopt;
}

}  // namespace gatehouse::doc
