// Reads an upstream's answer to one request: the head, then as much of the body as has arrived with it.
//
// An answer is forwarded as it arrives (RFC 9110 section 7.6: an intermediary must not hold back a message
// that it can forward): the head and every piece of the body, with any framing. Two kinds are collected
// first, up to a bound: an answer of 400 or more, because the whole answer decides which part may leave, and
// answers to Gatehouse's own requests.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "client/exchange.h"
#include "core/target.h"
#include "core/verdict.h"
#include "target/upstream.h"

namespace gatehouse::target {

class AnswerReader {
 public:
  // Everything but `held` outlives the reader. The stream's deadline at the beginning of read() bounds the
  // time to the head, and to the end of a collected answer.
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

  // Fills `response`. Where its body has not ended yet, `response.rest` is the rest of it. `head`: what
  // Exchange::take_head() gave last, if the head was looked for before.
  net::Task<Verdict<void>> read(std::optional<Result<http::Progress>> head = std::nullopt);

 private:
  // Of the bytes in the space for the head. Nothing: there must be more.
  std::optional<Verdict<void>> take_head(const Result<http::Progress>& progress);
  // The same after the head, for the body.
  std::optional<Verdict<void>> go_on(Result<http::Progress> taken);
  void begin_response();
  std::unexpected<Refusal> failed(Reason reason, std::string_view detail);

  Held held_;
  client::Exchange& exchange_;
  const UpstreamAddress& address_;
  const http::Method asked_;
  const std::string_view authority_;  // the host of this server that the request names
  const AnswerRules& rules_;
  Response& response_;
  CallReport& report_;
  const Collect collect_;
  client::AnswerBody* body_ = nullptr;  // the exchange's, once the head is there
};

}  // namespace gatehouse::target
