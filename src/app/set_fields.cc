#include "app/set_fields.h"

#include <cstdlib>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "app/process_resources.h"
#include "http/response_writer.h"

namespace gatehouse::app {
namespace {

Result<std::string> value_of(const policy::SetField& field) {
  using From = policy::SetField::From;
  switch (field.from) {
    case From::text: return field.value.value;
    case From::environment: {
      const char* const value = std::getenv(field.value.value.c_str());
      if (value == nullptr || *value == 0)
        return failure(ErrorCode::not_found,
                       fmt::format("the environment has no variable {}", field.value.value));
      return std::string(value);
    }
    case From::file: break;
  }
  GATEHOUSE_TRY(std::string text, read_whole(field.value.value));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty()) return failure(ErrorCode::invalid, "the file is empty");
  return text;
}

}  // namespace

Result<target::FixedFields> fixed_fields_of(const policy::Upstream& upstream) {
  target::FixedFields fixed;
  for (const policy::SetField& field : upstream.set) {
    auto value = value_of(field);
    if (!value)
      return failure(value.error().code, fmt::format("upstreams.{}.set: `{}`: {}", upstream.name,
                                                     field.name.value, value.error().text));
    if (!http::FieldValue::checked(*value)) {
      return failure(ErrorCode::invalid,
                     fmt::format("upstreams.{}.set: `{}`: the value is none that a header field can have",
                                 upstream.name, field.name.value));
    }
    http::append_field(fixed.lines, field.name.value, *value);
    if (field.from == policy::SetField::From::text) continue;
    // `Bearer TOKEN`: what an upstream tells may be the token alone.
    if (const auto space = value->rfind(' '); space != std::string::npos)
      fixed.secrets.push_back(value->substr(space + 1));
    fixed.secrets.push_back(*std::move(value));
  }
  return fixed;
}

}  // namespace gatehouse::app
