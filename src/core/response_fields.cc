#include "core/response_fields.h"

namespace gatehouse {

std::string& ResponseFields::open(http::FieldId id, std::string_view name) {
  lines_.push_back({text_.size(), static_cast<std::uint32_t>(name.size()), 0, id});
  return text_.append(name).append(": ");
}

void ResponseFields::close() {
  Line& line = lines_.back();
  line.value_size = static_cast<std::uint32_t>(text_.size() - line.value_at());
  text_ += "\r\n";
}

void ResponseFields::withdraw() {
  text_.resize(lines_.back().at);
  lines_.pop_back();
}

std::optional<std::string_view> ResponseFields::value(http::FieldId id) const {
  for (const http::Field field : *this) {
    if (field.id == id) return field.value;
  }
  return std::nullopt;
}

http::Field ResponseFields::at(std::size_t index) const {
  const Line& line = lines_[index];
  const std::string_view text = text_;
  return {text.substr(line.at, line.name_size), text.substr(line.value_at(), line.value_size), line.id};
}

}  // namespace gatehouse
