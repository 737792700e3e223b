// Two ends of a TLS connection, and their certificates.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "net/stream.h"
#include "net/testing.h"
#include "net/tls.h"

namespace gatehouse::net::testing {

inline const Identity& authority() {
  static const Identity identity("Test authority", nullptr, "");
  return identity;
}
inline const Identity& server_identity() {
  static const Identity identity("server", &authority(), "DNS:api.example.com,IP:127.0.0.1");
  return identity;
}
inline const Identity& client_identity() {
  static const Identity identity("client", &authority(), "DNS:partner");
  return identity;
}
inline const Identity& stranger() {
  static const Identity identity("stranger", nullptr, "DNS:api.example.com");
  return identity;
}

inline ServerTlsOptions server_options(ClientCertificates clients = ClientCertificates::none) {
  ServerTlsOptions options;
  options.certificate_pem = server_identity().certificate_pem();
  options.private_key_pem = server_identity().key_pem();
  options.client_certificates = clients;
  if (clients != ClientCertificates::none) options.client_ca_pem = authority().certificate_pem();
  return options;
}
inline std::shared_ptr<const ServerTls> server_context(
    ClientCertificates clients = ClientCertificates::none) {
  return ServerTls::make(server_options(clients)).value();
}
inline std::shared_ptr<const ClientTls> client_context(const Identity* identity = nullptr,
                                                       std::vector<std::string> alpn = {}) {
  ClientTlsOptions options;
  options.ca_pem = authority().certificate_pem();
  options.alpn = std::move(alpn);
  if (identity != nullptr) {
    options.certificate_pem = identity->certificate_pem();
    options.private_key_pem = identity->key_pem();
  }
  return ClientTls::make(options).value();
}

inline Task<Result<>> accept_tls(Stream& stream, std::shared_ptr<const ServerTls> context) {
  auto result = co_await stream.accept_tls(std::move(context));
  co_return result;
}
inline Task<Result<>> connect_tls(Stream& stream, std::shared_ptr<const ClientTls> context,
                                  std::string host) {
  auto result = co_await stream.connect_tls(std::move(context), host);
  co_return result;
}

class Tls : public ::testing::Test {
 protected:
  struct Shaken {
    Pair pair;
    Result<> server;
    Result<> client;
  };
  Shaken shake(std::shared_ptr<const ServerTls> server, std::shared_ptr<const ClientTls> client,
               std::string host = "api.example.com") {
    Shaken result{connected(loop_), {}, {}};
    std::optional<Result<>> served;
    std::optional<Result<>> called;
    start(loop_, accept_tls(*result.pair.server, std::move(server)), served);
    start(loop_, connect_tls(*result.pair.client, std::move(client), std::move(host)), called);
    turn_until(loop_, [&] {
      if (called && !*called) result.pair.client->finish_writing();
      return served && called;
    });
    result.server = *served;
    result.client = *called;
    return result;
  }
  Pair ready() {
    Shaken shaken = shake(server_context(), client_context());
    EXPECT_TRUE(shaken.server) << shaken.server.error().text;
    EXPECT_TRUE(shaken.client) << shaken.client.error().text;
    return std::move(shaken.pair);
  }

  ManualClock clock_;
  Loop loop_{clock_};
};

}  // namespace gatehouse::net::testing
