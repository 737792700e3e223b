// A body in chunks that fits behind its head costs no allocation more than one with a length.
#include <gtest/gtest.h>

#include "base/allocations_testing.h"
#include "server/testing.h"

namespace gatehouse::server::testing {
namespace {

// Of one request of many, once the connection is warm. The allocations of the test's own target and sink are
// counted too, and are the same for every framing.
std::size_t allocations_of(std::string_view request) {
  TestServer server;
  TestClient client = server.connect();
  const auto ask = [&] {
    server.send(client, request);
    server.read(client);
    client.received.clear();
    server.backend.bodies.clear();
    server.events = {};
  };
  for (int i = 0; i < 10; ++i) ask();
  const std::size_t before = counted_allocations;
  for (int i = 0; i < 100; ++i) ask();
  return counted_allocations - before;
}

TEST(Allocation, ABodyInChunksCostsNoMoreThanOneWithALength) {
  const std::string head = "POST /orders HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n";
  const std::string note(5000, 'x');
  const std::string body = R"({"note":")" + note + R"("})";
  const std::string with_length = head + fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
  std::string in_chunks = head + "Transfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 700) {
    const std::string chunk = body.substr(at, 700);
    in_chunks += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  }
  in_chunks += "0\r\n\r\n";
  EXPECT_EQ(allocations_of(in_chunks), allocations_of(with_length));
}

}  // namespace
}  // namespace gatehouse::server::testing
