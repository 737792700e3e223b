#include "openapi/pairs.h"

#include <algorithm>

#include "base/strings.h"
#include "http/characters.h"
#include "http/cookies.h"
#include "openapi/decode.h"

namespace gatehouse::openapi {
namespace {

bool before(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

void append_folded(std::string& to, std::string_view name) {
  for (const char c : name) to += c == '.' || c == ' ' || c == '[' || c == ']' ? '_' : ascii_lower(c);
}

// Up to the first bracket behind those that it begins with.
std::string_view before_brackets(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of(" []"), name.size()));
  return name.substr(0, name.find_first_of("[]"));
}

// The whole name, as PHP reads one whose bracket is not closed.
std::string_view without_spaces_before(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
  return name;
}

// In place, as a form. false: there is nothing to decode in it.
bool decode_again(std::string& text) {
  std::size_t size = 0;
  bool found = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+') {
      c = ' ';
      found = true;
    }
    if (c == '%' && text.size() - i > 2) {
      const int high = http::hex_value(text[i + 1]);
      const int low = http::hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high * 16 + low);
        i += 2;
        found = true;
      }
    }
    text[size++] = c;
  }
  text.resize(size);
  return found;
}

// Whether a comma parts the items of such a parameter within one cookie.
bool has_items(const Codec& codec) {
  return codec.carrier == Codec::Carrier::json ||
         (codec.carrier == Codec::Carrier::styled && !codec.explode &&
          codec.type.has(TextType::kArray | TextType::kObject));
}

}  // namespace

bool NameTable::add(Entry entry) {
  const auto at = std::ranges::lower_bound(entries_, entry.name, before, &Entry::name);
  if (at != entries_.end() && at->name == entry.name) return false;
  std::string folded;
  for (const std::string_view read : {before_brackets(entry.name), without_spaces_before(entry.name)}) {
    folded.clear();
    append_folded(folded, read);
    add_folded(folded, entry.name);
  }
  entries_.insert(at, std::move(entry));
  return true;
}

void NameTable::add_folded(std::string_view folded, const std::string& entry) {
  if (folded.empty()) return;
  const auto at = std::ranges::lower_bound(folded_, folded, before,
                                           [](const Folded& f) { return std::string_view(f.name); });
  if (at == folded_.end() || at->name != folded) folded_.insert(at, {std::string(folded), entry});
}

const NameTable::Entry* NameTable::find_folded(std::string_view folded) const {
  const auto at = std::ranges::lower_bound(folded_, folded, before,
                                           [](const Folded& f) { return std::string_view(f.name); });
  return at != folded_.end() && at->name == folded ? find(at->entry) : nullptr;
}

const NameTable::Entry* NameTable::taken_for(std::string_view name, std::string& scratch) const {
  for (const std::string_view read : {before_brackets(name), without_spaces_before(name)}) {
    scratch.clear();
    append_folded(scratch, read);
    if (const Entry* const entry = find_folded(scratch)) return entry;
  }
  return nullptr;
}

const NameTable::Entry* NameTable::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(entries_, name, before,
                                           [](const Entry& e) { return std::string_view(e.name); });
  return at != entries_.end() && at->name == name ? &*at : nullptr;
}

void Pairs::begin(std::size_t codecs, std::size_t bytes) {
  pairs_.clear();
  slots_.assign(codecs, Slot{});
  names_.clear();
  names_.reserve(bytes);
}

void Pairs::add(std::uint16_t codec, Pair pair) {
  const auto index = static_cast<std::uint32_t>(pairs_.size());
  Slot& slot = slots_[codec];
  if (slot.first == Pair::kEnd) {
    slot.first = index;
  } else {
    pairs_[slot.last].next = index;
  }
  slot.last = index;
  pairs_.push_back(pair);
}

Pairs::Broken Pairs::sort(std::string_view name, Pair pair, const NameTable& names,
                          const NameTable* guarded) {
  if (const NameTable::Entry* entry = names.find(name)) {
    if (entry->meaning == NameTable::Meaning::deep) return {"style", entry->codec};
    if (entry->meaning == NameTable::Meaning::property) pair.property = name;
    add(entry->codec, pair);
    return {};
  }
  if (const std::size_t open = name.find('['); open != name.npos) {
    const NameTable::Entry* entry = names.find(name.substr(0, open));
    if (entry) {
      if (const Broken broken = find_hidden_name(name, entry->codec, names, guarded)) return broken;
    }
    if (entry && entry->meaning == NameTable::Meaning::brackets) {
      pair.property = name.substr(open);
      add(entry->codec, pair);
      return {};
    }
    if (entry && entry->meaning == NameTable::Meaning::deep) {
      // One level and no more: no standard defines `a[b][c]` and `a[]`.
      const std::string_view property = name.substr(open + 1, name.size() - open - 2);
      if (name.back() != ']' || name.size() < open + 3 || property.find_first_of("[]") != name.npos) {
        return {"style", entry->codec};
      }
      pair.property = property;
      add(entry->codec, pair);
      return {};
    }
  }
  if (!names.free) return {"undeclared", {}, name};
  if (const NameTable::Entry* entry = names.taken_for(name, folded_)) return {"alias", entry->codec};
  // Its own name is no other reading: where it carries a credential, it does not go on.
  if (guarded != nullptr && guarded->find(name) == nullptr && guarded->taken_for(name, folded_) != nullptr)
    return {"alias", {}};
  if (const Broken broken = find_hidden_name(name, {}, names, guarded)) return broken;
  pair.property = name;
  add(*names.free, pair);
  return {};
}

