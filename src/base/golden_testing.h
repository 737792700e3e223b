// A part of a page of the documentation that a test writes from the code.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gatehouse {

enum class GoldenEnd : std::uint8_t {
  document,   // the part is the rest of the page
  paragraph,  // it ends with the next empty line
};

// Expects that the part behind `begin` is `text`; with GATEHOUSE_WRITE_GOLDEN=1, writes it. `path` begins at
// the top of the repository, in which tests run.
inline void expect_golden_part(const std::string& path, std::string_view begin, std::string_view text,
                               GoldenEnd ends = GoldenEnd::document) {
  std::ifstream file(path);
  std::ostringstream read;
  read << file.rdbuf();
  const std::string document = read.str();
  const std::size_t found = document.find(begin);
  ASSERT_NE(found, document.npos) << path << " has no " << begin;
  const std::size_t from = found + begin.size();
  std::size_t to = document.size();
  if (ends == GoldenEnd::paragraph) {
    to = document.find("\n\n", from);
    ASSERT_NE(to, document.npos);
    ++to;
  }
  const std::string expected = document.substr(0, from) + std::string(text) + document.substr(to);
  if (const char* write = std::getenv("GATEHOUSE_WRITE_GOLDEN"); write != nullptr && *write == '1') {
    std::ofstream(path) << expected;
  } else {
    EXPECT_EQ(document, expected) << "where the code is right, GATEHOUSE_WRITE_GOLDEN=1 writes it anew";
  }
}

}  // namespace gatehouse
