#include "db/postgres_connection.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <poll.h>

#include "base/ip.h"
#include "base/secret.h"
#include "net/descriptor_watch.h"
#include "net/loop.h"
#include "net/resolve.h"

namespace gatehouse::db {

namespace {

// Of pg_type.dat: these numbers never change.
constexpr Oid kBool = 16, kBytea = 17, kInt8 = 20, kInt2 = 21, kInt4 = 23, kFloat4 = 700, kFloat8 = 701;

bool is_folder(const std::string& host) { return host.starts_with('/'); }

// Whether the bytes stay on this machine.
bool stays_here(const std::string& host) {
  const auto address = IpAddress::parse(host);
  return is_folder(host) || (address && address->is_loopback());
}

int digit_of(char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

// The text form of bytea: \x and two digits for each byte.
std::string bytes_of(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 2; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(digit_of(text[i]) << 4 | digit_of(text[i + 1]));
  return bytes;
}

template <typename T>
T number_of(std::string_view text) {
  T number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

RowSet rows_of(const PGresult* result) {
  const int columns = PQnfields(result);
  RowSet rows(static_cast<std::size_t>(columns));
  for (int row = 0; row < PQntuples(result); ++row) {
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column) != 0) {
        rows.add_null();
        continue;
      }
      const std::string_view text(PQgetvalue(result, row, column),
                                  static_cast<std::size_t>(PQgetlength(result, row, column)));
      switch (PQftype(result, column)) {
        case kBool: rows.add_integer(text == "t" ? 1 : 0); break;
        case kInt2:
        case kInt4:
        case kInt8: rows.add_integer(number_of<std::int64_t>(text)); break;
        case kFloat4:
        case kFloat8: rows.add_real(number_of<double>(text)); break;
        case kBytea: rows.add_bytes(bytes_of(text)); break;
        default: rows.add_bytes(text); break;
      }
    }
  }
  rows.changed = number_of<std::int64_t>(PQcmdTuples(const_cast<PGresult*>(result)));
  return rows;
}

// Values as libpq takes them.
struct Bound {
  explicit Bound(std::span<const Parameter> values) {
    owned.reserve(values.size());
    for (const Parameter& value : values) std::visit(*this, value.value());
  }
  void operator()(std::nullptr_t) { add(nullptr, 0, 0); }
  void operator()(std::int64_t value) { add_text(std::to_string(value)); }
  void operator()(double value) { add_text(fmt::format("{}", value)); }
  void operator()(std::string_view value) { add_text(std::string(value)); }
  void operator()(Blob value) {
    add(value.bytes.data() == nullptr ? "" : value.bytes.data(), static_cast<int>(value.bytes.size()), 1);
  }
  void add_text(std::string text) { add(owned.emplace_back(std::move(text)).c_str(), 0, 0); }
  void add(const char* value, int length, int format) {
    texts.push_back(value);
    lengths.push_back(length);
    formats.push_back(format);
  }
  int size() const { return static_cast<int>(texts.size()); }

  std::vector<std::string> owned;
  std::vector<const char*> texts;
  std::vector<int> lengths;
  std::vector<int> formats;
};

ErrorCode code_of_state(std::string_view state) {
  if (state.starts_with("23")) return ErrorCode::conflict;
  if (state == "57014") return ErrorCode::timeout;
  if (state == "42501" || state == "25006") return ErrorCode::denied;
  if (state.starts_with("22") || state.starts_with("42")) return ErrorCode::invalid;
  if (state.starts_with("40") || state.starts_with("53") || state.starts_with("57") || state == "55P03")
    return ErrorCode::unavailable;
  return ErrorCode::internal;
}

}  // namespace

