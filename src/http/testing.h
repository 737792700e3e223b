// The parser of requests as tests call it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_parser.h"

namespace gatehouse::http::testing {

// The head, and the bytes it points into.
struct Parsed {
  Progress progress = Progress::need_more;
  std::size_t consumed = 0;
  std::string reason;
  std::unique_ptr<RequestHead> head = std::make_unique<RequestHead>();
  std::string bytes;

  std::string text() const {
    if (progress == Progress::need_more) return "need_more";
    if (progress == Progress::malformed) return "malformed " + reason;
    std::string all =
        std::to_string(consumed) + ' ' + std::string(head->method_text) + ' ' + std::string(head->target) +
        ' ' + std::string(head->path) + ' ' + std::string(head->query) + ' ' + std::string(head->host.host) +
        ' ' + std::to_string(head->host.port) + ' ' + std::to_string(static_cast<int>(head->version)) +
        std::to_string(static_cast<int>(head->connection)) +
        std::to_string(static_cast<int>(head->body.kind)) + ' ' + std::to_string(head->body.length) +
        std::to_string(head->expects_continue) + std::to_string(head->wants_upgrade);
    for (const Field field : head->fields)
      all += '\n' + std::string(field.name) + '=' + std::string(field.value);
    return all;
  }
};

// Gives the parser the bytes up to each of the marks in turn, each time at another address and with nothing
// readable behind them.
inline Parsed parse_in_pieces(std::string_view bytes, const std::vector<std::size_t>& marks,
                              RequestLimits limits = {}) {
  Parsed parsed;
  RequestParser parser(limits);
  for (const std::size_t mark : marks) {
    std::string moved(bytes.substr(0, mark));
    moved.shrink_to_fit();
    parsed.progress = parser.parse(moved, *parsed.head);
    if (parsed.progress == Progress::complete) {
      // The head's views are of the copy: keep it alive, although a move may copy short strings.
      parsed.bytes.reserve(bytes.size() + 64);
      RequestParser again(limits);
      parsed.bytes = moved;
      *parsed.head = RequestHead{};
      again.parse(parsed.bytes, *parsed.head);
    }
    if (parsed.progress != Progress::need_more) break;
  }
  parsed.consumed = parser.consumed();
  if (parsed.progress == Progress::malformed) parsed.reason = name(parser.reason());
  return parsed;
}

inline Parsed parse(std::string_view bytes, RequestLimits limits = {}) {
  return parse_in_pieces(bytes, {bytes.size()}, limits);
}

}  // namespace gatehouse::http::testing
