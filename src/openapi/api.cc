#include "openapi/api.h"

#include <algorithm>

#include "openapi/documents.h"

namespace gatehouse::openapi {

bool Operation::admits_anonymous() const {
  return security.empty() || std::ranges::any_of(security, [](const SecurityAlternative& alternative) {
           return alternative.empty();
         });
}

const Response* Operation::response_for(unsigned status) const {
  const Response* best = nullptr;
  for (const Response& response : responses) {
    const bool fits = response.is_default() || (status >= response.first && status <= response.last);
    const auto width = [](const Response& r) { return r.is_default() ? 1000 : r.last - r.first; };
    if (fits && (best == nullptr || width(response) < width(*best))) best = &response;
  }
  return best;
}

std::string Operation::title() const { return std::string(openapi::name(method)) + " " + path; }

std::string Operation::name() const {
  auto [by_id, by_title] = names();
  return by_id.empty() ? by_title : by_id;
}

std::array<std::string, 2> Operation::names() const {
  const std::string front = document.empty() ? std::string() : document + '.';
  return {id.empty() ? std::string() : front + id, front + title()};
}

const SecurityScheme* Api::scheme(std::string_view wanted) const {
  const auto found = std::ranges::find(security_schemes, wanted, &SecurityScheme::name);
  return found == security_schemes.end() ? nullptr : &*found;
}

Place Api::place_of(const schema::Weakness& weakness) const {
  // Sources have the names that the person wrote, from the document's directory on; a URI has only the part
  // after it.
  const std::filesystem::path directory = std::filesystem::path(sources.front()->name()).parent_path();
  const std::string name = (directory / weakness.document.substr(kDocumentBase.size())).string();
  for (const auto& source : sources) {
    if (source->name() == name) return source->place_at(weakness.offset);
  }
  return sources.front()->place_at(0);  // not reached: a schema comes from one of them
}

}  // namespace gatehouse::openapi
