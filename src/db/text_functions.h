// SQLite's functions over two texts, in linear time. Only for the files of this room.
#pragma once

struct sqlite3;

namespace gatehouse::db {

// instr(), replace(), and trim(), ltrim() and rtrim() with a set of characters, as
// https://sqlite.org/lang_corefunc.html has them. SQLite's own take as long as the two texts multiplied,
// minutes for 1 MiB, and cannot be interrupted meanwhile. Returns SQLite's status.
int use_linear_text_functions(sqlite3* database);

}  // namespace gatehouse::db
