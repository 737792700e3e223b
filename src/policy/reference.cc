#include "policy/reference.h"

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"
#include "json/writer.h"
#include "policy/key_reader.h"

namespace gatehouse::policy {
namespace {

std::string full_name(const Section& section, const Key& key) {
  return section.path.empty() ? std::string(key.name) : fmt::format("{}.{}", section.path, key.name);
}

std::string type_text(const ValueType& type) {
  const std::string within = bounds(type);
  return within.empty() ? std::string(type.words) : fmt::format("{}, {}", type.words, within);
}

enum class Style : std::uint8_t { plain, markdown };

std::string default_text(const Otherwise& otherwise, Style style) {
  switch (otherwise.kind) {
    case Otherwise::Kind::required: return style == Style::markdown ? "**required**" : "required";
    case Otherwise::Kind::nothing: return "nothing";
    case Otherwise::Kind::words: return std::string(otherwise.text);
    case Otherwise::Kind::value:
      return style == Style::markdown ? fmt::format("`{}`", otherwise.text) : std::string(otherwise.text);
  }
  return {};
}

// As GitHub makes it of a heading.
std::string anchor(std::string_view heading) {
  std::string text;
  for (const char c : heading) {
    const char lower = ascii_lower(c);
    if ((lower >= 'a' && lower <= 'z') || is_digit(lower) || lower == '_' || lower == '-') text += lower;
    if (lower == ' ') text += '-';
  }
  return text;
}

std::string heading(const Section& section) {
  return section.path.empty() ? "The top of gatehouse.yaml" : fmt::format("`{}`", section.path);
}

// The other places of a section: `fields` also stands in an upstream.
std::vector<std::string> also_at(const Section& section) {
  std::vector<std::string> places;
  for (const Section* const other : keys::kSections) {
    for (const Key& key : other->keys) {
      if (key.type.members != &section) continue;
      const std::string place = full_name(*other, key);
      if (!section.path.starts_with(place)) places.push_back(place);
    }
  }
  return places;
}

void write_section(const Section& section, std::string& out) {
  for (const Key& key : section.keys) {
    const std::string name = key.type.members == nullptr
                                 ? fmt::format("`{}`", key.name)
                                 : fmt::format("[`{}`](#{})", key.name, anchor(heading(*key.type.members)));
    out += fmt::format("| {} | {} | {} | {} | `{}` |\n", name, type_text(key.type),
                       default_text(key.otherwise, Style::markdown), key.sentence, key.example);
  }
}

std::vector<std::string_view> steps(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto dot = path.find('.');
    std::string_view part = path.substr(0, dot);
    if (part.ends_with(']')) part = part.substr(0, part.find('['));
    parts.push_back(part);
    if (dot == path.npos) return parts;
    path.remove_prefix(dot + 1);
  }
}

// Whether the last steps of `longer` are `shorter`; NAME and its like stand for any.
bool ends_with(const std::vector<std::string_view>& longer, const std::vector<std::string_view>& shorter) {
  if (longer.size() < shorter.size() || longer.back() != shorter.back()) return false;
  const auto stands_for_any = [](std::string_view step) {
    return !step.empty() && std::ranges::all_of(step, [](char c) { return c >= 'A' && c <= 'Z'; });
  };
  return std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin(),
                    [&](auto a, auto b) { return a == b || stands_for_any(a) || stands_for_any(b); });
}

struct Found {
  const Section* section;
  const Key* key;
};

std::vector<Found> find_keys(std::string_view written) {
  const auto asked = steps(written);
  using Matches = std::function<bool(const std::vector<std::string_view>&)>;
  const Matches ways[] = {
      [&](const auto& path) { return path.size() == asked.size() && ends_with(path, asked); },
      [&](const auto& path) { return ends_with(path, asked); },
      [&](const auto& path) { return path.size() > 1 && ends_with(asked, path); },
      [&](const auto& path) { return path.back() == asked.back(); }};
  for (const Matches& matches : ways) {
    std::vector<Found> found;
    for (const Section* const section : keys::kSections) {
      for (const Key& key : section->keys) {
        if (matches(steps(full_name(*section, key)))) found.push_back({section, &key});
      }
    }
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace

std::string reference_as_markdown() {
  std::string out;
  std::string_view before = "none";
  for (const Section* const section : keys::kSections) {
    if (section->path != before) {
      out += fmt::format("\n## {}\n\n", heading(*section));
      if (!section->note.empty()) out += fmt::format("{}\n\n", section->note);
      if (const auto places = also_at(*section); !places.empty()) {
        out += "Also at ";
        for (std::size_t i = 0; i < places.size(); ++i)
          out += fmt::format("{}`{}`", i == 0 ? "" : i + 1 == places.size() ? " and " : ", ", places[i]);
        out += ".\n\n";
      }
      out += "| key | type | default | meaning | example |\n|---|---|---|---|---|\n";
    }
    write_section(*section, out);
    before = section->path;
  }
  return out;
}

std::string reference_as_json() {
  constexpr std::string_view kKindNames[] = {"other", "boolean", "choice", "count", "duration", "size"};
  constexpr std::string_view kOtherwise[] = {"required", "nothing", "value", "words"};
  json::Document document;
  json::Builder out(document);
  const auto text = [&](std::string_view name, std::string_view value) {
    out.key(name);
    out.string(value);
  };
  out.begin_array();
  for (const Section* const section : keys::kSections) {
    for (const Key& key : section->keys) {
      out.begin_object();
      text("section", section->path);
      text("key", key.name);
      text("type", type_text(key.type));
      text("kind", kKindNames[static_cast<std::size_t>(key.type.kind)]);
      out.key("default");
      out.begin_object();
      text("kind", kOtherwise[static_cast<std::size_t>(key.otherwise.kind)]);
      text("text", key.otherwise.text);
      out.end_object();
      text("meaning", key.sentence);
      text("example", key.example);
      out.end_object();
    }
  }
  out.end_array();
  return json::to_text(document.root()) + "\n";
}

std::string reference_in_lines() {
  std::size_t width = 0;
  for (const Section* const section : keys::kSections) {
    for (const Key& key : section->keys) width = std::max(width, full_name(*section, key).size());
  }
  std::string out;
  for (const Section* const section : keys::kSections) {
    for (const Key& key : section->keys)
      out += fmt::format("{:<{}}  {}\n", full_name(*section, key), width, key.sentence);
  }
  return out;
}

std::string reference_of(std::string_view written) {
  std::string out;
  for (const auto& [section, key] : find_keys(written)) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{}\n  {}\n  type     {}\n  default  {}\n  example  {}\n", full_name(*section, *key),
                       key->sentence, type_text(key->type), default_text(key->otherwise, Style::plain),
                       key->example);
    if (key->type.members == nullptr) continue;
    out += "  keys    ";
    std::set<std::string_view> named;
    for (const Section* const other : keys::kSections) {  // several list the keys of authenticators
      if (other->path != key->type.members->path) continue;
      for (const Key& member : other->keys) {
        if (named.insert(member.name).second) out += fmt::format(" {}", member.name);
      }
    }
    out += '\n';
  }
  return out;
}

std::string_view nearest_key(std::string_view written) {
  std::vector<std::string> names;
  for (const Section* const section : keys::kSections) {
    for (const Key& key : section->keys) names.emplace_back(key.name);
  }
  const std::string_view near = doc::nearest(steps(written).back(), names);
  for (const Section* const section : keys::kSections) {  // the text of the list outlives `names`
    for (const Key& key : section->keys) {
      if (key.name == near) return key.name;
    }
  }
  return {};
}

}  // namespace gatehouse::policy
