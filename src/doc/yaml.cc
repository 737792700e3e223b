#include "doc/yaml.h"

#include <cstdint>
#include <istream>
#include <streambuf>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "doc/yaml_fault.h"

namespace gatehouse::doc {
namespace {

enum class Kind : std::uint8_t { scalar, alias, sequence, map, end };

// The parser's events, kept: an alias is answered by going through its anchor's events again.
struct Event {
  Kind kind = Kind::scalar;
  bool plain = false;        // scalar: not quoted, so that the core schema resolves it
  bool odd_tag = false;      // its tag does not fit; Collector::tag() has it
  std::uint32_t offset = 0;  // in the file
  std::uint32_t text = 0;    // scalar: where its characters begin; alias: the first event it stands for
  std::uint32_t size = 0;    // scalar: how many
  std::uint32_t next = 0;    // the event behind this one and all it contains
};

struct Stop {};  // nothing sensible follows

constexpr std::string_view kCore = "tag:yaml.org,2002:";

class Collector final : public YAML::EventHandler {
 public:
  Collector(const Limits& limits, const Report& report) : limits_(limits), report_(report) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(Kind::scalar, mark, anchor).plain = true;
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor >= anchors_.size() || events_[anchors_[anchor]].next == 0) {
      report_(offset(mark),
              "the alias is inside the value that it names, which would never end; write the value out");
      throw Stop{};
    }
    add(Kind::alias, mark, 0).text = anchors_[anchor];
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    bool plain = tag == "?";
    bool fits = true;
    if (!plain && tag != "!" && tag != "tag:yaml.org,2002:str")
      plain = fits = tag.starts_with(kCore) && fits_tag(std::string_view(tag).substr(kCore.size()), value);
    Event& event = add(Kind::scalar, mark, anchor);
    event.plain = plain;
    if (!fits) note_tag(event, tag);
    event.text = static_cast<std::uint32_t>(characters_.size());
    event.size = static_cast<std::uint32_t>(value.size());
    characters_ += value;
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Event& event = open(Kind::sequence, mark, anchor);
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:seq") note_tag(event, tag);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Event& event = open(Kind::map, mark, anchor);
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:map") note_tag(event, tag);
  }
  void OnMapEnd() override { close(); }

  const std::vector<Event>& events() const { return events_; }
  const std::string& tag(const Event& event) const {
    return odd_tags_.at(static_cast<std::size_t>(&event - events_.data()));
  }
  std::string_view text(const Event& event) const {
    return std::string_view(characters_).substr(event.text, event.size);
  }

 private:
  static std::size_t offset(const YAML::Mark& mark) {
    return mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos);
  }

  static bool fits_tag(std::string_view tag, std::string_view value) {
    const Plain resolved = resolve_plain(value);
    switch (resolved.kind) {
      case Plain::Kind::null: return tag == "null";
      case Plain::Kind::boolean: return tag == "bool";
      case Plain::Kind::number:
        return tag == "float" || (tag == "int" && resolved.literal.find_first_of(".e") == std::string::npos);
      case Plain::Kind::refused: return tag == "int" || tag == "float";  // reported when it is resolved
      case Plain::Kind::string: return false;
    }
    return false;
  }
  void note_tag(Event& event, const std::string& tag) {
    event.odd_tag = true;
    odd_tags_.emplace(static_cast<std::size_t>(&event - events_.data()), tag);
  }

  Event& add(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (events_.size() >= limits_.values * 2) {
      report_(offset(mark), "the file holds too many values; split it");
      throw Stop{};
    }
    if (anchor != 0) {
      if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
      anchors_[anchor] = static_cast<std::uint32_t>(events_.size());
    }
    Event& event = events_.emplace_back();
    event.kind = kind;
    event.offset = static_cast<std::uint32_t>(offset(mark));
    const bool container = kind == Kind::sequence || kind == Kind::map;
    event.next = container ? 0 : static_cast<std::uint32_t>(events_.size());
    return event;
  }
  Event& open(Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= limits_.depth) {
      report_(offset(mark),
              "values are nested deeper than " + std::to_string(limits_.depth) + " levels; flatten them");
      throw Stop{};
    }
    open_.push_back(static_cast<std::uint32_t>(events_.size()));
    return add(kind, mark, anchor);
  }
  void close() {
    events_.emplace_back().kind = Kind::end;
    events_[open_.back()].next = static_cast<std::uint32_t>(events_.size());
    open_.pop_back();
  }

  const Limits& limits_;
  const Report& report_;
  std::vector<Event> events_;
  std::string characters_;
  std::vector<std::uint32_t> anchors_;  // anchor → its event
  std::vector<std::uint32_t> open_;
  std::unordered_map<std::size_t, std::string> odd_tags_;  // by the index of the event
};

// Goes through the events and writes the document, with aliases expanded.
class Writer {
 public:
  Writer(const Collector& from, const Limits& limits, json::Document& into, const Report& report)
      : from_(from), limits_(limits), builder_(into), report_(report) {}

  void write() { value(0, 0, {}); }

 private:
  const Event& at(std::uint32_t index) const { return from_.events()[index]; }

  void report(const Event& event, std::string what) const {
    if (shown_ == 0) report_(event.offset, std::move(what));
  }

