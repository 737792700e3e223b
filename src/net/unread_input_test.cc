// What a stream does with input that nothing reads, behind which the peer's end may stand.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/manual_clock.h"
#include "net/stream.h"
#include "net/testing.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;

Task<Result<Accepted>> accept_from(Listener& listener) {
  auto accepted = co_await listener.accept();
  co_return accepted;
}

// A peer over TCP that the test drives by hand: what it cannot send waits in its own kernel, and its FIN
// behind that.
class UnreadInput : public ::testing::Test {
 protected:
  UnreadInput() {
    auto listener = Listener::open(loop_, testing::loopback());
    const Endpoint at = (*listener)->endpoint();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(at.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer_ = Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(peer_.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    auto accepted = testing::run(loop_, accept_from(**listener));
    stream_ = std::make_unique<Stream>(loop_, std::move(accepted->socket), accepted->peer);
    EXPECT_FALSE(stream_->try_read(byte_).has_value());
  }
  // As much as both kernels take.
  std::size_t fill() const {
    const std::string bytes(100'000, 'x');
    std::size_t sent = 0;
    for (ssize_t n = 0; n >= 0; sent += static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
      n = ::send(peer_.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent;
  }
  void pass_until(const std::function<bool()>& done) {
    testing::turn_until(loop_, [&] {
      clock_.advance(100ms);
      return done();
    });
  }

  ManualClock clock_;
  Loop loop_{clock_};
  Socket peer_;
  StreamPtr stream_;
  char byte_[1];
};

TEST_F(UnreadInput, DoesNotHideThatThePeerHasLeft) {
  stream_->let_input_wait();
  ASSERT_GT(fill(), Stream::kWaiting);
  for (int i = 0; i < 20; ++i) loop_.poll();
  peer_ = Socket();
  for (int i = 0; i < 20; ++i) loop_.poll();
  EXPECT_EQ(stream_->peer_state(), PeerState::present) << "its end stands behind what it could not send";
  pass_until([&] { return stream_->peer_state() != PeerState::present; });
  EXPECT_TRUE(stream_->input_lost());
  const auto read = stream_->try_read(byte_);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->error().code, ErrorCode::closed);
}

TEST_F(UnreadInput, StaysWhereItIsLittleOrIsWaitedFor) {
  for (const bool waits : {true, false}) {
    if (waits) stream_->let_input_wait();
    ASSERT_EQ(::send(peer_.descriptor(), "abcdefgh", 8, 0), 8);
    for (int i = 0; i < 100; ++i) {
      clock_.advance(100ms);
      loop_.poll();
    }
    EXPECT_FALSE(stream_->input_lost());
    EXPECT_EQ(testing::run(loop_, testing::read_some(*stream_)), "abcdefgh");
  }
  fill();
  for (int i = 0; i < 100; ++i) {
    clock_.advance(100ms);
    loop_.poll();
  }
  EXPECT_FALSE(stream_->input_lost()) << "a read is to come";
}

TEST_F(UnreadInput, OfAPeerThatSendsWithoutEndIsThrownAwayPieceByPiece) {
  stream_->let_input_wait();
  std::size_t sent = fill();
  const std::size_t at_once = sent;
  while (sent < 20 * at_once) {
    clock_.advance(100ms);
    loop_.poll();
    sent += fill();
  }
  EXPECT_TRUE(stream_->input_lost());
  EXPECT_EQ(stream_->peer_state(), PeerState::present);
  const auto written = testing::run(loop_, testing::write_all(*stream_, "an answer"));
  EXPECT_TRUE(written) << "only its input is lost";
}

}  // namespace
}  // namespace gatehouse::net
