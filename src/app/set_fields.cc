#include "app/set_fields.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/process_resources.h"
#include "base/encoding.h"
#include "base/strings.h"
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

bool is_basic(std::string_view value) { return equal_ignoring_case(value.substr(0, 6), "basic "); }

// RFC 7617: an upstream decodes the pair, and may tell the password. A shorter one is in ordinary words.
void add_user_and_password(const std::string& credential, std::vector<std::string>& secrets) {
  constexpr std::size_t kShortestPassword = 4;
  auto pair = from_base64(credential);
  if (!pair) return;
  std::string password = pair->substr(std::min(pair->find(':'), pair->size() - 1) + 1);
  if (password.size() >= kShortestPassword) secrets.push_back(std::move(password));
  secrets.push_back(*std::move(pair));
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
    if (const auto space = value->rfind(' '); space != std::string::npos) {
      fixed.secrets.push_back(value->substr(space + 1));
      if (is_basic(*value)) add_user_and_password(fixed.secrets.back(), fixed.secrets);
    }
    fixed.secrets.push_back(*std::move(value));
  }
  return fixed;
}

}  // namespace gatehouse::app
