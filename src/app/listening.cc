#include "app/listening.h"

#include <filesystem>

#include <fmt/format.h>

#include "app/descriptors.h"
#include "app/process_resources.h"
#include "crypto/certificate.h"

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
  auto listening = std::make_shared<server::Listening>();
  GATEHOUSE_TRY(listening->tls, public_tls(settings.tls));
  GATEHOUSE_TRY(listening->admin_tls, admin_tls(settings.listen.admin_access));
  GATEHOUSE_TRY(listening->names, names_of(settings));
  GATEHOUSE_TRY(const ConnectionBounds bounds, connection_bounds(settings, descriptor_limit()));
  listening->connections = bounds.connections;
  listening->connections_per_address = bounds.per_address;
  return listening;
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
