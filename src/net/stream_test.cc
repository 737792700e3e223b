#include "net/stream.h"

#include <random>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "net/signal.h"
#include "net/testing.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using testing::accept_one;
using testing::connected;
using testing::loopback;
using testing::Pair;
using testing::read_all;
using testing::read_slowly;
using testing::read_some;
using testing::run;
using testing::start;
using testing::turn_until;
using testing::write_all;

std::string noise(std::size_t size) {
  std::mt19937 random(42);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

class Streams : public ::testing::Test {
 protected:
  ManualClock clock_;
  Loop loop_{clock_};
};

TEST_F(Streams, OneSideReadsTheBytesOfTheOther) {
  Pair pair = connected(loop_);
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "hello")));
  EXPECT_EQ(run(loop_, read_some(*pair.server)), "hello");
  EXPECT_EQ(pair.server->peer(), *pair.client->local());
  EXPECT_EQ(pair.client->peer(), *pair.server->local());
}

Task<Result<>> write_parts(Stream& stream, std::vector<std::string_view> parts) {
  auto written = co_await stream.write(parts);
  co_return written;
}

TEST_F(Streams, PartsArriveInOrderTheEmptyOnesIncluded) {
  Pair pair = connected(loop_);
  std::vector<std::string_view> parts(100, "ab");
  parts[0] = parts[50] = parts[99] = "";
  std::string together;
  for (const std::string_view part : parts) together += part;
  ASSERT_TRUE(run(loop_, write_parts(*pair.client, parts)));
  ASSERT_TRUE(run(loop_, write_parts(*pair.client, {})));
  pair.client->finish_writing();
  EXPECT_EQ(run(loop_, read_all(*pair.server)), together);
}

Task<void> answer_one(Stream& stream, std::string name, std::vector<std::string>& said) {
  auto request = co_await read_some(stream);
  said.push_back("read " + name);
  auto written = co_await stream.write("answer");
  said.push_back((written ? "wrote " : "failed ") + name);
}

TEST_F(Streams, OfOneTurnAllEventsComeBeforeTheFirstWrite) {
  Pair pairs[] = {connected(loop_), connected(loop_), connected(loop_)};
  loop_.poll();
  std::vector<std::string> said;
  for (Pair& pair : pairs) spawn(loop_, answer_one(*pair.server, "one", said));
  std::optional<Result<>> sent;
  for (Pair& pair : pairs) start(loop_, write_all(*pair.client, "x"), sent);
  loop_.poll();
  ASSERT_EQ(said.size(), 6U) << "and it is written in the same turn";
  for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], i < 3 ? "read one" : "wrote one");
  for (Pair& pair : pairs) EXPECT_EQ(run(loop_, read_some(*pair.client)), "answer");
}

Task<void> read_and_destroy(Stream& stream, StreamPtr& victim, std::vector<std::string>& said) {
  auto request = co_await read_some(stream);
  said.push_back("destroyed");
  victim.reset();
}

TEST_F(Streams, AWriteThatWaitsForItsTurnGoesWithItsStream) {
  Pair one = connected(loop_);
  Pair two = connected(loop_);
  loop_.poll();
  std::vector<std::string> said;
  spawn(loop_, answer_one(*one.server, "one", said));
  spawn(loop_, read_and_destroy(*two.server, one.server, said));
  std::optional<Result<>> sent;
  start(loop_, write_all(*one.client, "x"), sent);
  start(loop_, write_all(*two.client, "x"), sent);
  loop_.poll();
  EXPECT_EQ(said, (std::vector<std::string>{"read one", "destroyed"}));
  EXPECT_EQ(run(loop_, read_some(*one.client)), "");
}

Task<Result<>> write_and_finish(Stream& stream, std::string bytes) {
  const std::string_view parts[] = {std::string_view(bytes).substr(0, 100),
                                    std::string_view(bytes).substr(100)};
  auto written = co_await stream.write(parts);
  stream.finish_writing();
  co_return written;
}

TEST_F(Streams, AHugeWriteWaitsForASlowReaderAndArrivesWhole) {
  Pair pair = connected(loop_);
  const std::string bytes = noise(std::size_t{24} << 20U);
  std::optional<Result<>> written;
  start(loop_, write_and_finish(*pair.server, bytes), written);
  EXPECT_FALSE(written) << "24 MiB do not fit into the kernel's buffers";
  EXPECT_EQ(run(loop_, read_slowly(loop_, *pair.client)), bytes);
  ASSERT_TRUE(written);
  EXPECT_TRUE(*written);
}

