// How SQLite's functions convert their text arguments. Only for the files of this room.
#pragma once

#include <initializer_list>
#include <string_view>

#include "db/explained_program.h"

namespace gatehouse::db {

inline constexpr int kMostArguments = 127;

bool is_function(const Instruction& at);

// Whether the function that `at` calls has one of these names. SQLite writes them in lower case.
bool calls(const Instruction& at, std::initializer_list<std::string_view> names);

// Arguments of a function: the first of them, and how far they are apart.
struct ArgumentPlaces {
  int first = kMostArguments;
  int step = 1;
};

// Which arguments of a function that takes the others as texts are numbers, or hold some: $[1] and $[01] are
// one path in JSON, `1 day` and `+01 days` one modifier of a date.
ArgumentPlaces number_places(const Instruction& at);

// Whether its result is a number that it counts or finds itself, and no text that reads as one.
bool gives_own_number(const Instruction& at);

// Whether it compares its arguments with each other.
bool compares_arguments(const Instruction& at);

// Whether it makes no number of a text, but for those that it reads in JSON and for number_places(). Of a
// function that is not known it is not so.
bool takes_text(const Instruction& at);

}  // namespace gatehouse::db
