// The instructions of operators, listed.
#pragma once

#include <initializer_list>
#include <string>

#include "app/store_session.h"
#include "core/instructions.h"

namespace gatehouse::app {

enum class Listing : std::uint8_t { table, json };

// Prints those of these kinds, and gives the exit status.
int list_instructions(const StoreSession& store, std::initializer_list<Instruction::Kind> kinds,
                      Listing listing);

// To the second, in UTC.
std::string date_of(WallTime time);

}  // namespace gatehouse::app
