// Handlers: operations that are answered by C++ functions of your own, linked into one program with
// Gatehouse.
//
//   using namespace gatehouse::handler;
//
//   Answer reserve(const Request& request) {
//     const std::int64_t show = request.path("show")->integer();
//     if (!seats.take(show, request.body()["seats"].integer())) return Problem::conflict;
//     return Json::object({{"show", show}, {"for", request.principal().id()}});
//   }
//   int main(int argc, char** argv) {
//     return gatehouse::run(argc, argv, {{"reserveSeats", reserve}});
//   }
//
// gatehouse.yaml names it: `operations: {reserveSeats: {permission: seats:reserve, handler: reserveSeats}}`.
//
// A handler is called when every gate has let the request through, and sees nothing but what they have
// checked: declared parameters and the body, each as its schema promises. There is no way from here to the
// raw request, to a credential, or to text that goes to a client without being a JSON value or one of the
// fixed problems.
//
// It runs on one of the handlers' own threads, where it may block; several run at once, so what they share is
// theirs to lock. The request stays valid until the handler returns, also when the client has gone meanwhile;
// nothing of it may be kept longer.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::handler {

struct HeldRequest;  // Gatehouse's own
class Access;

// A checked JSON value. Reading it as another kind, or a missing member, throws std::logic_error: the schema
// declared its form. Valid as long as its request.
class CheckedValue {
 public:
  bool is_null() const;
  bool boolean() const;
  std::int64_t integer()
      const;  // throws std::range_error where it has no place in 64 bits; bound it in the schema
  double number() const;
  std::string_view text() const;  // UTF-8, as it was sent

  std::size_t size() const;                                       // of an array or object
  CheckedValue operator[](std::size_t index) const;               // of an array
  CheckedValue operator[](std::string_view name) const;           // a member that the schema requires
  std::optional<CheckedValue> find(std::string_view name) const;  // a member that it does not
  std::vector<std::pair<std::string_view, CheckedValue>> members() const;

 private:
  friend class Access;
  explicit CheckedValue(const void* node) : node_(node) {}
  const void* node_;
};

// The proven principal.
class Caller {
 public:
  std::string_view id() const;  // "partner:acme", a token's subject
  bool is_anonymous() const;
  std::string_view tenant() const;             // empty: none
  std::span<const std::string> roles() const;  // those that the policy knows
  std::span<const std::string> scopes() const;
  bool has_role(std::string_view role) const;

 private:
  friend class Request;
  explicit Caller(const HeldRequest& held) : held_(held) {}
  const HeldRequest& held_;
};

class Request {
 public:
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // A declared parameter; nothing where the client left it out. One that the operation does not declare
  // throws std::logic_error.
  std::optional<CheckedValue> path(std::string_view name) const;
  std::optional<CheckedValue> query(std::string_view name) const;
  std::optional<CheckedValue> header(std::string_view name) const;
  std::optional<CheckedValue> cookie(std::string_view name) const;

  // The body if it has a schema (JSON, forms, text). Throws std::logic_error if there is none: call
  // has_body() first if it is optional.
  bool has_body() const;
  CheckedValue body() const;
  // The body as sent, with any declared content type.
  std::string_view body_bytes() const;

  Caller principal() const;
  std::string_view operation() const;
  std::string_view id() const;  // the correlation id of the answer and of the event
  // An answer that comes later is not sent (the operation's `timeout`).
  std::chrono::steady_clock::time_point deadline() const;

 private:
  friend class Access;
  explicit Request(const HeldRequest& held) : held_(held) {}
  const HeldRequest& held_;
};

// A JSON value to answer with. Bytes that are not UTF-8 become U+FFFD; a number that is not finite throws
// std::range_error, and so does an object with a name twice.
class Json {
 public:
  Json(std::nullptr_t);
  Json(bool value);
  Json(double value);
  template <std::integral T>
    requires(!std::same_as<T, bool> && (sizeof(T) < 8 || std::is_signed_v<T>))
  Json(T value) : Json(Number{}, static_cast<std::int64_t>(value)) {}
  Json(std::string_view text);
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(const char* text) : Json(std::string_view(text)) {}

  static Json array(const std::vector<Json>& items);
  using Member = std::pair<std::string_view, Json>;
  static Json object(std::initializer_list<Member> members) {
    return object(std::span(members.begin(), members.size()));
  }
  static Json object(std::span<const Member> members);
  static Json copy(CheckedValue value);  // of the request

  const std::string& text() const { return text_; }

 private:
  struct Number {};
  Json(Number, std::int64_t value);
  Json() = default;
  std::string text_;
};

// The answer to a client when a handler refuses: a status and a text that are fixed, as for every refusal.
enum class Problem : std::uint8_t {
  invalid,      // 400: an error that the schema cannot express
  forbidden,    // 403
  not_found,    // 404: also for another caller's object
  conflict,     // 409
  unavailable,  // 503
};

// The return value of a handler.
class Answer {
 public:
  Answer(Json json) : Answer(200, std::move(json)) {}
  Answer(unsigned status, Json json) : status_(status), body_(std::move(json)) {}  // 200 to 299, or else 500
  static Answer nothing() { return {}; }                                           // 204
  Answer(Problem problem) : problem_(problem) {}
  // `detail` is for operators: it goes to the event (and `gatehouse why`), never to the client.
  Answer(Problem problem, std::string detail) : problem_(problem), detail_(std::move(detail)) {}

 private:
  friend class Access;
  Answer() = default;
  unsigned status_ = 204;
  std::optional<Json> body_;
  std::optional<Problem> problem_;
  std::string detail_;
};

// An exception of a handler becomes 500 without its text, which goes to the event.
using Handler = std::function<Answer(const Request&)>;
// By the name that `handler:` says.
using Handlers = std::map<std::string, Handler>;

}  // namespace gatehouse::handler

namespace gatehouse {

// The whole program: the commands of `gatehouse`, with these handlers to answer operations. Returns the exit
// status.
int run(int argc, char** argv, handler::Handlers handlers = {});

}  // namespace gatehouse
