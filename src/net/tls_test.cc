#include "net/tls.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>

#include "net/stream.h"
#include "net/tls_testing.h"

namespace gatehouse::net {
namespace {

using namespace std::chrono_literals;
using testing::accept_tls;
using testing::authority;
using testing::client_context;
using testing::client_identity;
using testing::connected;
using ::testing::HasSubstr;
using testing::Identity;
using testing::Pair;
using testing::read_all;
using testing::read_slowly;
using testing::read_some;
using testing::run;
using testing::server_context;
using testing::server_identity;
using testing::server_options;
using testing::start;
using testing::stranger;
using testing::Tls;
using testing::turn_until;
using testing::write_all;

TEST_F(Tls, AHandshakeAgreesOnTls13AndReportsItsFacts) {
  Shaken s = shake(server_context(), client_context(nullptr, {"h2", "http/1.1"}));
  ASSERT_TRUE(s.server && s.client);
  const TlsFacts& facts = *s.pair.server->tls();
  EXPECT_EQ(facts.version, "TLSv1.3");
  EXPECT_EQ(facts.cipher, "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(facts.alpn, "http/1.1");
  EXPECT_EQ(facts.server_name, "api.example.com");
  EXPECT_EQ(facts.peer_certificate, "");
  EXPECT_FALSE(facts.resumed);
  EXPECT_EQ(s.pair.client->tls()->peer_certificate, server_identity().der());
}

TEST_F(Tls, OneSideReadsTheBytesOfTheOther) {
  Pair pair = ready();
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "GET")));
  EXPECT_EQ(run(loop_, read_some(*pair.server)), "GET");
  ASSERT_TRUE(run(loop_, write_all(*pair.server, "200")));
  EXPECT_EQ(run(loop_, read_some(*pair.client)), "200");
}

// Several records that arrive in one receive: edge triggering reports them only once.
TEST_F(Tls, RecordsThatArriveTogetherAreAllRead) {
  Pair pair = ready();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(run(loop_, write_all(*pair.client, std::string(100, 'r'))));
  pair.client->finish_writing();
  for (int i = 0; i < 5; ++i) loop_.poll();
  EXPECT_EQ(run(loop_, read_all(*pair.server)), std::string(2000, 'r'));
}

// A reader with a small buffer: decrypted bytes are left in OpenSSL, and no event reports them.
Task<Result<std::string>> read_by_threes(Stream& stream) {
  std::string all;
  char buffer[3];
  for (;;) {
    auto ready = co_await stream.readable();
    GATEHOUSE_CO_CHECK(ready);
    auto n = co_await stream.read(buffer);
    GATEHOUSE_CO_CHECK(n);
    if (*n == 0) co_return all;
    all.append(buffer, *n);
  }
}

TEST_F(Tls, LeftOverPlaintextIsReadWithoutAnEvent) {
  Pair pair = ready();
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "0123456789")));
  pair.client->finish_writing();
  EXPECT_EQ(run(loop_, read_by_threes(*pair.server)), "0123456789");
}

Task<Result<>> write_mixed(Stream& stream, std::string bytes) {
  // Small parts, one that is longer than a record, and the rest.
  std::vector<std::string_view> parts;
  std::string_view rest = bytes;
  for (const std::size_t size : {5U, 0U, 20'000U, 7U, 100'000U, 1U}) {
    parts.push_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  parts.push_back(rest);
  auto written = co_await stream.write(parts);
  stream.finish_writing();
  co_return written;
}

TEST_F(Tls, AHugeWriteWaitsForASlowReaderAndArrivesWhole) {
  Pair pair = ready();
  std::string bytes(std::size_t{16} << 20U, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 1000);
  std::optional<Result<>> written;
  start(loop_, write_mixed(*pair.server, bytes), written);
  EXPECT_FALSE(written);
  const auto got = run(loop_, read_slowly(loop_, *pair.client));
  EXPECT_TRUE(got == bytes);
  turn_until(loop_, [&] { return written.has_value(); });
  EXPECT_TRUE(*written);
}

TEST_F(Tls, AnEndWithoutCloseNotifyIsNotAnOrderlyEnd) {
  Pair pair = ready();
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "half of a")));
  pair.client.reset();
  const auto got = run(loop_, read_all(*pair.server));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::closed);
}

