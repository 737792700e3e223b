#include "target/upstream_answer.h"

#include <cstring>

#include "http/response_writer.h"
#include "target/answer_head.h"

namespace gatehouse::target {
namespace {

constexpr std::size_t kBuffer = Conversation::kBuffer;
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

std::unexpected<AnswerFailure> AnswerReader::failed(Reason reason, std::string detail, bool retry) {
  report_.detail = std::move(detail);
  return std::unexpected(AnswerFailure{Refusal(reason), retry});
}

// One coroutine, since most answers are there whole with the first bytes.
net::Task<AnswerReader::Outcome> AnswerReader::read() {
  std::optional<Outcome> outcome;
  while (!outcome) {
    const std::span<char> space = std::span(held_.conversation->buffer).subspan(decoder_ ? 0 : head_bytes_);
    const auto read = co_await held_.lease.stream().read(space);
    outcome = decoder_ ? take_body(read) : take_head(read);
  }
  co_return *std::move(outcome);
}

std::optional<AnswerReader::Outcome> AnswerReader::take_head(const Result<std::size_t>& read) {
  const bool retry = !begun_ && held_.lease.reused();
  if (!read) {
    if (read.error().code == ErrorCode::timeout) return failed(Reason::upstream_late, "no answer in time");
    return failed(Reason::upstream_unreachable, read.error().text, retry);
  }
  if (*read == 0) {
    return failed(Reason::upstream_unreachable, "the upstream closed the connection before its answer",
                  retry);
  }
  begun_ = true;
  char* const buffer = held_.conversation->buffer;
  std::size_t& size = head_bytes_;
  size += *read;
  http::Progress progress = parser_.parse({buffer, size}, asked_, head_);
  // Interim answers are for us, not for the client.
  while (progress == http::Progress::complete && head_.status >= 100 && head_.status < 200) {
    size -= parser_.consumed();
    std::memmove(buffer, buffer + parser_.consumed(), size);
    parser_.reset();
    progress = size > 0 ? parser_.parse({buffer, size}, asked_, head_) : http::Progress::need_more;
  }
  if (progress != http::Progress::complete) {
    if (progress == http::Progress::need_more && size < kBuffer) return std::nullopt;
    return failed(Reason::upstream_malformed, std::string(http::name(parser_.reason())));
  }
  begin_response();
  decoder_.emplace(head_.body);
  return take_body(std::string_view(buffer + parser_.consumed(), size - parser_.consumed()));
}

void AnswerReader::begin_response() {
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
  take_answer_fields(head_, rules_, {authority_, address_.base_path}, response_, report_);
  if (head_.body.kind == http::BodyKind::none) response_.length = length_for_head(head_, asked_);
}

std::optional<AnswerReader::Outcome> AnswerReader::take_body(const Result<std::size_t>& read) {
  if (auto ended = end_with(read)) return ended;
  return take_body(std::string_view(held_.conversation->buffer, *read));
}

// Nothing where the read has brought something.
std::optional<AnswerReader::Outcome> AnswerReader::end_with(const Result<std::size_t>& read) {
  if (read && *read > 0) return std::nullopt;
  if (read && decoder_->ends_with_connection()) {
    held_.lease.end(client::ConnectionPool::Ending::close);
    return Outcome();
  }
  const bool late = !read && read.error().code == ErrorCode::timeout;
  return failed(late ? Reason::upstream_late : Reason::upstream_malformed,
                "the upstream's answer has no end");
}

std::optional<AnswerReader::Outcome> AnswerReader::take_body(std::string_view arrived) {
  const auto last = head_.connection == http::Persistence::keep_alive ? client::ConnectionPool::Ending::keep
                                                                      : client::ConnectionPool::Ending::close;
  const bool collecting = response_.status >= 400 || collect_ == Collect::everything;
  for (;;) {
    const Result<> taken = decoder_->take(arrived, response_.body);
    if (!taken) return failed(Reason::upstream_malformed, taken.error().text);
    if (decoder_->ended()) {
      // What comes behind an answer answers nobody: the connection ends with it.
      held_.lease.end(arrived.empty() ? last : client::ConnectionPool::Ending::close);
      return Outcome();
    }
    if (response_.body.size() > kCollected) break;
    // Growing by itself it would take twice as much.
    if (response_.body.size() > kBuffer) response_.body.reserve(kMostInHand);
    const auto more = held_.lease.stream().try_read(held_.conversation->buffer);
    if (!more && collecting) return std::nullopt;
    if (!more) break;
    if (auto ended = end_with(*more)) return ended;
    arrived = {held_.conversation->buffer, **more};
  }
  if (head_.body.kind == http::BodyKind::length) response_.length = head_.body.length;
  const UpstreamClient& client = held_.conversation.client();
  response_.rest =
      std::make_unique<UpstreamBody>(client.loop, std::move(held_), *decoder_, last, client.idle_timeout);
  return Outcome();
}

}  // namespace gatehouse::target