net::Task<Result<std::unique_ptr<PostgresConnection>>> PostgresConnection::connect(
    net::Loop& loop, const PostgresOptions& options, MonotonicTime until) {
  std::string address;
  if (IpAddress::parse(options.host)) {
    address = options.host;
  } else if (!is_folder(options.host)) {
    // libpq would look a name up by itself, and block.
    if (!options.resolver)
      co_return failure(ErrorCode::internal,
                        "the name of the store cannot be resolved: there is no resolver");
    auto addresses = co_await net::resolve(loop, *options.resolver, options.host);
    GATEHOUSE_CO_CHECK(addresses);
    for (const IpAddress& one : *addresses) {
      address += address.empty() ? "" : ",";
      address += one.text();
    }
  }
  std::string hosts = options.host;  // one for each address, and the same name for each certificate
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::ranges::count(address, ',')); ++i)
    hosts += "," + options.host;
  const std::string port = std::to_string(options.port);
  const std::string password(options.password.reveal());
  const bool plain = stays_here(options.host);
  const std::pair<const char*, const char*> settings[] = {
      {"host", hosts.c_str()},
      {"hostaddr", address.c_str()},
      {"port", port.c_str()},
      {"dbname", options.database.c_str()},
      {"user", options.user.c_str()},
      {"password", password.c_str()},
      {"passfile", "/dev/null/none"},  // not that of the home folder
      {"sslmode", plain ? "disable" : "verify-full"},
      {"sslrootcert", options.ca.c_str()},
      {"ssl_min_protocol_version", "TLSv1.2"},
      {"gssencmode", "disable"},
      {"target_session_attrs", "read-write"},
      {"client_encoding", "UTF8"},
      {"application_name", "gatehouse"},
      {"options", ""},
  };
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : settings) {
    names.push_back(name);
    values.push_back(value);
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  std::unique_ptr<PostgresConnection> connection(
      new PostgresConnection(PQconnectStartParams(names.data(), values.data(), 0)));
  wipe(const_cast<char*>(password.data()), password.size());
  PGconn* const raw = connection->connection_.get();
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
       state = PQconnectPoll(raw)) {
    if (raw == nullptr || state == PGRES_POLLING_FAILED || PQstatus(raw) == CONNECTION_BAD) {
      co_return failure(ErrorCode::unavailable,
                        fmt::format("PostgreSQL at {} did not accept the connection: {}", options.host,
                                    raw == nullptr ? "no memory" : PQerrorMessage(raw)),
                        Retry::yes);
    }
    connection->attach(loop);  // for each step: libpq may have taken another socket
    const bool there = co_await connection->ready(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, until);
    connection->detach();
    if (!there) {
      co_return failure(ErrorCode::timeout,
                        fmt::format("PostgreSQL at {} did not answer in time", options.host), Retry::yes);
    }
  }
  if (PQserverVersion(raw) < 150000)
    co_return failure(ErrorCode::invalid, "the store needs PostgreSQL 15 or newer");
  PQsetnonblocking(raw, 1);
  PQsetNoticeProcessor(raw, [](void*, const char*) {}, nullptr);
  connection->attach(loop);
  co_return connection;
}

PostgresConnection::PostgresConnection(PGconn* connection) : connection_(connection) {}

PostgresConnection::~PostgresConnection() = default;

void PostgresConnection::detach() { watch_.reset(); }

void PostgresConnection::attach(net::Loop& loop) {
  watch_ = std::make_unique<net::DescriptorWatch>(loop, PQsocket(connection_.get()));
}

net::Task<bool> PostgresConnection::ready(short events, MonotonicTime until) {
  for (;;) {
    // The watch reports changes; bytes may have arrived before, and libpq may have left them.
    pollfd there{watch_->descriptor(), events, 0};
    if (::poll(&there, 1, 0) != 0) co_return true;
    const bool happened = co_await watch_->wait(until);
    if (!happened) co_return false;
  }
}

PostgresConnection::Refused PostgresConnection::lost_with(std::string_view what) {
  lost_ = true;
  return {
      {ErrorCode::unavailable, fmt::format("the connection to PostgreSQL is lost: {}", what), Retry::yes}};
}

