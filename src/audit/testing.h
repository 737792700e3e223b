// Helpers of this room's tests: a temporary folder, and sample events.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "audit/file_sink.h"
#include "audit/journal.h"
#include "audit/store_sink.h"

namespace gatehouse::audit {

inline std::vector<std::unique_ptr<Sink>> list(std::unique_ptr<Sink> one,
                                               std::unique_ptr<Sink> two = nullptr) {
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::move(one));
  if (two) sinks.push_back(std::move(two));
  return sinks;
}

class Journals : public ::testing::Test {
 protected:
  Journals() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-audit-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = (folder_ / "events.jsonl").string();
    store_ = (folder_ / "events.db").string();
  }
  ~Journals() override { std::filesystem::remove_all(folder_); }

  static Event event(std::string_view id, std::string_view operation = "getOrder") {
    Event made;
    made.time = WallTime{std::chrono::seconds{1'760'000'000}};
    made.request_id = id;
    made.client = *IpAddress::parse("203.0.113.9");
    made.method = "GET";
    made.operation = operation;
    made.user_id = "partner:acme";
    made.outcome = Outcome::allowed;
    made.status = 200;
    made.duration = std::chrono::milliseconds{3};
    return made;
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  static std::ptrdiff_t lines(const std::string& path) { return std::ranges::count(read(path), '\n'); }
  std::unique_ptr<Sink> file(ByteCount rotate = mebibytes(100), unsigned keep = 14) const {
    auto sink = file_sink({path_, rotate, keep});
    if (!sink) throw std::runtime_error(sink.error().text);
    return *std::move(sink);
  }
  db::Connection open() const {
    auto connection = db::Connection::open({.path = store_});
    if (!connection || !prepare_event_tables(*connection)) throw std::runtime_error("store");
    return *std::move(connection);
  }
  std::unique_ptr<Sink> store(Retention retention = {}) const { return store_sink(open(), retention); }
  static Batch batch_of(int count, WallTime time = WallTime{std::chrono::seconds{1'760'000'000}}) {
    Batch batch;
    for (int i = 0; i < count; ++i) {
      LineFacts& facts = batch.facts.emplace_back();
      facts.offset = static_cast<std::uint32_t>(batch.lines.size());
      batch.lines += "{\"n\":" + std::to_string(i) + "}\n";
      facts.size = static_cast<std::uint32_t>(batch.lines.size()) - facts.offset;
      facts.time = time;
    }
    return batch;
  }

  std::filesystem::path folder_;
  std::string path_, store_;
  SystemClock clock_;
};

}  // namespace gatehouse::audit
