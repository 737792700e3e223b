#include "client/exchange.h"

#include <cstring>

namespace gatehouse::client {
namespace {

using Ending = ConnectionPool::Ending;

}  // namespace

// ---- the head

Result<http::Progress> Exchange::take_head(const Result<std::size_t>& read) {
  const Retry retry = !begun_ && reused() ? Retry::yes : Retry::no;
  if (!read) {
    if (read.error().code == ErrorCode::timeout) return failure(ErrorCode::timeout, "no answer in time");
    return failure(ErrorCode::closed, read.error().text, retry);
  }
  if (*read == 0)
    return failure(ErrorCode::closed, "the peer closed the connection before its answer", retry);
  begun_ = true;
  char* const buffer = buffers_.bytes;
  size_ += *read;
  http::Progress progress = parser_.parse({buffer, size_}, asked_, head_);
  // Interim answers are for us, not for those on whose behalf we ask.
  while (progress == http::Progress::complete && head_.interim()) {
    size_ -= parser_.consumed();
    std::memmove(buffer, buffer + parser_.consumed(), size_);
    parser_.reset();
    progress = size_ > 0 ? parser_.parse({buffer, size_}, asked_, head_) : http::Progress::need_more;
  }
  if (progress == http::Progress::complete) {
    body_.decoder_ = BodyDecoder(head_.body);
    body_.last_ = head_.connection == http::Persistence::keep_alive ? at_best_ : Ending::close;
    return progress;
  }
  if (progress == http::Progress::need_more && size_ < ExchangeBuffers::kSize) return progress;
  std::string what(http::name(parser_.reason()));
  if (!parser_.repeated().empty()) what.append(": ").append(parser_.repeated());
  return failure(ErrorCode::invalid, std::move(what));
}

// ---- the body

Result<http::Progress> AnswerBody::take(std::string_view arrived, std::string& body) {
  GATEHOUSE_CHECK(decoder_.take(arrived, body));
  if (!decoder_.ended()) return http::Progress::need_more;
  // Bytes after an answer belong to no request: the connection ends with it.
  connection_.end(arrived.empty() ? last_ : Ending::close);
  return http::Progress::complete;
}

Result<http::Progress> AnswerBody::take(const Result<std::size_t>& read, const char* buffer,
                                        std::string& body) {
  if (read && *read > 0) return take(std::string_view(buffer, *read), body);
  if (!read) {
    const bool late = read.error().code == ErrorCode::timeout;
    return failure(late ? ErrorCode::timeout : ErrorCode::closed, read.error().text);
  }
  if (!decoder_.ends_with_connection())
    return failure(ErrorCode::closed, "the peer closed the connection within its answer");
  connection_.end(Ending::close);
  return http::Progress::complete;
}

}  // namespace gatehouse::client
