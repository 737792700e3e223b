#include "target/upstream_answer.h"

#include <span>
#include <utility>

#include "http/response_writer.h"
#include "target/answer_head.h"

namespace gatehouse::target {
namespace {

constexpr std::size_t kBuffer = client::ExchangeBuffers::kSize;
constexpr std::size_t kCollected = std::size_t{64} << 10U;  // the most that is looked at
constexpr std::size_t kMostInHand = kCollected + kBuffer;   // docs/listeners.md counts on it

// The length that the answer to GET would have.
std::optional<std::uint64_t> length_for_head(const http::ResponseHead& head, http::Method asked) {
  const auto length = head.fields.value(http::FieldId::content_length);
  if (!length || asked != http::Method::head) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : *length) number = number * 10 + static_cast<std::uint64_t>(c - '0');
  return number;
}

}  // namespace

std::unexpected<Refusal> AnswerReader::failed(Reason reason, std::string_view detail) {
  report_.detail = detail;
  return refuse(reason);
}

// One coroutine, since most answers are there whole with the first bytes.
net::Task<Verdict<void>> AnswerReader::read(std::optional<Result<http::Progress>> head) {
  std::optional<Verdict<void>> outcome;
  net::Stream& stream = exchange_.stream();  // until the answer has ended
  if (head) outcome = take_head(*head);
  char(&buffer)[kBuffer] = held_.buffers->bytes;
  while (!outcome) {
    const std::span<char> space = body_ != nullptr ? std::span<char>(buffer) : exchange_.head_space();
    const auto read = co_await stream.read(space);
    outcome = body_ != nullptr ? go_on(body_->take(read, buffer, response_.body))
                               : take_head(exchange_.take_head(read));
  }
  co_return *std::move(outcome);
}

std::optional<Verdict<void>> AnswerReader::take_head(const Result<http::Progress>& progress) {
  if (!progress) {
    const Error& error = progress.error();
    const Reason reason = error.code == ErrorCode::timeout   ? Reason::upstream_late
                          : error.code == ErrorCode::invalid ? Reason::upstream_malformed
                                                             : Reason::upstream_unreachable;
    return failed(reason, error.text);
  }
  if (*progress == http::Progress::need_more) return std::nullopt;
  begin_response();
  body_ = &exchange_.body();
  return go_on(body_->take(exchange_.behind_head(), response_.body));
}

void AnswerReader::begin_response() {
  const http::ResponseHead& head = exchange_.head();
  response_.status = static_cast<unsigned>(head.status);
  report_.upstream_status = response_.status;
  report_.whole_head.clear();
  report_.allow.clear();
  // Operators see all that an error said, but no session of the upstream's.
  if (response_.status >= 400) {
    for (const http::Field field : head.fields) {
      report_.whole_head.add(field.id, field.name,
                             field.id == http::FieldId::set_cookie ? "[withheld]" : field.value);
    }
  }
  take_answer_fields(head, rules_, {authority_, address_.base_path, rules_.stripped}, response_, report_);
  if (head.body.kind == http::BodyKind::none) response_.length = length_for_head(head, asked_);
}

std::optional<Verdict<void>> AnswerReader::go_on(Result<http::Progress> taken) {
  const bool collecting = response_.status >= 400 || collect_ == Collect::everything;
  char(&buffer)[kBuffer] = held_.buffers->bytes;
  for (;;) {
    if (!taken) {
      const ErrorCode code = taken.error().code;
      return failed(code == ErrorCode::timeout ? Reason::upstream_late : Reason::upstream_malformed,
                    code == ErrorCode::invalid ? taken.error().text : "the upstream's answer has no end");
    }
    if (*taken == http::Progress::complete) return Verdict<void>();
    if (response_.body.size() > kCollected) break;
    // Growing by itself it would take twice as much.
    if (response_.body.size() > kBuffer) response_.body.reserve(kMostInHand);
    const auto more = body_->stream().try_read(buffer);
    if (!more && collecting) return std::nullopt;
    if (!more) break;
    taken = body_->take(*more, buffer, response_.body);
  }
  const http::BodyFraming framing = exchange_.head().body;
  if (framing.kind == http::BodyKind::length) response_.length = framing.length;
  const UpstreamClient& client = held_.buffers.client();
  response_.rest =
      std::make_unique<UpstreamBody>(client.loop, std::move(held_), std::move(*body_), client.idle_timeout);
  return Verdict<void>();
}

}  // namespace gatehouse::target
