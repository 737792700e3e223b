#include "app/check_files.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/descriptors.h"
#include "app/listening.h"
#include "app/process_resources.h"
#include "app/set_fields.h"
#include "crypto/certificate.h"
#include "crypto/distinguished_name.h"
#include "crypto/jwk.h"
#include "crypto/revocation_list.h"
#include "crypto/signer.h"
#include "doc/load.h"
#include "net/tls.h"
#include "policy/load.h"

namespace gatehouse::app {
namespace {

class FileCheck {
 public:
  explicit FileCheck(Problems& problems) : problems_(problems) {}

  void descriptors(const policy::Settings& settings) {
    const auto bounds = connection_bounds(settings, descriptor_limit());
    if (!bounds) problems_.add(settings.listen.place, "listen: " + bounds.error().text);
  }

  // server_tls() reports a certificate that cannot be read.
  void names(const policy::Settings& settings) {
    const auto names = names_of(settings);
    if (!names) return;
    if (names->empty()) {
      problems_.add(settings.listen.place,
                    "listen: the certificate names no host, so every request would be refused; set "
                    "listen.names to the hosts of this server");
      return;
    }
    for (const policy::DocumentSettings& document : settings.openapi) {
      for (const policy::PlacedText& host : document.hosts) {
        if (names->serves(host.value)) continue;
        problems_.add(host.place,
                      fmt::format("openapi: this server does not serve the host {}: every request "
                                  "for it would be refused; add it to listen.names, which are "
                                  "those of the certificate if you name none",
                                  host.value));
      }
    }
  }

  void admin_tls(const policy::AdminAccess& access) {
    if (access.certificate.value.empty()) return;
    net::ServerTlsOptions options;
    const auto certificate = text_of(access.certificate, "listen.admin.tls.certificate");
    const auto key = text_of(access.private_key, "listen.admin.tls.private_key");
    const auto authorities = text_of(access.client_ca, "listen.admin.tls.client_ca");
    if (!certificate || !key) return;
    options.certificate_pem = *certificate;
    options.private_key_pem = Secret<std::string>(*key);
    if (authorities) {
      options.client_ca_pem = *authorities;
      options.client_certificates = net::ClientCertificates::require;
    }
    tried(net::ServerTls::make(options), access.certificate, "listen.admin.tls");
  }

  void server_tls(const policy::Tls& tls) {
    net::ServerTlsOptions options;
    const auto certificate = text_of(tls.certificate, "tls.certificate");
    const auto key = text_of(tls.private_key, "tls.private_key");
    const auto authorities = text_of(tls.client_ca, "tls.client_ca");
    if (!certificate || !key) return;
    options.certificate_pem = *certificate;
    options.private_key_pem = Secret<std::string>(*key);
    if (!tried(net::ServerTls::make(options), tls.certificate, "tls") || !authorities) return;
    options.client_ca_pem = *authorities;
    options.client_certificates = net::ClientCertificates::request;
    tried(net::ServerTls::make(options), tls.client_ca, "tls.client_ca");
  }

  // The lists are signed by the authorities, and a name is one principal's: several authorities could give it
  // to several.
  void client_certificates(const policy::Settings& settings) {
    const auto authorities = text_of(settings.tls.client_ca, "tls.client_ca");
    if (!authorities) return;
    if (const auto lists = text_of(settings.tls.client_crl, "tls.client_crl")) {
      const auto admins = text_of(settings.listen.admin_access.client_ca, "listen.admin.tls.client_ca");
      tried(crypto::RevocationLists::parse(*lists, *authorities + "\n" + admins.value_or("")),
            settings.tls.client_crl, "tls.client_crl");
    }
    const auto subjects = crypto::authority_subjects(*authorities);
    if (!subjects) return;
    for (const auto& [name, authenticator] : settings.authenticators) {
      if (const policy::MutualTlsSettings* const mutual_tls = authenticator.mutual_tls())
        issuers(authenticator, mutual_tls->issuers, *subjects);
    }
  }

  void issuers(const policy::Authenticator& authenticator, const std::vector<policy::PlacedText>& named,
               const std::vector<std::string>& subjects) {
    if (named.empty() && subjects.size() > 1) {
      problems_.add(
          authenticator.place,
          fmt::format("authenticators.{}: tls.client_ca holds {} authorities, and each could certify the "
                      "name of another's client; name the accepted authorities: `issuers: [\"{}\"]`",
                      authenticator.name, subjects.size(), fmt::join(subjects, "\", \"")));
    }
    for (const policy::PlacedText& one : named) {
      if (std::ranges::any_of(subjects,
                              [&](const auto& subject) { return crypto::is_same_name(subject, one.value); }))
        continue;
      problems_.add(one.place,
                    fmt::format("authenticators.{}.issuers: tls.client_ca holds no authority `{}`; it holds: "
                                "\"{}\"",
                                authenticator.name, one.value, fmt::join(subjects, "\", \"")));
    }
  }

