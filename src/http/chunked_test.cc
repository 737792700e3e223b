#include "http/chunked.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

// "body|rest", or the reason, or "need_more"; the input in pieces of `size` bytes.
std::string decoded(std::string_view input, std::size_t size, Trailers trailers = Trailers::refuse) {
  ChunkedDecoder decoder(trailers);
  std::string body;
  std::size_t given = 0;
  std::size_t consumed = 0;
  while (true) {
    given = std::min(input.size(), given + size);
    while (true) {
      const auto step = decoder.next(input.substr(consumed, given - consumed));
      body += step.data;
      consumed += step.consumed;
      if (step.progress == Progress::malformed) return std::string(name(decoder.reason()));
      if (step.progress == Progress::complete) return body + '|' + std::string(input.substr(consumed));
      if (step.data.empty()) break;
    }
    if (given == input.size()) return "need_more";
  }
}

struct ChunkedCase {
  std::string input;
  std::string outcome;
  Trailers trailers = Trailers::refuse;
};

const std::vector<ChunkedCase>& chunked_cases() {
  static const std::vector<ChunkedCase> all = {
      {"0\r\n\r\n", "|"},
      {"5\r\nhello\r\n0\r\n\r\n", "hello|"},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /", "hello world|GET /"},
      {"a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789|"},
      {"0000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789|"},
      {"5\r\nhello\r\n0\r\n", "need_more"},
      {"5\r\nhel", "need_more"},
      {"\r\n", "chunk_size"},
      {"\n", "bare_lf"},
      {"g\r\n", "chunk_size"},
      {"0x5\r\nhello\r\n0\r\n\r\n", "chunk_size"},
      {"+5\r\nhello\r\n0\r\n\r\n", "chunk_size"},
      {"-5\r\n", "chunk_size"},
      {" 5\r\nhello\r\n0\r\n\r\n", "chunk_size"},
      {"5 \r\nhello\r\n0\r\n\r\n", "chunk_extension"},
      {"5\t\r\nhello\r\n0\r\n\r\n", "chunk_extension"},
      {"5;a=b\r\nhello\r\n0\r\n\r\n", "chunk_extension"},
      {"5;\r\nhello\r\n0\r\n\r\n", "chunk_extension"},
      {"5;\nhello\r\n0\r\n\r\n", "chunk_extension"},
      {"0;a\r\n\r\n", "chunk_extension"},
      {"100000005\r\nhello\r\n0\r\n\r\n", "chunk_size"},
      {"FFFFFFFFFFFFFFFFF5\r\nhello\r\n0\r\n\r\n", "chunk_size"},
      {"000000005\r\nhello\r\n0\r\n\r\n", "chunk_size"},
      {"5_0\r\n", "chunk_size"},
      {"5\nhello\r\n0\r\n\r\n", "bare_lf"},
      {"5\rhello\r\n0\r\n\r\n", "bare_cr"},
      {"5\r\nhello\n0\r\n\r\n", "bare_lf"},
      {"5\r\nhelloXX0\r\n\r\n", "chunk_terminator"},
      {"5\r\nhello0\r\n\r\n", "chunk_terminator"},
      {"5\r\nhello\rX0\r\n\r\n", "bare_cr"},
      {"4\r\nhello\r\n0\r\n\r\n", "chunk_terminator"},
      {"6\r\nhello\r\n0\r\n\r\n", "bare_lf"},
      {"0\r\n\n", "bare_lf"},
      {"0\r\n\rX", "bare_cr"},
      {"0\n\n", "bare_lf"},
      {"0\r\nX: y\r\n\r\n", "trailer"},
      {"0\r\nContent-Length: 5\r\n\r\n", "trailer"},
      {"0\r\n X: y\r\n\r\n", "obs_fold"},
      {"0\r\nGET / HTTP/1.1\r\n\r\n", "trailer"},
      {"0\r\nX: y\r\nServer-Timing: a\r\n\r\n", "|", Trailers::drop},
      {"0\r\nX:\r\n\r\n", "|", Trailers::drop},
      {"0\r\nX\r\n\r\n", "control_character", Trailers::drop},
      {"0\r\n: y\r\n\r\n", "trailer", Trailers::drop},
      {"0\r\nX y: z\r\n\r\n", "trailer", Trailers::drop},
      {"0\r\nX: y\nZ: y\r\n\r\n", "bare_lf", Trailers::drop},
      {"0\r\nX: y\rZ: y\r\n\r\n", "bare_cr", Trailers::drop},
      {"0\r\nX: y\r\n z\r\n\r\n", "obs_fold", Trailers::drop},
      {"0\r\nX: " + std::string(5000, 'y') + "\r\n\r\n", "trailer", Trailers::drop},
  };
  return all;
}

TEST(Chunked, EveryDivisionOfTheInputGivesTheSameBody) {
  for (const auto& [input, outcome, trailers] : chunked_cases()) {
    for (std::size_t size = 1; size <= input.size(); ++size) {
      ASSERT_EQ(decoded(input, size, trailers), outcome) << input.substr(0, 60) << " in pieces of " << size;
    }
  }
}

TEST(Chunked, NothingIsReadBehindTheEnd) {
  ChunkedDecoder decoder(Trailers::refuse);
  auto step = decoder.next("0\r\n\r\nGET");
  EXPECT_EQ(step.progress, Progress::complete);
  EXPECT_EQ(step.consumed, 5U);
  step = decoder.next("GET");
  EXPECT_EQ(step.progress, Progress::complete);
  EXPECT_EQ(step.consumed, 0U);
}

TEST(Chunked, WrittenChunksAreReadBack) {
  for (const std::size_t size : {1, 15, 16, 255, 4096, 70000}) {
    const std::string body(size, 'b');
    const std::string coded =
        std::string(ChunkHead(size).view()) + body + std::string(kChunkEnd) + std::string(kLastChunk);
    EXPECT_EQ(decoded(coded, 1000), body + '|');
  }
  EXPECT_EQ(ChunkHead(0xABCDEF).view(), "abcdef\r\n");
}

}  // namespace
}  // namespace gatehouse::http