TEST_F(Streams, BothDirectionsWaitAtOnce) {
  Pair pair = connected(loop_);
  const std::string bytes = noise(std::size_t{8} << 20U);
  std::optional<Result<>> one;
  std::optional<Result<>> two;
  std::optional<Result<std::string>> got;
  start(loop_, write_and_finish(*pair.server, bytes), one);
  start(loop_, write_and_finish(*pair.client, bytes), two);
  start(loop_, read_all(*pair.server), got);
  EXPECT_EQ(run(loop_, read_all(*pair.client)), bytes);
  turn_until(loop_, [&] { return got.has_value(); });
  EXPECT_EQ(*got, bytes);
}

TEST_F(Streams, AHalfClosedPeerIsReadToTheEndAndStillGetsItsAnswer) {
  Pair pair = connected(loop_);
  ASSERT_TRUE(run(loop_, write_and_finish(*pair.client, std::string(200, 'q'))));
  EXPECT_EQ(run(loop_, read_all(*pair.server)), std::string(200, 'q'));
  turn_until(loop_, [&] { return pair.server->peer_state() == PeerState::finished; });
  ASSERT_TRUE(run(loop_, write_and_finish(*pair.server, std::string(300, 'a'))));
  EXPECT_EQ(run(loop_, read_all(*pair.client)), std::string(300, 'a'));
}

// The short-read rule must not lose the end that came together with the last bytes.
TEST_F(Streams, TheEndThatArrivesWithTheLastBytesIsSeen) {
  for (int round = 0; round < 50; ++round) {
    Pair pair = connected(loop_);
    std::optional<Result<std::string>> got;
    start(loop_, read_all(*pair.server), got);
    ASSERT_TRUE(run(loop_, write_and_finish(*pair.client, std::string(200, 'x'))));
    turn_until(loop_, [&] { return got.has_value(); });
    EXPECT_EQ(*got, std::string(200, 'x'));
  }
}

TEST_F(Streams, AResetIsAnErrorForReaderAndWriter) {
  Pair pair = connected(loop_);
  std::optional<Result<std::string>> got;
  start(loop_, read_all(*pair.server), got);
  pair.client->abort();
  pair.client.reset();
  turn_until(loop_, [&] { return got.has_value(); });
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code, ErrorCode::closed);
  EXPECT_EQ(pair.server->peer_state(), PeerState::gone);
  const auto written = run(loop_, write_all(*pair.server, "x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::closed);
}

TEST_F(Streams, AReadThatIsTooSlowTimesOutAndSoDoLaterOperationsUntilTheDeadlineMoves) {
  Pair pair = connected(loop_);
  std::optional<Result<std::string>> got;
  start(loop_, read_some(*pair.server), got);
  pair.server->set_deadline(loop_.now() + 10s);  // applies to pending operations
  clock_.advance(9s);
  loop_.poll();
  EXPECT_FALSE(got);
  clock_.advance(1s + 1ms);
  loop_.poll();
  ASSERT_TRUE(got);
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code, ErrorCode::timeout);
  EXPECT_EQ(run(loop_, write_all(*pair.server, "late")).error().code, ErrorCode::timeout);

  pair.server->set_deadline(loop_.now() + 10s);
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "hello")));
  EXPECT_EQ(run(loop_, read_some(*pair.server)), "hello");
}

TEST_F(Streams, AWriteTimesOutWhenThePeerDoesNotRead) {
  Pair pair = connected(loop_);
  std::optional<Result<>> written;
  pair.server->set_deadline(loop_.now() + 5s);
  start(loop_, write_all(*pair.server, noise(std::size_t{24} << 20U)), written);
  for (int i = 0; i < 100; ++i) loop_.poll();
  EXPECT_FALSE(written);
  clock_.advance(6s);
  turn_until(loop_, [&] { return written.has_value(); });
  EXPECT_EQ(written->error().code, ErrorCode::timeout);
  pair.server->clear_deadline();
  EXPECT_EQ(run(loop_, write_all(*pair.server, "x")).error().code, ErrorCode::cancelled)
      << "half of the earlier write is gone";
}

TEST_F(Streams, ReadableWaitsWithoutABuffer) {
  Pair pair = connected(loop_);
  char buffer[16];
  EXPECT_FALSE(pair.server->try_read(buffer));
  std::optional<Result<>> ready;
  struct Wait {
    static Task<Result<>> on(Stream& stream) {
      auto result = co_await stream.readable();
      co_return result;
    }
  };
  start(loop_, Wait::on(*pair.server), ready);
  for (int i = 0; i < 5; ++i) loop_.poll();
  EXPECT_FALSE(ready);
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "hi")));
  turn_until(loop_, [&] { return ready.has_value(); });
  const auto n = pair.server->try_read(buffer);
  ASSERT_TRUE(n);
  EXPECT_EQ(**n, 2U);
}