TEST_F(Tls, ATamperedRecordEndsTheConnection) {
  Pair pair = connected(loop_);
  std::optional<Result<>> served;
  start(loop_, accept_tls(*pair.server, server_context()), served);
  ASSERT_TRUE(run(loop_, write_all(*pair.client, std::string("\x16\x03\x01\x00\x05hello", 10))));
  turn_until(loop_, [&] { return served.has_value(); });
  ASSERT_FALSE(*served);
  EXPECT_EQ(served->error().code, ErrorCode::invalid);
}

TEST_F(Tls, GarbageAndPlainHttpFailTheHandshakeAndSayWhich) {
  for (const auto& [bytes, words] :
       {std::pair<std::string, std::string>{"GET / HTTP/1.1\r\n\r\n", "plain HTTP"},
        {std::string(64, '\xff'), "TLS handshake"},
        {std::string(64, '\0'), "TLS handshake"}}) {
    Pair pair = connected(loop_);
    std::optional<Result<>> served;
    start(loop_, accept_tls(*pair.server, server_context()), served);
    ASSERT_TRUE(run(loop_, write_all(*pair.client, bytes)));
    turn_until(loop_, [&] { return served.has_value(); });
    ASSERT_FALSE(*served);
    EXPECT_EQ(served->error().code, ErrorCode::invalid);
    EXPECT_THAT(served->error().text, HasSubstr(words));
  }
}

TEST_F(Tls, AHandshakeThatStallsTimesOut) {
  Pair pair = connected(loop_);
  std::optional<Result<>> served;
  pair.server->set_deadline(loop_.now() + 5s);
  start(loop_, accept_tls(*pair.server, server_context()), served);
  ASSERT_TRUE(run(loop_, write_all(*pair.client, std::string("\x16\x03\x01\x02", 4))));
  for (int i = 0; i < 5; ++i) loop_.poll();
  EXPECT_FALSE(served);
  clock_.advance(6s);
  turn_until(loop_, [&] { return served.has_value(); });
  EXPECT_EQ(served->error().code, ErrorCode::timeout);
}

TEST_F(Tls, APeerThatLeavesDuringTheHandshakeIsClosed) {
  Pair pair = connected(loop_);
  std::optional<Result<>> served;
  start(loop_, accept_tls(*pair.server, server_context()), served);
  pair.client.reset();
  turn_until(loop_, [&] { return served.has_value(); });
  EXPECT_EQ(served->error().code, ErrorCode::closed);
}

// ---- certificates

TEST_F(Tls, TheClientRefusesAnotherNameAnotherAuthorityAndAnAddressThatIsNotInTheCertificate) {
  EXPECT_EQ(shake(server_context(), client_context(), "other.example.com").client.error().code,
            ErrorCode::denied);
  EXPECT_EQ(shake(server_context(), client_context(), "127.0.0.2").client.error().code, ErrorCode::denied);
  EXPECT_TRUE(shake(server_context(), client_context(), "127.0.0.1").client);
  EXPECT_EQ(shake(server_context(), client_context(), "").client.error().code, ErrorCode::invalid);
  ClientTlsOptions options;
  options.ca_pem = stranger().certificate_pem();
  EXPECT_EQ(shake(server_context(), ClientTls::make(options).value()).client.error().code, ErrorCode::denied);
}

TEST_F(Tls, AFileOfAuthoritiesThatHoldsNoneIsNotTheSystems) {
  for (const char* pem : {"", " \n", "# to be mounted\n"}) {
    ClientTlsOptions options;
    options.ca_pem = pem;
    EXPECT_FALSE(ClientTls::make(options)) << pem;
  }
  EXPECT_TRUE(ClientTls::make({})) << "only where no file is named";
}

TEST_F(Tls, ARequestedClientCertificateIsVerifiedAndVisible) {
  const auto context = server_context(ClientCertificates::request);
  Shaken with = shake(context, client_context(&client_identity()));
  ASSERT_TRUE(with.server) << with.server.error().text;
  EXPECT_EQ(with.pair.server->tls()->peer_certificate, client_identity().der());
  Shaken without = shake(context, client_context());
  ASSERT_TRUE(without.server);
  EXPECT_EQ(without.pair.server->tls()->peer_certificate, "");
}

TEST_F(Tls, AClientCertificateOfAStrangerFailsEvenWhereNoneIsNeeded) {
  const Shaken s = shake(server_context(ClientCertificates::request), client_context(&stranger()));
  ASSERT_FALSE(s.server);
  EXPECT_EQ(s.server.error().code, ErrorCode::denied);
}