Pairs::Broken Pairs::find_hidden_name(std::string_view name, std::optional<std::uint16_t> own,
                                      const NameTable& names, const NameTable* guarded) {
  if (name.find_first_of("%+&;=") == name.npos) return {};
  constexpr int kMostDecodings = 3;
  again_ = name;
  for (int decoded = 0; decoded <= kMostDecodings; ++decoded) {
    const std::string_view whole = again_;
    for (std::size_t begin = 0; begin <= whole.size();) {
      const std::size_t end = std::min(whole.find_first_of("&;=", begin), whole.size());
      const std::string_view part = whole.substr(begin, end - begin);
      begin = end + 1;
      if (part == name) continue;  // its own name
      const NameTable::Entry* entry = names.find(part);
      if (entry == nullptr) entry = names.taken_for(part, folded_);
      if (entry != nullptr && entry->codec != own) return {"alias", entry->codec};
      if (guarded != nullptr &&
          (guarded->find(part) != nullptr || guarded->taken_for(part, folded_) != nullptr))
        return {"alias", {}};
    }
    if (!decode_again(again_)) return {};
  }
  return {"alias", {}};
}

Pairs::Broken Pairs::split(std::string_view raw, const NameTable& names, Encoding encoding,
                           Semicolon semicolon, std::span<const std::string_view> passed_over,
                           const NameTable* guarded) {
  while (!raw.empty()) {
    const std::size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view piece = raw.substr(0, end);
    const std::size_t equals = std::min(piece.find('='), piece.size());
    if (semicolon == Semicolon::refused && piece.contains(';')) return {"semicolon", {}};
    if (std::ranges::find(passed_over, piece.substr(0, equals)) != passed_over.end()) {
      if (end == raw.size()) break;
      raw.remove_prefix(end + 1);
      if (raw.empty()) return {"style", {}};
      continue;
    }
    const auto decoded = decode(piece.substr(0, equals), encoding, scratch_);
    if (!decoded) return {broken_rule(piece.substr(0, equals), encoding), {}};
    std::string_view name = *decoded;
    if (name.empty()) return {"style", {}};  // `a=1&&b=2`, `=1`
    if (name.data() == scratch_.data()) {
      // A skipped name comes once; in another case it would still reach the target.
      if (std::ranges::find(passed_over, name) != passed_over.end()) return {"undeclared", {}, name};
      const std::size_t begin = names_.size();
      names_ += name;
      name = std::string_view(names_).substr(begin);
    }
    Pair pair;
    pair.has_value = equals < piece.size();
    if (pair.has_value) pair.value = piece.substr(equals + 1);
    if (const Broken broken = sort(name, pair, names, guarded)) return broken;
    if (end == raw.size()) break;
    raw.remove_prefix(end + 1);
    if (raw.empty()) return {"style", {}};  // `a=1&`
  }
  return {};
}

Pairs::Broken Pairs::split_cookies(std::string_view raw, const NameTable& names,
                                   std::span<const Codec> codecs) {
  http::CookieReader reader(raw);
  while (const auto cookie = reader.next()) {
    if (cookie->form == http::CookieForm::not_a_pair) return {"style", {}};
    const NameTable::Entry* entry = names.find(cookie->name);
    if (!entry) continue;
    const bool agreed = cookie->form == http::CookieForm::octets ||
                        (cookie->form == http::CookieForm::items && has_items(codecs[entry->codec]));
    if (!agreed) return {"style", entry->codec};
    if (cookie->value.find_first_of("%+") != std::string_view::npos) {
      scratch_.clear();
      if (!http::append_agreed_value(scratch_, cookie->value)) return {"ambiguous", entry->codec};
    }
    Pair pair{.property = {}, .value = cookie->value};
    if (entry->meaning == NameTable::Meaning::property) pair.property = cookie->name;
    add(entry->codec, pair);
  }
  return {};
}

}  // namespace gatehouse::openapi
