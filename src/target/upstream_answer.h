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

#include "core/target.h"
#include "http/response_parser.h"
#include "target/upstream.h"

namespace gatehouse::target {

struct AnswerFailure {
  Refusal refusal;
  bool retry = false;  // nothing of an answer came over a reused connection
};

class AnswerReader {
 public:
  // Everything but `held` lives longer than the reader. What the stream's deadline is when read() begins
  // bounds the time to the head, and to the end of an answer that is collected.
  AnswerReader(Held held, const UpstreamAddress& address, http::Method asked, std::string_view authority,
               const AnswerRules& rules, Response& response, CallReport& report, Collect collect)
      : held_(std::move(held)),
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

  // Each takes what a read has brought. Nothing: there must be more.
  std::optional<Outcome> take_head(const Result<std::size_t>& read);
  std::optional<Outcome> take_body(const Result<std::size_t>& read);
  std::optional<Outcome> take_body(std::string_view arrived);
  std::optional<Outcome> end_with(const Result<std::size_t>& read);
  void begin_response();
  std::unexpected<AnswerFailure> failed(Reason reason, std::string detail, bool retry = false);

  Held held_;
  const UpstreamAddress& address_;
  const http::Method asked_;
  const std::string_view authority_;  // what the request names of this server
  const AnswerRules& rules_;
  Response& response_;
  CallReport& report_;
  const Collect collect_;
  http::ResponseParser parser_{http::ResponseLimits{.head = Conversation::kBuffer}};
  std::size_t head_bytes_ = 0;  // in the conversation's buffer
  bool begun_ = false;          // something came, and be it an interim answer: the upstream works on it
  http::ResponseHead head_;     // views into the conversation's buffer, until the body is read
  std::optional<BodyDecoder> decoder_;  // once the head is there
};

}  // namespace gatehouse::target
