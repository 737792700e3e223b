// The purpose of an operation, guessed from its names: the endpoints that are attacked first, and those that
// are forgotten. A guess only warns: it allows and refuses nothing, and the finding names the word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "openapi/api.h"

namespace gatehouse::review {

enum class Purpose : std::uint8_t {
  sign_in,         // takes a password or code, gives a session or token
  recovery,        // password reset
  webhook,         // receives calls of another system
  export_,         // gives much at once
  search,          // may give much, and costs
  administration,  // for operators only
  access,          // changes permissions
  money,
};

// The word by which it is one, or nothing.
std::optional<std::string_view> word_for(Purpose purpose, const openapi::Operation& operation);
// A GET whose name begins with a verb that changes something: "deleteUser" gives "delete".
std::optional<std::string_view> changing_verb(const openapi::Operation& operation);
// A name that says its value is a secret: "reset_token" gives "token".
std::optional<std::string_view> secret_word(std::string_view name);

// The words of a name, in lower case, each with a blank before and behind: " get order by id ".
std::string words_of(std::string_view name);

}  // namespace gatehouse::review