// PostgreSQL's own sentence may quote a value, so it is not part of it.
PostgresConnection::Refused PostgresConnection::refused_by(const PGresult* result,
                                                           std::string_view doing) const {
  const auto field = [&](int code) -> std::string_view {
    const char* const text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
  };
  const std::string_view state = field(PG_DIAG_SQLSTATE);
  const bool stale_statement = state == "0A000" || state == "26000";
  const bool run_again = stale_statement || state == "40001" || state == "40P01";
  const ErrorCode code = code_of_state(state);
  return {{code, fmt::format("PostgreSQL {} {}, in: {}", state, field(PG_DIAG_CONSTRAINT_NAME), doing),
           run_again || code == ErrorCode::unavailable ? Retry::yes : Retry::no},
          run_again,
          stale_statement};
}

net::Task<std::expected<PostgresConnection::OwnedResult, PostgresConnection::Refused>>
PostgresConnection::answered(std::string_view doing, MonotonicTime until) {
  PGconn* const raw = connection_.get();
  OwnedResult last;
  for (;;) {
    for (int rest = 1; (rest = PQflush(raw)) != 0;) {
      if (rest < 0) co_return std::unexpected(lost_with(PQerrorMessage(raw)));
      const bool there = co_await ready(POLLIN | POLLOUT, until);
      if (!there) co_return std::unexpected(lost_with("the request could not be sent in time"));
      if (PQconsumeInput(raw) == 0) co_return std::unexpected(lost_with(PQerrorMessage(raw)));
    }
    while (PQisBusy(raw) != 0) {
      // Twice: a record of TLS may hold more than libpq has taken, which the socket does not report.
      if (PQconsumeInput(raw) == 0 || PQconsumeInput(raw) == 0)
        co_return std::unexpected(lost_with(PQerrorMessage(raw)));
      if (PQisBusy(raw) == 0) break;
      const bool there = co_await ready(POLLIN, until);
      if (!there) co_return std::unexpected(lost_with("no answer in time"));
    }
    OwnedResult next(PQgetResult(raw));
    if (!next) break;
    if (!last || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) last = std::move(next);
  }
  if (!last) co_return std::unexpected(lost_with("no answer"));
  switch (PQresultStatus(last.get())) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: co_return last;
    default: break;
  }
  if (PQstatus(raw) != CONNECTION_OK) co_return std::unexpected(lost_with(PQerrorMessage(raw)));
  const Refused refused = refused_by(last.get(), doing);
  if (refused.stale_statement) lost_ = true;
  co_return std::unexpected(refused);
}

net::Task<PostgresConnection::Answer> PostgresConnection::run(Sql sql, std::span<const Parameter> values,
                                                              MonotonicTime until) {
  PGconn* const raw = connection_.get();
  const char* const text = sql.view().data();
  auto known = prepared_.find(text);
  if (known == prepared_.end()) {
    std::string name = fmt::format("s{}", prepared_.size());
    if (PQsendPrepare(raw, name.c_str(), text, 0, nullptr) == 0)
      co_return std::unexpected(lost_with(PQerrorMessage(raw)));
    auto prepared = co_await answered(sql.view(), until);
    if (!prepared) co_return std::unexpected(std::move(prepared).error());
    known = prepared_.emplace(text, std::move(name)).first;
  }
  const Bound bound(values);
  if (PQsendQueryPrepared(raw, known->second.c_str(), bound.size(), bound.texts.data(), bound.lengths.data(),
                          bound.formats.data(), 0) == 0)
    co_return std::unexpected(lost_with(PQerrorMessage(raw)));
  auto result = co_await answered(sql.view(), until);
  if (!result) co_return std::unexpected(std::move(result).error());
  co_return rows_of(result->get());
}

net::Task<PostgresConnection::Answer> PostgresConnection::command(std::string text, MonotonicTime until) {
  PGconn* const raw = connection_.get();
  if (PQsendQuery(raw, text.c_str()) == 0) co_return std::unexpected(lost_with(PQerrorMessage(raw)));
  auto result = co_await answered(text, until);
  if (!result) co_return std::unexpected(std::move(result).error());
  // COMMIT of a failed transaction returns ROLLBACK, and is not an error.
  if (text == "COMMIT" && std::string_view(PQcmdStatus(result->get())) != "COMMIT") {
    co_return std::unexpected(Refused{{ErrorCode::internal, "PostgreSQL has rolled back"}});
  }
  co_return rows_of(result->get());
}

}  // namespace gatehouse::db