  void count(const Event& event) {
    text_ += event.size;
    if (++values_ <= limits_.values && text_ <= limits_.text) return;
    report_(event.offset, "the file is too large with its aliases expanded; use fewer aliases to aliases");
    throw Stop{};
  }

  // Writes the value that begins at event `index`; gives the index behind it.
  std::uint32_t value(std::uint32_t index, std::size_t depth, std::string_view within) {
    const Event& event = at(index);
    count(event);
    if (depth > limits_.depth) {
      report_(event.offset,
              "values are nested deeper than " + std::to_string(limits_.depth) + " levels; flatten them");
      throw Stop{};
    }
    if (event.odd_tag) {
      report(event, "the tag `" + from_.tag(event) +
                        "` does not fit; remove it (only the core schema's tags are read)");
    }
    switch (event.kind) {
      case Kind::scalar: scalar(event); break;
      case Kind::alias: value(event.text, depth + 1, within); break;
      case Kind::sequence: {
        builder_.begin_array(event.offset);
        for (std::uint32_t i = index + 1; at(i).kind != Kind::end;) i = value(i, depth + 1, within);
        builder_.end_array();
        break;
      }
      case Kind::map: map(index, depth, within); break;
      case Kind::end: break;
    }
    return event.next;
  }

  void map(std::uint32_t index, std::size_t depth, std::string_view within) {
    builder_.begin_object(at(index).offset);
    std::unordered_set<std::string_view> keys;
    for (std::uint32_t i = index + 1; at(i).kind != Kind::end;) {
      const Event& key = at(i);
      const std::uint32_t value_index = key.next;
      count(key);
      const bool usable = key_is_usable(key);
      if (usable && !keys.insert(from_.text(key)).second) {
        report(key, "the key `" + std::string(from_.text(key)) + "` is twice in this map; keep one");
      } else if (usable) {
        builder_.key(from_.text(key), key.offset);
        const bool only_shown = limits_.only_shown && limits_.only_shown(within, from_.text(key));
        if (only_shown) ++shown_;
        i = value(value_index, depth + 1, from_.text(key));
        if (only_shown) --shown_;
        continue;
      }
      i = at(value_index).next;
    }
    builder_.end_object();
  }

  // Keys are texts; numbers are taken as they are written (`200:`).
  bool key_is_usable(const Event& key) const {
    if (key.kind != Kind::scalar) {
      report(key, "a key must be a text, not an alias, a list or a map");
      return false;
    }
    if (!key.plain) return true;
    const std::string_view text = from_.text(key);
    if (text == "<<") {
      report(key, "merge keys (`<<`) are not part of YAML 1.2; write the members out");
      return false;
    }
    const Plain resolved = resolve_plain(text);
    if (resolved.kind == Plain::Kind::string || resolved.kind == Plain::Kind::number) return true;
    if (shown_ > 0) return true;
    report(key, resolved.kind == Plain::Kind::refused
                    ? resolved.why
                    : "the key `" + std::string(text) + "` is not a text in YAML; quote it");
    return false;
  }

  void scalar(const Event& event) {
    const std::string_view text = from_.text(event);
    if (!event.plain) return builder_.string(text, event.offset);
    const Plain resolved = resolve_plain(text);
    switch (resolved.kind) {
      case Plain::Kind::string: return builder_.string(text, event.offset);
      case Plain::Kind::null: return builder_.null(event.offset);
      case Plain::Kind::boolean: return builder_.boolean(resolved.truth, event.offset);
      case Plain::Kind::number: return builder_.number(resolved.literal, event.offset);
      case Plain::Kind::refused:
        if (shown_ > 0) return builder_.string(text, event.offset);
        report(event, resolved.why);
        return builder_.null(event.offset);
    }
  }

  const Collector& from_;
  const Limits& limits_;
  json::Builder builder_;
  const Report& report_;
  std::size_t values_ = 0;
  std::size_t text_ = 0;
  std::size_t shown_ = 0;  // inside how many values that only people read
};

// Reads the text where it stands.
class TextBuffer final : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only ever read
    setg(begin, begin, begin + text.size());
  }
};

// A `%YAML` or `%TAG` line in front could change the meaning of everything after it.
bool has_directive(std::string_view text) {
  while (!text.empty()) {
    if (text.front() == '%') return true;
    if (text.front() != '#' && text.front() != '\n' && text.front() != '\r') return false;
    const std::size_t end = text.find('\n');
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

void read_yaml(std::string_view text, const Limits& limits, json::Document& into, const Report& report) {
  if (has_directive(text))
    return report(0, "directives (lines that begin with `%`) are not supported; remove them");
  TextBuffer buffer(text);
  std::istream in(&buffer);
  Collector collector(limits, report);
  try {
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(collector) || collector.events().empty()) {
      return report(0, "the file is empty");
    }
    const std::size_t first = collector.events().size();
    if (parser.HandleNextDocument(collector)) {
      return report(collector.events()[first].offset,
                    "a second document begins here; one file is one document");
    }
    Writer(collector, limits, into, report).write();
  } catch (const Stop&) {
    return;
  } catch (const YAML::Exception& error) {
    const std::size_t offset = error.mark.pos < 0 ? 0 : static_cast<std::size_t>(error.mark.pos);
    YamlFault fault = explain_yaml_fault(text, offset, error.msg);
    return report(fault.offset, std::move(fault.what));
  }
}

}  // namespace gatehouse::doc