// The root has certified an intermediate authority. Its certificates count if the operator has named it, not
// because a client sends it: it could carry the name of another trusted one.
TEST_F(Tls, AnAuthorityThatOnlyTheClientSendsIsNotTrusted) {
  static const Identity between("Branch", &authority(), "", Identity::Use::authority);
  static const Identity below("client", &between, "DNS:partner");
  ClientTlsOptions client;
  client.ca_pem = authority().certificate_pem();
  client.certificate_pem = below.certificate_pem() + between.certificate_pem();
  client.private_key_pem = below.key_pem();
  for (const auto way : {ClientCertificates::request, ClientCertificates::require}) {
    const Shaken brought = shake(server_context(way), ClientTls::make(client).value());
    ASSERT_FALSE(brought.server);
    EXPECT_EQ(brought.server.error().code, ErrorCode::denied);

    ServerTlsOptions named = server_options(way);
    named.client_ca_pem = authority().certificate_pem() + between.certificate_pem();
    Shaken known = shake(ServerTls::make(named).value(), ClientTls::make(client).value());
    ASSERT_TRUE(known.server) << known.server.error().text;
    EXPECT_EQ(known.pair.server->tls()->peer_certificate, below.der());

    named.client_ca_pem = between.certificate_pem();
    EXPECT_FALSE(shake(ServerTls::make(named).value(), ClientTls::make(client).value()).server)
        << "without the root no chain is whole";
  }
}

// The dates of the whole chain were verified, so the first of its ends is that of the handshake's word.
TEST_F(Tls, AChainEndsWithTheFirstOfItsCertificates) {
  static const Identity root("Root", nullptr, "", Identity::Use::authority, 3h);
  static const Identity brief_root("Brief root", nullptr, "", Identity::Use::authority, 1h);
  static const Identity brief("Brief branch", &root, "", Identity::Use::authority, 2h);
  static const Identity branch("Branch", &brief_root, "", Identity::Use::authority);
  static const Identity of_root("client", &root, "DNS:partner", Identity::Use::leaf, 1h);
  static const Identity below("client", &root, "DNS:partner");
  static const Identity of_brief("client", &brief, "DNS:partner");
  static const Identity of_branch("client", &branch, "DNS:partner");
  const auto made = std::chrono::system_clock::now();
  ServerTlsOptions options = server_options(ClientCertificates::require);
  options.client_ca_pem = root.certificate_pem() + brief_root.certificate_pem() + brief.certificate_pem() +
                          branch.certificate_pem();
  const auto context = ServerTls::make(options).value();
  for (const auto& [client, ends] :
       {std::pair{&of_root, 1h}, {&below, 3h}, {&of_brief, 2h}, {&of_branch, 1h}}) {
    Shaken s = shake(context, client_context(client));
    ASSERT_TRUE(s.server) << s.server.error().text;
    const auto end =
        s.pair.server->tls()->peer_chain_ends - std::chrono::duration_cast<std::chrono::nanoseconds>(ends);
    // The certificates were made a moment ago.
    EXPECT_LE(end, made);
    EXPECT_GT(end, made - 30min);
  }
  Shaken nobody = shake(server_context(ClientCertificates::request), client_context());
  EXPECT_EQ(nobody.pair.server->tls()->peer_chain_ends, WallTime::max());
}

