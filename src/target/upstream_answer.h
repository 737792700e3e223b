// Reads what an upstream answers to one request: the head, then as much of the body as is there with it.
//
// An answer goes on as it comes (RFC 9110 section 7.6: an intermediary must not hold back a message that it
// can forward): the head leaves when it is there, and every piece of the body when it is there, whatever its
// framing. Collected, up to a bound, are an answer of 400 or more, because what of it may leave is decided by
// looking at all of it, and what Gatehouse itself asks for.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string_view>

#include "client/exchange.h"
#include "core/target.h"
#include "target/upstream.h"

namespace gatehouse::target {

struct AnswerFailure {
  Refusal refusal;
  Retry retry = Retry::no;  // yes: nothing of an answer came over a reused connection
};

class AnswerReader {
 public:
  // Everything but `held` lives longer than the reader. What the stream's deadline is when read() begins
  // bounds the time to the head, and to the end of an answer that is collected.
  AnswerReader(Held held, client::Exchange& exchange, const UpstreamAddress& address, http::Method asked,
               std::string_view authority, const AnswerRules& rules, Response& response, CallReport& report,
               Collect collect)
      : held_(std::move(held)),
        exchange_(exchange),
        address_(address),
        asked_(asked),
        authority_(authority),
        rules_(rules),
        response_(response),
        report_(report),
        collect_(collect) {}

  // Fills `response`. Where its body has not ended yet, `response.rest` is the rest of it.
  net::Task<std::expected<void, AnswerFailure>> read();

 private:
  using Outcome = std::expected<void, AnswerFailure>;

  // What a read into the space for the head has brought. Nothing: there must be more.
  std::optional<Outcome> take_head(const Result<std::size_t>& read);
  // The same behind the head, of what the body made of it.
  std::optional<Outcome> go_on(Result<http::Progress> taken);
  void begin_response();
  std::unexpected<AnswerFailure> failed(Reason reason, std::string_view detail, Retry retry = Retry::no);

  Held held_;
  client::Exchange& exchange_;
  const UpstreamAddress& address_;
  const http::Method asked_;
  const std::string_view authority_;  // what the request names of this server
  const AnswerRules& rules_;
  Response& response_;
  CallReport& report_;
  const Collect collect_;
  std::optional<client::AnswerBody> body_;  // once the head is there
};

}  // namespace gatehouse::target
