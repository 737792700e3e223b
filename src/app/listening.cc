#include "app/listening.h"

#include <filesystem>

#include <fmt/format.h>

#include "app/descriptors.h"
#include "app/process_resources.h"
#include "crypto/certificate.h"
#include "gate/respond.h"

namespace gatehouse::app {
namespace {

Result<std::shared_ptr<const net::ServerTls>> make_tls(net::ServerTlsOptions options,
                                                       const policy::PlacedText& certificate,
                                                       const policy::PlacedText& private_key) {
  GATEHOUSE_TRY(options.certificate_pem, read_whole(certificate.value));
  GATEHOUSE_TRY(auto key, read_whole(private_key.value));
  options.private_key_pem = Secret<std::string>(std::move(key));
  auto made = net::ServerTls::make(options);
  if (!made)
    made.error().text = fmt::format("{} and {}: {}", certificate.value, private_key.value, made.error().text);
  return made;
}

Result<std::shared_ptr<const net::ServerTls>> public_tls(const policy::Tls& tls) {
  net::ServerTlsOptions options;
  options.minimum =
      tls.minimum == policy::TlsMinimum::tls_1_3 ? net::TlsVersion::tls_1_3 : net::TlsVersion::tls_1_2;
  if (!tls.client_ca.value.empty()) {
    GATEHOUSE_TRY(options.client_ca_pem, read_whole(tls.client_ca.value));
    // Asked for, not demanded: which operations need a certificate is the policy's to say.
    options.client_certificates = net::ClientCertificates::request;
  }
  return make_tls(std::move(options), tls.certificate, tls.private_key);
}

Result<std::shared_ptr<const net::ServerTls>> admin_tls(const policy::AdminAccess& access) {
  if (access.certificate.value.empty()) return std::shared_ptr<const net::ServerTls>();
  net::ServerTlsOptions options;
  if (!access.client_ca.value.empty()) {
    GATEHOUSE_TRY(options.client_ca_pem, read_whole(access.client_ca.value));
    options.client_certificates = net::ClientCertificates::require;
  }
  return make_tls(std::move(options), access.certificate, access.private_key);
}

}  // namespace

Result<http::ServedNames> names_of(const policy::Settings& settings) {
  http::ServedNames names(settings.listen.https ? settings.listen.https->port : std::uint16_t{0});
  for (const policy::PlacedText& name : settings.listen.names) (void)names.add(name.value);
  if (!settings.listen.names.empty()) return names;
  GATEHOUSE_TRY(const std::string pem, read_whole(settings.tls.certificate.value));
  // One that cannot be read as a client's can still serve, under the names that the configuration lists.
  if (const auto certificate = crypto::parse_certificate_pem(pem)) {
    for (const std::string& name : certificate->dns_names) (void)names.add(name);
    for (const IpAddress& address : certificate->addresses) (void)names.add(address.text());
  }
  return names;
}

Result<std::shared_ptr<const server::Listening>> make_listening(const policy::Settings& settings) {
  using enum server::ListenerKind;
  const policy::Listen& listen = settings.listen;
  GATEHOUSE_TRY(const ConnectionBounds bounds, connection_bounds(settings, descriptor_limit()));
  server::Listening listening;
  GATEHOUSE_TRY(listening.names, names_of(settings));
  // One more for an address that the configuration names; null: it names none.
  const auto add = [&](server::ListenerKind kind, const std::optional<policy::SocketAddress>& at) {
    if (!at) return static_cast<server::ListenerPolicy*>(nullptr);
    server::ListenerPolicy& one = listening.listeners.emplace_back();
    one.kind = kind;
    one.at = *at;
    one.connections = bounds.connections;
    one.connections_per_address = bounds.per_address;
    return &one;
  };
  if (auto* const https = add(gates, listen.https)) {
    GATEHOUSE_TRY(https->tls, public_tls(settings.tls));
    https->fields = gate::fixed_fields(settings, gate::Transport::tls);
    https->proxy_protocol = listen.proxy_protocol;
  }
  if (auto* const http = add(plaintext, listen.http)) {
    http->fields = gate::fixed_fields(settings, gate::Transport::plain);
  }
  if (auto* const administration = add(admin, listen.admin)) {
    GATEHOUSE_TRY(administration->tls, admin_tls(listen.admin_access));
    administration->fields =
        gate::fixed_fields(settings, administration->tls ? gate::Transport::tls : gate::Transport::plain);
    administration->names = listen.admin_access.names;
    administration->connections = administration->connections_per_address = server::kMostAdminConnections;
  }
  return std::make_shared<const server::Listening>(std::move(listening));
}

std::string state_of_certificates(const policy::Settings& settings) {
  std::string state;
  const policy::AdminAccess& admin = settings.listen.admin_access;
  for (const policy::PlacedText* file :
       {&settings.tls.certificate, &settings.tls.private_key, &settings.tls.client_ca, &admin.certificate,
        &admin.private_key, &admin.client_ca}) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(file->value, error);
    const auto size = error ? 0 : std::filesystem::file_size(file->value, error);
    state += fmt::format("{}:{}:{};", error.value(), error ? 0 : time.time_since_epoch().count(), size);
  }
  return state;
}

}  // namespace gatehouse::app