TEST_F(Streams, ReadingIntoNoSpaceIsAnErrorAndNotTheEnd) {
  Pair pair = connected(loop_);
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "hi")));
  const auto nothing = pair.server->try_read({});
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->error().code, ErrorCode::too_large);
  EXPECT_EQ(run(loop_, read_some(*pair.server)), "hi");
}

// ---- cancelling

struct Witness {
  bool& destroyed;
  ~Witness() { destroyed = true; }
};

Task<int> never(Loop& loop, bool& destroyed) {
  const Witness witness{destroyed};
  co_await sleep_for(loop, 1000h);
  co_return 1;
}

template <typename T>
Task<Result<T>> waiting_for(HangUpSource& source, MonotonicTime deadline, Task<T> task,
                            const OnHangUp* on_hang_up = nullptr) {
  auto running = cancellable(source, deadline, std::move(task), on_hang_up);
  co_return co_await running;
}

TEST_F(Streams, ADisconnectDestroysTheExchangeThatRuns) {
  Pair pair = connected(loop_);
  bool destroyed = false;
  std::optional<Result<int>> outcome;
  start(loop_, waiting_for(pair.server->hang_up(), Timer::kNever, never(loop_, destroyed)), outcome);
  for (int i = 0; i < 5; ++i) loop_.poll();
  EXPECT_FALSE(destroyed);
  pair.client.reset();
  turn_until(loop_, [&] { return outcome.has_value(); });
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(outcome->error().code, ErrorCode::cancelled);
}

TEST_F(Streams, ADisconnectLeavesWorkAloneThatIsToBeFinishedAndADeadlineEndsIt) {
  Pair pair = connected(loop_);
  bool destroyed = false;
  OnHangUp rule = OnHangUp::cancel;
  std::optional<Result<int>> outcome;
  start(loop_, waiting_for(pair.server->hang_up(), loop_.now() + 3s, never(loop_, destroyed), &rule),
        outcome);
  rule = OnHangUp::finish;
  pair.client.reset();
  turn_until(loop_, [&] { return pair.server->peer_state() != PeerState::present; });
  for (int i = 0; i < 5; ++i) loop_.poll();
  EXPECT_FALSE(destroyed || outcome);
  clock_.advance(4s);
  turn_until(loop_, [&] { return outcome.has_value(); });
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(outcome->error().code, ErrorCode::timeout);
}

TEST_F(Streams, ADeadlineDestroysTheExchangeThatRuns) {
  Pair pair = connected(loop_);
  bool destroyed = false;
  std::optional<Result<int>> outcome;
  start(loop_, waiting_for(pair.server->hang_up(), loop_.now() + 3s, never(loop_, destroyed)), outcome);
  clock_.advance(2s);
  loop_.poll();
  EXPECT_FALSE(outcome);
  clock_.advance(2s);
  loop_.poll();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(destroyed);
  EXPECT_EQ(outcome->error().code, ErrorCode::timeout);
}

Task<int> quick(Loop& loop) {
  co_await yield(loop);
  co_return 7;
}
Task<int> at_once() { co_return 8; }
Task<int> buggy(Loop& loop) {
  co_await yield(loop);
  throw std::runtime_error("a bug");
}
Task<int> caught(Stream& stream, Loop& loop) {
  auto task = waiting_for(stream.hang_up(), Timer::kNever, buggy(loop));
  try {
    auto result = co_await task;
    co_return result ? 0 : 1;
  } catch (const std::runtime_error&) {
    co_return 2;
  }
}

// The awaited operation is over, although it stays in the coroutine frame for a while.
Task<int> wait_again(Loop& loop, HangUpSource& source, Signal& signal, MonotonicTime deadline) {
  auto running = cancellable(source, deadline, quick(loop));
  const auto first = co_await running;
  co_await signal.wait();
  co_return *first;
}

TEST_F(Streams, ADeadlineOrADisconnectEndsNothingThatComesLater) {
  auto pair = connected(loop_);
  Signal signal(loop_);
  std::optional<int> out;
  start(loop_, wait_again(loop_, pair.server->hang_up(), signal, loop_.now() + 1s), out);
  for (int i = 0; i < 4; ++i) loop_.poll();
  clock_.advance(2s);
  pair.client.reset();
  turn_until(loop_, [&] { return pair.server->peer_state() != PeerState::present; });
  EXPECT_FALSE(out);
  pair.server->hang_up().end_work_by(loop_.now());
  for (int i = 0; i < 4; ++i) loop_.poll();
  EXPECT_FALSE(out);
  signal.set();
  turn_until(loop_, [&] { return out.has_value(); });
  EXPECT_EQ(out, 7);
}

Task<int> reset_behind(Loop& loop, StreamPtr& stream) {
  auto running = cancellable(stream->hang_up(), Timer::kNever, quick(loop));
  const auto first = co_await running;
  stream.reset();
  co_return *first;
}

