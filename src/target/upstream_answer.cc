#include "target/upstream_answer.h"

#include <cstring>

#include "http/response_writer.h"
#include "target/answer_head.h"

namespace gatehouse::target {
namespace {

constexpr std::size_t kBuffer = Conversation::kBuffer;
constexpr std::size_t kCollected = std::size_t{64} << 10U;  // the most that is looked at

// The length that the answer to GET would have.
std::optional<std::uint64_t> length_for_head(const http::ResponseHead& head, http::Method asked) {
  const auto length = head.fields.value(http::FieldId::content_length);
  if (!length || asked != http::Method::head) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : *length) number = number * 10 + static_cast<std::uint64_t>(c - '0');
  return number;
}

}  // namespace

std::unexpected<AnswerFailure> AnswerReader::failed(Reason reason, std::string detail, bool retry) {
  report_.detail = std::move(detail);
  return std::unexpected(AnswerFailure{Refusal(reason), retry});
}

net::Task<std::expected<void, AnswerFailure>> AnswerReader::read() {
  auto begun = co_await read_head();
  if (!begun) co_return begun;
  take_head();
  auto outcome = co_await read_body(head_.body);
  co_return outcome;
}

net::Task<AnswerReader::Outcome> AnswerReader::read_head() {
  net::Stream& stream = held_.lease.stream();
  char* const buffer = held_.conversation->buffer;
  std::size_t size = 0;
  bool begun = false;  // something came, and be it an interim answer: the upstream works on it
  http::ResponseParser parser(http::ResponseLimits{.head = kBuffer});
  for (;;) {
    const auto read = co_await stream.read(std::span(buffer + size, kBuffer - size));
    const bool retry = !begun && held_.lease.reused();
    if (!read) {
      if (read.error().code == ErrorCode::timeout)
        co_return failed(Reason::upstream_late, "no answer in time");
      co_return failed(Reason::upstream_unreachable, read.error().text, retry);
    }
    if (*read == 0) {
      co_return failed(Reason::upstream_unreachable, "the upstream closed the connection before its answer",
                       retry);
    }
    begun = true;
    size += *read;
    http::Progress progress = parser.parse({buffer, size}, asked_, head_);
    // Interim answers are for us, not for the client.
    while (progress == http::Progress::complete && head_.status >= 100 && head_.status < 200) {
      size -= parser.consumed();
      std::memmove(buffer, buffer + parser.consumed(), size);
      parser.reset();
      progress = size > 0 ? parser.parse({buffer, size}, asked_, head_) : http::Progress::need_more;
    }
    if (progress == http::Progress::complete) break;
    if (progress == http::Progress::malformed || size == kBuffer)
      co_return failed(Reason::upstream_malformed, std::string(http::name(parser.reason())));
  }
  arrived_ = {buffer + parser.consumed(), size - parser.consumed()};
  co_return Outcome();
}

void AnswerReader::take_head() {
  response_.status = static_cast<unsigned>(head_.status);
  report_.upstream_status = response_.status;
  report_.whole_head.clear();
  report_.allow.clear();
  // Operators see all that an error said, but no session of the upstream's.
  if (response_.status >= 400) {
    for (const http::Field field : head_.fields) {
      http::append_field(report_.whole_head, field.name,
                         field.id == http::FieldId::set_cookie ? "[withheld]" : field.value);
    }
  }
  take_answer_fields(head_, rules_, address_.base_path, response_, report_);
  if (head_.body.kind == http::BodyKind::none) response_.length = length_for_head(head_, asked_);
}

net::Task<AnswerReader::Outcome> AnswerReader::read_body(http::BodyFraming framing) {
  const auto last = head_.connection == http::Persistence::keep_alive ? UpstreamPool::Ending::keep
                                                                      : UpstreamPool::Ending::close;
  const bool collecting = response_.status >= 400 || collect_ == Collect::everything;
  net::Stream& stream = held_.lease.stream();
  const std::span<char> buffer(held_.conversation->buffer);
  BodyDecoder decoder(framing);
  for (;;) {
    const Result<> taken = decoder.take(arrived_, response_.body);
    if (!taken) co_return failed(Reason::upstream_malformed, taken.error().text);
    if (decoder.ended()) {
      // What comes behind an answer answers nobody: the connection ends with it.
      held_.lease.end(arrived_.empty() ? last : UpstreamPool::Ending::close);
      co_return Outcome();
    }
    if (response_.body.size() > kCollected) break;
    auto read = stream.try_read(buffer);
    if (!read) {
      if (!collecting) break;
      read = co_await stream.read(buffer);
    }
    if (!*read || **read == 0) {
      if (*read && decoder.ends_with_connection()) {
        held_.lease.end(UpstreamPool::Ending::close);
        co_return Outcome();
      }
      const bool late = !*read && read->error().code == ErrorCode::timeout;
      co_return failed(late ? Reason::upstream_late : Reason::upstream_malformed,
                       "the upstream's answer has no end");
    }
    arrived_ = {buffer.data(), **read};
  }
  if (framing.kind == http::BodyKind::length) response_.length = framing.length;
  const UpstreamClient& client = held_.conversation.client();
  response_.rest =
      std::make_unique<UpstreamBody>(client.loop, std::move(held_), decoder, last, client.idle_timeout);
  co_return Outcome();
}

}  // namespace gatehouse::target
