// Response | Refusal → bytes. The only place where a refusal becomes an answer (product contract, section 4).
#pragma once

#include <string>
#include <string_view>

#include "core/response.h"
#include "core/verdict.h"
#include "gate/exchange.h"
#include "http/request.h"
#include "http/response_writer.h"

namespace gatehouse::gate {

// The header lines that every answer has, made once for a policy. Content-Security-Policy and Referrer-Policy
// are beside them: declared pages have their own (core/response.h).
enum class Transport : std::uint8_t {
  tls,
  plain,  // RFC 6797, section 7.2: no Strict-Transport-Security
};
std::string fixed_fields(const policy::Settings& settings, Transport transport);

// The refusal's public side, in place of a target's answer: texts fixed when Gatehouse was compiled, the
// correlation id, and (for proven principals, or everyone if the policy says so) the mismatches.
Released respond(Exchange& exchange, const Refusal& refusal);
// 204, for a load balancer that asks whether the server takes requests.
Released respond_alive(Exchange& exchange);

// Whether the request asks for the methods of a path that declares no OPTIONS (RFC 9110 section 9.3.7). A 405
// lists them too, so no credential is needed. `refusal`: that of the gates.
bool asks_for_methods(const Exchange& exchange, const Refusal& refusal);
// 204 with Allow, of such a request.
Released respond_methods(Exchange& exchange);

// The page, in place of anything else.
Released respond(Exchange& exchange, ListenerPage page);

// A refusal before there was an exchange: bytes that could not be read as HTTP. A whole message, connection
// closed; to HEAD without its body (RFC 9110 section 9.3.2). Returns the size of the body.
std::size_t write_refusal(std::string& out, const Refusal& refusal, http::Method to, const Uuid& id,
                          std::string_view date_line, std::string_view fixed_fields);

// To a client that speaks HTTP where TLS is expected: a whole message, 400 and the connection closed.
std::string_view tls_required_answer();

// Whether the answer is one that may have a body (RFC 9110, section 6.4.1).
bool has_body(const Released& answer);

enum class Framing : std::uint8_t { length, chunked, none };

// The answer's head, and how its body is to be framed.
Framing write_head(std::string& out, const Released& answer, http::Persistence connection,
                   std::string_view date_line, std::string_view fixed_fields);

}  // namespace gatehouse::gate
