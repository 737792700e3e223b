#include "client/body_decoder.h"

namespace gatehouse::client {

Result<> BodyDecoder::take(std::string_view& arrived, std::string& body) {
  if (ended_) return {};
  if (kind_ != http::BodyKind::chunked) {
    const std::string_view data =
        kind_ == http::BodyKind::length ? arrived.substr(0, left_) : arrived;  // until the connection ends
    body += data;
    arrived.remove_prefix(data.size());
    if (kind_ == http::BodyKind::length) ended_ = (left_ -= data.size()) == 0;
    return {};
  }
  for (;;) {
    const http::ChunkedDecoder::Step step = chunks_.next(arrived);
    arrived.remove_prefix(step.consumed);
    if (step.progress == http::Progress::malformed)
      return failure(ErrorCode::invalid, std::string(http::name(chunks_.reason())));
    body += step.data;
    ended_ = step.progress == http::Progress::complete;
    if (ended_ || step.data.empty()) return {};
  }
}

}  // namespace gatehouse::client
