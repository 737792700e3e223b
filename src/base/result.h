// Result<T>: the value of a call that can fail for external reasons (files, sockets, databases).
//
// A refusal that a client sees is core/verdict.h; a bug is an exception. This is the third kind: a system
// outside did not work, and the caller decides the consequence.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace gatehouse {

enum class ErrorCode : std::uint8_t {
  invalid,  // the input cannot be used (a malformed file, a bad key)
  not_found,
  conflict,     // it is there already, or changed meanwhile
  denied,       // the system refused (permissions, certificates)
  unavailable,  // the peer or device did not answer as it should
  timeout,
  closed,     // the peer ended the conversation
  cancelled,  // this side ended it
  too_large,
  internal,
};

enum class Retry : std::uint8_t { no, yes };

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string text;         // for operators only: never leaves the machine in an answer
  Retry retry = Retry::no;  // whether the same call may work later
};

template <typename T = void>
using Result = std::expected<T, Error>;

// Cold, and never inlined: the compiler then places error paths apart from the usual path.
[[gnu::cold, gnu::noinline]] inline std::unexpected<Error> failure(ErrorCode code, std::string_view text,
                                                                   Retry retry = Retry::no) {
  return std::unexpected(Error{code, std::string(text), retry});
}

}  // namespace gatehouse

// "Return the error": statement macros, because statement expressions break in coroutines.
//   GATEHOUSE_TRY(auto file, open(path));      declares `file`, or returns open's error
//   GATEHOUSE_CHECK(flush(file));              or returns flush's error
// The CO_ forms are for coroutines.
#define GATEHOUSE_CONCAT_(a, b) a##b
#define GATEHOUSE_CONCAT(a, b) GATEHOUSE_CONCAT_(a, b)
#define GATEHOUSE_TRY_(temporary, declaration, expression, give_back) \
  auto temporary = (expression);                                      \
  if (!temporary) [[unlikely]]                                        \
    give_back std::unexpected(std::move(temporary).error());          \
  declaration = *std::move(temporary)
#define GATEHOUSE_TRY(declaration, expression) \
  GATEHOUSE_TRY_(GATEHOUSE_CONCAT(try_, __LINE__), declaration, expression, return)
#define GATEHOUSE_CO_TRY(declaration, expression) \
  GATEHOUSE_TRY_(GATEHOUSE_CONCAT(try_, __LINE__), declaration, expression, co_return)
#define GATEHOUSE_CHECK(expression)                         \
  if (auto&& checked = (expression); !checked) [[unlikely]] \
  return std::unexpected(std::move(checked).error())
#define GATEHOUSE_CO_CHECK(expression)                      \
  if (auto&& checked = (expression); !checked) [[unlikely]] \
  co_return std::unexpected(std::move(checked).error())
