#include "db/text_functions.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_set>

#include <sqlite3.h>

namespace gatehouse::db {

namespace {

constexpr auto kNowhere = std::string_view::npos;

// memmem() is linear (two-way search); std::string_view::find() is not.
std::size_t find_linear(std::string_view text, std::string_view wanted, std::size_t from) {
  const void* const found = ::memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  return found == nullptr ? kNowhere
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// The value as text; a blob's bytes are taken for it. Nothing where memory is lacking.
std::string_view text_of_argument(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

bool is_null(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }

// instr(X, Y): from 1, in characters, or in bytes where both are blobs; 0 where Y is not in X.
void instr(sqlite3_context* context, int, sqlite3_value** arguments) {
  if (is_null(arguments[0]) || is_null(arguments[1])) return;
  const bool bytes =
      sqlite3_value_type(arguments[0]) == SQLITE_BLOB && sqlite3_value_type(arguments[1]) == SQLITE_BLOB;
  const auto take = [bytes](sqlite3_value* value) -> std::string_view {
    if (!bytes) return text_of_argument(value);
    const auto* blob = static_cast<const char*>(sqlite3_value_blob(value));
    return {blob == nullptr ? "" : blob, static_cast<std::size_t>(sqlite3_value_bytes(value))};
  };
  const std::string_view text = take(arguments[0]);
  const std::string_view wanted = take(arguments[1]);
  if (wanted.empty()) return sqlite3_result_int(context, 1);
  // A needle that begins within a character is found at the text's beginning only, as everywhere in SQLite.
  std::size_t at = kNowhere;
  if (bytes || !continues_character(wanted.front())) {
    at = find_linear(text, wanted, 0);
  } else if (text.starts_with(wanted)) {
    at = 0;
  }
  if (at == kNowhere) return sqlite3_result_int(context, 0);
  sqlite3_int64 before = 0;
  for (std::size_t i = 0; i < at; ++i) before += bytes || i == 0 || !continues_character(text[i]) ? 1 : 0;
  sqlite3_result_int64(context, before + 1);
}

// replace(X, Y, Z): X with Z for every Y; X itself where Y is empty or begins with NUL.
void replace(sqlite3_context* context, int, sqlite3_value** arguments) {
  if (is_null(arguments[0]) || is_null(arguments[1])) return;
  const std::string_view text = text_of_argument(arguments[0]);
  const std::string_view wanted = text_of_argument(arguments[1]);
  if (wanted.empty() || wanted.front() == '\0') return sqlite3_result_value(context, arguments[0]);
  if (is_null(arguments[2])) return;
  const std::string_view by = text_of_argument(arguments[2]);
  const auto most =
      static_cast<std::size_t>(sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1));
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = find_linear(text, wanted, 0); at != kNowhere; at = find_linear(text, wanted, done)) {
    out.append(text, done, at - done).append(by);
    if (out.size() > most) return sqlite3_result_error_toobig(context);
    done = at + wanted.size();
  }
  out.append(text, done);
  if (out.size() > most) return sqlite3_result_error_toobig(context);
  sqlite3_result_text64(context, out.data(), out.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// Where the character ends that begins at `at`.
std::size_t end_of_character(std::string_view text, std::size_t at) {
  const bool begins = static_cast<unsigned char>(text[at]) >= 0xc0U;
  ++at;
  while (begins && at < text.size() && continues_character(text[at])) ++at;
  return at;
}

// How many bytes at that end are one of the characters; 0: none.
enum class End : bool { first, last };
std::size_t matched(const std::unordered_set<std::string_view>& characters, std::string_view text, End end) {
  constexpr std::size_t kLongestCharacter = 4;
  for (std::size_t size = 1; size <= std::min(kLongestCharacter, text.size()); ++size) {
    if (characters.contains(text.substr(end == End::first ? 0 : text.size() - size, size))) return size;
  }
  return 0;
}

enum class Side : int { left = 1, right = 2, both = 3 };

// trim(X, Y), ltrim(X, Y), rtrim(X, Y): X without those of Y's characters that are at its ends.
void trim(sqlite3_context* context, int, sqlite3_value** arguments) {
  if (is_null(arguments[0]) || is_null(arguments[1])) return;
  const int sides = *static_cast<const int*>(sqlite3_user_data(context));
  std::string_view text = text_of_argument(arguments[0]);
  const std::string_view all = text_of_argument(arguments[1]);
  const std::string_view set = all.substr(0, all.find('\0'));
  std::unordered_set<std::string_view> characters;
  for (std::size_t at = 0; at < set.size();) {
    const std::size_t end = end_of_character(set, at);
    characters.insert(set.substr(at, end - at));
    at = end;
  }
  if ((sides & static_cast<int>(Side::left)) != 0) {
    while (const std::size_t size = matched(characters, text, End::first)) text.remove_prefix(size);
  }
  if ((sides & static_cast<int>(Side::right)) != 0) {
    while (const std::size_t size = matched(characters, text, End::last)) text.remove_suffix(size);
  }
  sqlite3_result_text64(context, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
}

constexpr int kLeft = static_cast<int>(Side::left);
constexpr int kRight = static_cast<int>(Side::right);
constexpr int kBoth = static_cast<int>(Side::both);

// No exception of the standard library's may pass through SQLite.
template <void (*kFunction)(sqlite3_context*, int, sqlite3_value**)>
void guarded_call(sqlite3_context* context, int count, sqlite3_value** arguments) {
  try {
    kFunction(context, count, arguments);
  } catch (...) {
    sqlite3_result_error_nomem(context);
  }
}

struct TextFunction {
  const char* name;
  int arguments;
  const int* data;
  void (*call)(sqlite3_context*, int, sqlite3_value**);
};

constexpr TextFunction kLinearFunctions[] = {
    {"instr", 2, nullptr, &guarded_call<instr>}, {"replace", 3, nullptr, &guarded_call<replace>},
    {"trim", 2, &kBoth, &guarded_call<trim>},    {"ltrim", 2, &kLeft, &guarded_call<trim>},
    {"rtrim", 2, &kRight, &guarded_call<trim>},
};

}  // namespace

int use_linear_text_functions(sqlite3* database) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;  // as SQLite's own
  for (const TextFunction& function : kLinearFunctions) {
    const int status =
        sqlite3_create_function_v2(database, function.name, function.arguments, kFlags,
                                   const_cast<int*>(function.data), function.call, nullptr, nullptr, nullptr);
    if (status != SQLITE_OK) return status;
  }
  return SQLITE_OK;
}

}  // namespace gatehouse::db