TEST_F(Tls, AuthoritiesOfOneNameHaveOneKey) {
  static const Identity one("Root CA", nullptr, "");
  static const Identity other("ROOT  ca", nullptr, "");
  static const Identity holder("Root CA", &one, "DNS:partner");
  ServerTlsOptions options = server_options(ClientCertificates::request);
  options.client_ca_pem = one.certificate_pem() + other.certificate_pem();
  const auto refused = ServerTls::make(options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_THAT(refused.error().text,
              HasSubstr("two authorities with different keys have the name `CN=Root CA`"));

  for (const int type : {V_ASN1_NUMERICSTRING, V_ASN1_PRINTABLESTRING, V_ASN1_T61STRING, V_ASN1_IA5STRING}) {
    const Identity twin("Root CA", nullptr, "", Identity::Use::leaf, 24h, type);
    options.client_ca_pem = one.certificate_pem() + twin.certificate_pem();
    EXPECT_FALSE(ServerTls::make(options)) << type;
  }

  options.client_ca_pem = one.certificate_pem() + authority().certificate_pem() + one.certificate_pem();
  EXPECT_TRUE(ServerTls::make(options)) << "a certificate that was renewed";
  options.client_ca_pem = one.certificate_pem() + holder.certificate_pem();
  EXPECT_TRUE(ServerTls::make(options)) << "one that signs nothing";
}

TEST_F(Tls, ARequiredClientCertificateThatIsMissingFailsTheHandshake) {
  const Shaken s = shake(server_context(ClientCertificates::require), client_context());
  ASSERT_FALSE(s.server);
  EXPECT_EQ(s.server.error().code, ErrorCode::denied);
}

TEST_F(Tls, NoCommonProtocolIsAFailure) {
  const Shaken s = shake(server_context(), client_context(nullptr, {"spdy/3"}));
  EXPECT_FALSE(s.server);
  EXPECT_FALSE(s.client);
}

// A failed verification of another party leaves OpenSSL's error queue dirty.
TEST_F(Tls, AForeignFailureInTheErrorQueueDoesNotKillAConnection) {
  Pair pair = ready();
  ERR_put_error(ERR_LIB_EVP, 0, EVP_R_BAD_DECRYPT, __FILE__, __LINE__);
  char buffer[16];
  EXPECT_FALSE(pair.server->try_read(buffer)) << "nothing is there: not an error";
  std::optional<Result<std::string>> got;
  start(loop_, read_some(*pair.server), got);
  ERR_put_error(ERR_LIB_EVP, 0, EVP_R_BAD_DECRYPT, __FILE__, __LINE__);
  ASSERT_TRUE(run(loop_, write_all(*pair.client, "innocent")));
  ERR_put_error(ERR_LIB_EVP, 0, EVP_R_BAD_DECRYPT, __FILE__, __LINE__);
  turn_until(loop_, [&] { return got.has_value(); });
  EXPECT_EQ(*got, "innocent");
}

TEST_F(Tls, AConnectionKeepsItsContextWhenTheOwnerHasReplacedIt) {
  auto context = server_context();
  const std::weak_ptr<const ServerTls> watched = context;
  Shaken s = shake(std::exchange(context, server_context()), client_context());
  ASSERT_TRUE(s.server);
  EXPECT_FALSE(watched.expired());
  ASSERT_TRUE(run(loop_, write_all(*s.pair.server, "still here")));
  s.pair.server.reset();
  EXPECT_TRUE(watched.expired());
}

TEST_F(Tls, BadOptionsAreRefusedWithAReason) {
  ServerTlsOptions wrong_key = server_options();
  wrong_key.private_key_pem = stranger().key_pem();
  EXPECT_THAT(ServerTls::make(wrong_key).error().text, HasSubstr("does not belong"));
  ServerTlsOptions no_certificate = server_options();
  no_certificate.certificate_pem = "";
  EXPECT_THAT(ServerTls::make(no_certificate).error().text, HasSubstr("no certificate"));
  ServerTlsOptions damaged = server_options();
  damaged.certificate_pem += "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(ServerTls::make(damaged).error().text, HasSubstr("damaged"));
  ServerTlsOptions no_authority = server_options(ClientCertificates::require);
  no_authority.client_ca_pem = "";
  EXPECT_FALSE(ServerTls::make(no_authority));
  ServerTlsOptions no_key = server_options();
  no_key.private_key_pem = Secret<std::string>("x");
  EXPECT_FALSE(ServerTls::make(no_key));
}

// A refusal is sent before the body was read: the unread rest in the engine must not keep the loop busy.
Task<bool> close_with_input_unread(StreamPtr stream) {
  std::array<char, 4> first;
  auto got = co_await stream->read(first);
  auto closing = close(std::move(stream), Timer::kNever);
  co_await closing;
  co_return got.has_value();
}

TEST_F(Tls, ClosingWaitsForThePeerThoughInputStaysUnread) {
  Pair pair = ready();
  ASSERT_TRUE(run(loop_, write_all(*pair.client, std::string(10'000, 'u'))));
  std::optional<bool> closed;
  start(loop_, close_with_input_unread(std::move(pair.server)), closed);
  for (int i = 0; i < 5; ++i) loop_.poll();
  EXPECT_FALSE(closed);
  pair.client.reset();
  turn_until(loop_, [&] { return closed.has_value(); });
}

}  // namespace
}  // namespace gatehouse::net
