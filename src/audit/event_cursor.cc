#include "audit/event_cursor.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/system_failure.h"

namespace gatehouse::audit {
namespace {

// One byte of it is locked for each row of gatehouse_cursors that is read by.
Result<int> open_lock_file(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return system_failure("make", folder);
  const std::string path = folder + "/readers.lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return system_failure("open", path);
  return file;
}

// Of the descriptor, not of the process: a second cursor of this process is refused too.
bool lock_byte(int file, std::int64_t id) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = id;
  lock.l_len = 1;
  return ::fcntl(file, F_OFD_SETLK, &lock) == 0;
}

// Leaves of `text` behind `from` the lines behind the first `skip`, and gives how many. After a loss of power
// a run's bytes may be zero, or end early: what is no whole object is no event.
std::uint64_t leave_whole_lines(std::string& text, std::size_t from, std::int64_t skip) {
  std::uint64_t left = 0;
  std::size_t keep = from;  // the end of the kept part
  std::size_t begin = from;
  for (std::size_t end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (skip-- > 0) continue;
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (!line.starts_with('{') || !line.ends_with('}') || line.contains('\0')) continue;
    if (keep != begin)
      std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(begin), line.size() + 1,
                  text.begin() + static_cast<std::ptrdiff_t>(keep));
    keep += line.size() + 1;
    ++left;
  }
  text.resize(keep);
  return left;
}

// Where the name has no place yet: the end of the log. In one statement, so that no other process writes
// between the look and the row.
Result<> make_place(db::Connection& connection, const std::string& name) {
  return connection.execute(
      "INSERT INTO gatehouse_cursors (name, position) SELECT ?1, coalesce("
      "(SELECT position + events FROM gatehouse_runs ORDER BY position DESC LIMIT 1), "
      "(SELECT max(position) FROM gatehouse_cursors), 1) "
      "WHERE NOT EXISTS (SELECT 1 FROM gatehouse_cursors WHERE name = ?1)",
      {name});
}

}  // namespace

EventCursor::EventCursor(db::Connection connection, std::string name)
    : connection_(std::move(connection)), name_(std::move(name)), files_(event_folder(connection_)) {}

EventCursor::~EventCursor() {
  if (lock_ >= 0) ::close(lock_);
}

Result<std::unique_ptr<EventCursor>> EventCursor::open(db::Connection connection, std::string name) {
  GATEHOUSE_CHECK(connection.set_durability(db::Durability::normal));
  GATEHOUSE_CHECK(make_place(connection, name));
  return std::unique_ptr<EventCursor>(new EventCursor(std::move(connection), std::move(name)));
}

Result<> EventCursor::forget_others(db::Connection& connection, std::span<const std::string> names) {
  std::vector<std::int64_t> others;
  {
    GATEHOUSE_TRY(db::Rows rows, connection.query("SELECT id, name FROM gatehouse_cursors"));
    for (;;) {
      GATEHOUSE_TRY(const bool more, rows.next());
      if (!more) break;
      if (std::ranges::find(names, rows.text(1)) == names.end()) others.push_back(rows.integer(0));
    }
  }
  if (others.empty()) return {};
  GATEHOUSE_TRY(const int file, open_lock_file(event_folder(connection)));
  Result<> result;
  for (const std::int64_t id : others) {
    if (!result || !lock_byte(file, id)) continue;
    result = connection.execute("DELETE FROM gatehouse_cursors WHERE id = ?", {id});
  }
  ::close(file);
  return result;
}

// The lock was on a file beside the other one.
Result<bool> EventCursor::use_file_in_place() {
  GATEHOUSE_TRY(const bool is_another, connection_.use_file_in_place());
  if (is_another && lock_ >= 0) ::close(std::exchange(lock_, -1));
  return is_another;
}

Result<bool> EventCursor::claim() {
  GATEHOUSE_CHECK(use_file_in_place());
  GATEHOUSE_TRY(db::Rows rows, connection_.query("SELECT id FROM gatehouse_cursors WHERE name = ?", {name_}));
  GATEHOUSE_TRY(const bool there, rows.next());
  if (!there && !has_read_) {  // another server has forgotten it
    GATEHOUSE_CHECK(make_place(connection_, name_));
    return false;
  }
  if (!there) {  // the file is another one: the place is the one that the cursor has come to
    GATEHOUSE_CHECK(connection_.execute("INSERT INTO gatehouse_cursors (name, position) VALUES (?, ?)",
                                        {name_, position_}));
    return claim();
  }
  id_ = rows.integer(0);
  if (lock_ < 0) {
    GATEHOUSE_TRY(lock_, open_lock_file(event_folder(connection_)));
  }
  if (!lock_byte(lock_, id_)) return false;
  // The place as the last holder of the lock left it.
  GATEHOUSE_TRY(db::Rows now,
                connection_.query("SELECT position FROM gatehouse_cursors WHERE id = ?", {id_}));
  GATEHOUSE_TRY(const bool still_there, now.next());
  if (!still_there)
    return failure(ErrorCode::not_found, fmt::format("the log has no position of {} any more", name_));
  kept_ = now.integer(0);
  position_ = next_ = std::max(position_, kept_);
  has_read_ = true;
  return true;
}

Result<LogPiece> EventCursor::next(ByteCount most, std::string& lines) {
  lines.clear();
  GATEHOUSE_TRY(const bool is_another, use_file_in_place());
  if (is_another)
    return failure(ErrorCode::conflict, fmt::format("{} is another file now", connection_.path()),
                   Retry::yes);
  next_ = position_;
  LogPiece piece;
  // From the run on in which the place is.
  GATEHOUSE_TRY(db::Rows rows,
                connection_.query("SELECT position, events, file, offset, size FROM gatehouse_runs "
                                  "WHERE position >= coalesce((SELECT max(position) FROM gatehouse_runs "
                                  "WHERE position <= ?1), ?1) ORDER BY position",
                                  {position_}));
  for (std::uint64_t bytes = 0;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more) break;
    const std::int64_t first = rows.integer(0);
    const std::int64_t end = first + rows.integer(1);
    if (end <= next_) continue;
    bytes += static_cast<std::uint64_t>(rows.integer(4));
    piece.more = piece.events > 0 && bytes > most.bytes;
    if (piece.more) break;
    const std::size_t before = lines.size();
    GATEHOUSE_CHECK(files_.append({rows.integer(2), rows.integer(3), rows.integer(4)}, lines));
    const auto covered = static_cast<std::uint64_t>(end - next_);
    const std::uint64_t whole = leave_whole_lines(lines, before, std::max<std::int64_t>(next_ - first, 0));
    piece.lost += covered - std::min(covered, whole);
    piece.events += covered;
    next_ = end;
  }
  if (piece.events == 0) advance();  // what is passed over is not looked at again
  return piece;
}

Result<> EventCursor::keep() {
  GATEHOUSE_CHECK(
      connection_.execute("UPDATE gatehouse_cursors SET position = ? WHERE id = ?", {position_, id_}));
  kept_ = position_;
  return {};
}

Result<std::uint64_t> EventCursor::bytes_behind() {
  GATEHOUSE_TRY(db::Rows rows,
                connection_.query("SELECT coalesce(sum(size), 0) FROM gatehouse_runs WHERE position >= ?",
                                  {position_}));
  GATEHOUSE_TRY(const bool there, rows.next());
  return there ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
}

}  // namespace gatehouse::audit