  // The certificate that Gatehouse shows to an upstream.
  void client_identity(const policy::Upstream& upstream) {
    const std::string what = fmt::format("upstreams.{}", upstream.name);
    const auto certificate = text_of(upstream.certificate, what + ".certificate");
    const auto key = text_of(upstream.private_key, what + ".private_key");
    if (!certificate || !key) return;
    net::ClientTlsOptions options;
    options.certificate_pem = *certificate;
    options.private_key_pem = Secret<std::string>(*key);
    tried(net::ClientTls::make(options), upstream.certificate, what);
  }

  void fixed_answer(const policy::OperationSettings& operation, const std::string& directory) {
    if (operation.respond->from != policy::RespondSettings::From::file) return;
    const policy::PlacedText& body = operation.respond->body;
    (void)text_of({(std::filesystem::path(directory) / body.value).lexically_normal().string(), body.place},
                  fmt::format("operations.{}.respond.body", operation.name));
  }

  void fixed_fields(const policy::Upstream& upstream) {
    if (const auto fixed = fixed_fields_of(upstream); !fixed)
      problems_.add(upstream.place, fixed.error().text);
  }

  // The authorities for a peer's certificate.
  void authorities(const policy::PlacedText& file, const std::string& what) {
    const auto pem = text_of(file, what);
    if (!pem) return;
    net::ClientTlsOptions options;
    options.ca_pem = *pem;
    tried(net::ClientTls::make(options), file, what);
  }

  void token_keys(const policy::PlacedText& jwks, const std::string& what) {
    if (!jwks.value.starts_with("file:")) return;  // an issuer may be down while this is checked
    const policy::PlacedText file{jwks.value.substr(5), jwks.place};
    const auto text = text_of(file, what);
    if (!text) return;
    const auto keys = crypto::KeySet::parse(*text);
    if (!tried(keys, file, what) || !keys->keys().empty()) return;
    problems_.add(file.place, fmt::format("{}: {} holds no key that can verify a token", what, shown(file)));
  }

  // Of a file that Gatehouse makes where it is missing.
  void no_folder(const policy::PlacedText& file, const std::string& what) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(file.value, ignored)) return;
    problems_.add(file.place,
                  fmt::format("{}: {} is a folder; name a file in it, which is created if it is missing",
                              what, shown(file)));
  }

  void pepper(const policy::PlacedText& file) {
    auto text = text_of(file, "key_pepper");
    if (!text) return;
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    tried(crypto::KeyHasher::with_pepper(Secret<std::string>(*std::move(text))), file, "key_pepper");
  }

  void assertion_key(const policy::PlacedText& file) {
    if (const auto pem = text_of(file, "assertion_key"))
      tried(crypto::Signer::from_pem(*pem), file, "assertion_key");
  }

 private:
  static std::string shown(const policy::PlacedText& file) { return policy::shown_path(file.value); }

  // Nothing where the configuration names none, or with a problem.
  std::optional<std::string> text_of(const policy::PlacedText& file, const std::string& what) {
    if (file.value.empty()) return std::nullopt;
    auto text = doc::disk_files()(file.value);
    if (text) return *std::move(text);
    const std::string path = shown(file);
    problems_.add(file.place, fmt::format("{}: {}: {}{}", what, path, text.error().text,
                                          std::filesystem::path(path).is_absolute()
                                              ? ""
                                              : "; paths are relative to the configuration"));
    return std::nullopt;
  }

  template <typename T>
  bool tried(const Result<T>& made, const policy::PlacedText& file, const std::string& what) {
    if (!made) problems_.add(file.place, fmt::format("{}: {}: {}", what, shown(file), made.error().text));
    return made.has_value();
  }

  Problems& problems_;
};

}  // namespace

void check_files(const policy::Settings& settings, Problems& problems) {
  FileCheck check(problems);
  check.server_tls(settings.tls);
  check.client_certificates(settings);
  check.admin_tls(settings.listen.admin_access);
  check.descriptors(settings);
  check.names(settings);
  check.no_folder({settings.store, settings.store_place}, "store");
  for (const policy::LogSettings& log : settings.log) {
    const policy::PlacedText* const file = std::visit([](const auto& sink) { return sink.file(); }, log);
    if (file != nullptr) check.no_folder(*file, "log");
  }
  for (const auto& [name, upstream] : settings.upstreams) {
    check.authorities(upstream.ca, fmt::format("upstreams.{}.ca", name));
    check.client_identity(upstream);
    check.fixed_fields(upstream);
  }
  for (const auto& [name, authenticator] : settings.authenticators) {
    const policy::JwtSettings* const jwt = authenticator.jwt();
    if (jwt == nullptr) continue;
    check.token_keys(jwt->jwks, fmt::format("authenticators.{}.jwks", name));
    check.authorities(jwt->jwks_ca, fmt::format("authenticators.{}.jwks_ca", name));
  }
  for (const policy::OperationSettings& operation : settings.operations) {
    if (operation.respond) check.fixed_answer(operation, settings.directory);
  }
  check.pepper(settings.pepper_file);
  check.assertion_key(settings.assertion_key);
}

}  // namespace gatehouse::app
