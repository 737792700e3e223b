// Reading an object by its section of the list of keys.
//
//   KeyReader<keys::kUpstream> in(field);
//   upstream.timeout = in.optional("timeout", as_duration).value_or(upstream.timeout);
//   in.finish();
//
// A key that the section does not list does not compile. Bounds and defaults are those of the list: an absent
// key is read from its default.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "doc/reader.h"
#include "policy/key.h"
#include "policy/keys_api.h"
#include "policy/keys_server.h"

namespace gatehouse::policy {

enum class Presence : bool { any, required };

// The name of a key of the section, as a literal: one that is not in its list does not compile.
template <const Section& section, Presence presence = Presence::any>
class KeyName {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): stands for the literal
  consteval KeyName(const char* name) : key_(&find(name)) {}
  const Key* operator->() const { return key_; }
  const Key& operator*() const { return *key_; }

 private:
  static consteval const Key& find(std::string_view name) {
    for (const Key& key : section.keys) {
      if (key.name != name) continue;
      if (presence == Presence::required && key.otherwise.kind != Otherwise::Kind::required)
        throw "the list does not say that this key is required";
      return key;
    }
    throw "this section of the list of keys (policy/keys_*.h) has no such key: add its entry";
  }

  const Key* key_;
};

// An object whose keys several sections list, such as those of all authenticators and those of one type.
class ConfiguredObject {
 public:
  // `section` has the example of such an object, for a value that is none.
  ConfiguredObject(doc::Field object, const Section& section);

 private:
  template <const Section&>
  friend class KeyReader;

  // The member or, where it is absent, the default of the list.
  std::optional<doc::Field> member_or_default(const Key& key);

  doc::Reader in_;
  bool is_moot_ = false;
  std::vector<std::shared_ptr<const doc::Source>> defaults_;  // that were read
};

template <const Section& section>
class KeyReader {
  static_assert(keys::is_listed(section), "add it to keys::kSections (policy/keys_api.h)");

 public:
  using Name = KeyName<section>;
  using RequiredName = KeyName<section, Presence::required>;

  explicit KeyReader(doc::Field object) : own_(std::in_place, std::move(object), section), object_(&*own_) {}
  explicit KeyReader(ConfiguredObject& object) : object_(&object) {}
  KeyReader(const KeyReader&) = delete;
  KeyReader& operator=(const KeyReader&) = delete;

  const doc::Field& field() const { return object_->in_.field(); }
  bool has(Name key) const { return object_->in_.has(key->name); }

  // The member read by `as`, which takes the field, or the field and its Key. Absent: its default, if the
  // list has one. Nothing where there is a problem.
  template <typename As>
  auto optional(Name key, As as) {
    const auto member = object_->member_or_default(*key);
    using Read = decltype(read(*member, *key, as));
    return member ? read(*member, *key, as) : Read();
  }
  // The same; absent is a problem. Gives an empty value where there is a problem.
  template <typename As>
  auto required(RequiredName key, As as) {
    const auto member = object_->in_.required_field(key->name);
    using Value = std::decay_t<decltype(*read(*member, *key, as))>;
    if (!member) return Value();
    auto value = read(*member, *key, as);
    return value ? *std::move(value) : Value();
  }
  // The member as it stands, without a default.
  std::optional<doc::Field> take(Name key) { return object_->in_.take(key->name); }
  std::optional<doc::Field> required_field(RequiredName key) {
    return object_->in_.required_field(key->name);
  }
  void missing(RequiredName key) const { object_->in_.missing(key->name); }
  void problem(Name key, std::string_view what) const { object_->in_.problem(key->name, what); }
  // A problem that is told makes the other keys meaningless: finish() reports none of them.
  void give_up() { object_->is_moot_ = true; }
  // Reports each member that was not read.
  void finish();

 private:
  template <typename As>
  static auto read(const doc::Field& member, const Key& key, As& as) {
    if constexpr (std::is_invocable_v<As&, const doc::Field&, const Key&>) {
      return as(member, key);
    } else {
      return as(member);
    }
  }

  std::optional<ConfiguredObject> own_;
  ConfiguredObject* object_;
};

// A value within the bounds of its key.
std::optional<std::uint32_t> read_count(const doc::Field& field, const Key& key);
std::optional<Nanoseconds> read_duration(const doc::Field& field, const Key& key);
std::optional<ByteCount> read_size(const doc::Field& field, const Key& key);
inline constexpr auto as_count = [](const doc::Field& f, const Key& key) { return read_count(f, key); };
inline constexpr auto as_duration = [](const doc::Field& f, const Key& key) { return read_duration(f, key); };
inline constexpr auto as_size = [](const doc::Field& f, const Key& key) { return read_size(f, key); };

// "from 1ms to 1d", "at least 64MiB"; empty: there are none.
std::string bounds(const ValueType& type);

// For a message about a key that the section does not have: "it is a key of `tls`", or, where no section
// around or in it has it, the command that lists its keys. Empty: they are so few that the message lists
// them.
std::string help_with(std::string_view key, const Section& section);

template <const Section& section>
void KeyReader<section>::finish() {
  if (object_->is_moot_) return;
  object_->in_.finish(doc::Extensions::refused, [](std::string_view key) { return help_with(key, section); });
}

}  // namespace gatehouse::policy