TEST_F(Streams, AConnectionMayBeDestroyedBeforeItsTasks) {
  auto pair = connected(loop_);
  EXPECT_EQ(run(loop_, reset_behind(loop_, pair.server)), 7);
}

TEST_F(Streams, AnExchangeThatEndsInTimeGivesItsValueOrItsException) {
  Pair pair = connected(loop_);
  EXPECT_EQ(run(loop_, waiting_for(pair.server->hang_up(), Timer::kNever, quick(loop_))), 7);
  EXPECT_EQ(run(loop_, waiting_for(pair.server->hang_up(), loop_.now() + 1s, at_once())), 8);
  EXPECT_EQ(run(loop_, caught(*pair.server, loop_)), 2);
  pair.client.reset();
  turn_until(loop_, [&] { return pair.server->peer_state() != PeerState::present; });
  EXPECT_EQ(run(loop_, waiting_for(pair.server->hang_up(), Timer::kNever, at_once())).error().code,
            ErrorCode::cancelled);
}

TEST_F(Streams, ATaskCancelledWhileItReadsLeavesTheStreamToTheNext) {
  Pair pair = connected(loop_);
  std::optional<Result<std::string>> got;
  {
    ManualClock other_clock;
    start(loop_, read_some(*pair.server), got);
    loop_.cancel_tasks();
  }
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "for the next")));
  EXPECT_EQ(run(loop_, read_some(*pair.server)), "for the next");
  EXPECT_FALSE(got);
}

// The reader of one stream owns the stream and ends with it, in the middle of its event.
Task<void> own_and_end(StreamPtr stream, bool& ended) {
  char buffer[10];
  auto n = co_await stream->read(buffer);
  ended = n.has_value();
}

TEST_F(Streams, AStreamMayBeDestroyedByTheReaderItWakes) {
  Pair pair = connected(loop_);
  bool ended = false;
  spawn(loop_, own_and_end(std::move(pair.server), ended));
  ASSERT_TRUE(run(loop_, write_and_finish(*pair.client, std::string(200, 'x'))));
  turn_until(loop_, [&] { return ended; });
  EXPECT_EQ(loop_.tasks(), 0U);
}

TEST_F(Streams, AStreamOrAListenerMayGoBeforeTheTasksThatWaitForIt) {
  Pair pair = connected(loop_);
  auto listener = Listener::open(loop_, loopback());
  ASSERT_TRUE(listener);
  bool destroyed = false;
  std::optional<Result<std::string>> got;
  std::optional<Result<>> written;
  std::optional<Result<int>> outcome;
  std::optional<Result<Accepted>> accepted;
  start(loop_, read_some(*pair.server), got);
  start(loop_, write_all(*pair.server, noise(std::size_t{24} << 20U)), written);
  start(loop_, waiting_for(pair.server->hang_up(), Timer::kNever, never(loop_, destroyed)), outcome);
  start(loop_, accept_one(**listener), accepted);
  for (int i = 0; i < 5; ++i) loop_.poll();
  pair.server.reset();
  listener->reset();
  for (int i = 0; i < 5; ++i) loop_.poll();
  EXPECT_FALSE(got || written || outcome || accepted);
  loop_.cancel_tasks();
  EXPECT_TRUE(destroyed);
}

// ---- closing

Task<bool> answer_and_close(StreamPtr stream, MonotonicTime deadline) {
  auto written = co_await stream->write(std::string_view("413 too large"));
  auto closing = close(std::move(stream), deadline);
  co_await closing;
  co_return written.has_value();
}

Task<Result<std::string>> push_then_read(Stream& stream) {
  const std::string upload(std::size_t{4} << 20U, 'u');
  auto written = co_await stream.write(upload);
  GATEHOUSE_CO_CHECK(written);
  stream.finish_writing();
  auto all = read_all(stream);
  auto result = co_await all;
  co_return result;
}

TEST_F(Streams, ALastAnswerReachesAPeerThatIsStillSending) {
  Pair pair = connected(loop_);
  std::optional<bool> closed;
  start(loop_, answer_and_close(std::move(pair.server), loop_.now() + 5s), closed);
  EXPECT_EQ(run(loop_, push_then_read(*pair.client)), "413 too large");
  turn_until(loop_, [&] { return closed.has_value(); });
}

TEST_F(Streams, ClosingDoesNotWaitForeverForAPeerThatStays) {
  Pair pair = connected(loop_);
  std::optional<bool> closed;
  start(loop_, answer_and_close(std::move(pair.server), loop_.now() + 5s), closed);
  for (int i = 0; i < 5; ++i) loop_.poll();
  EXPECT_FALSE(closed);
  clock_.advance(6s);
  turn_until(loop_, [&] { return closed.has_value(); });
}

}  // namespace
}  // namespace gatehouse::net
