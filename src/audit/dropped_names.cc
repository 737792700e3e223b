#include "audit/dropped_names.h"

#include <algorithm>

#include "audit/event_fields.h"
#include "base/strings.h"

namespace gatehouse::audit {
namespace {

// Names of header fields ignore case (RFC 9110 section 5.1), those of cookies do not.
std::string folded(std::string_view name) {
  std::string key(name);
  if (!name.starts_with(kCookieMark)) std::ranges::transform(key, key.begin(), ascii_lower);
  return key;
}

std::string_view text_in(json::Value event, FieldName member) {
  return event.find_string(member).value_or(std::string_view());
}

}  // namespace

void DroppedNames::add(json::Value event) {
  const auto names = event.find(FieldName("http.request.dropped"));
  if (!names || !names->is_array() || text_in(event, "event.name") != "request") return;
  std::string_view caller = text_in(event, "user.id");
  if (caller.empty()) caller = text_in(event, "client.address");
  for (const json::Value one : names->elements()) {
    if (!one.is_string()) continue;
    // "and 4 more": a space is in no name.
    const std::string_view name = one.string().contains(' ') ? kFurtherNames : one.string();
    count(text_in(event, "operation"), name, caller, text_in(event, "time"));
  }
}

void DroppedNames::count(std::string_view operation, std::string_view name, std::string_view caller,
                         std::string_view time) {
  Entry& entry = entries_[{std::string(operation), folded(name)}];
  if (entry.name.empty()) entry.name = name;
  ++entry.requests;
  if (entry.callers.size() < kMostCallers && !entry.callers.contains(caller)) entry.callers.emplace(caller);
  if (entry.last < time) entry.last = time;
  if (entries_.size() > kMostNames) forget_rare();
}

void DroppedNames::forget_rare() {
  std::vector<std::uint64_t> counts;
  counts.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) counts.push_back(entry.requests);
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::ranges::nth_element(counts, middle);
  const std::uint64_t rare = *middle;
  std::map<Key, Entry, std::less<>> kept;
  for (auto& [key, entry] : entries_) {
    if (entry.requests > rare || entry.name == kFurtherNames) kept.insert({key, std::move(entry)});
  }
  for (auto& [key, entry] : entries_) {
    if (kept.contains(key)) continue;
    Entry& further = kept[{key.first, std::string(kFurtherNames)}];
    further.name = kFurtherNames;
    further.requests += entry.requests;
    further.last = std::max(further.last, entry.last);
    while (further.callers.size() < kMostCallers && !entry.callers.empty())
      further.callers.insert(entry.callers.extract(entry.callers.begin()));
  }
  entries_ = std::move(kept);
}

std::vector<DroppedName> DroppedNames::by_frequency() const {
  std::vector<DroppedName> list;
  list.reserve(entries_.size());
  for (const auto& [key, entry] : entries_)
    list.push_back({key.first, entry.name, entry.requests, entry.callers.size(), entry.last});
  std::ranges::stable_sort(list, std::greater<>(), &DroppedName::requests);
  return list;
}

}  // namespace gatehouse::audit
