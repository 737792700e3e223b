#include "crypto/certificate.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/encoding.h"
#include "crypto/openssl.h"

namespace gatehouse::crypto {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using X509Ptr = std::unique_ptr<X509, openssl::Free<X509_free>>;

constexpr WallTime kIssuedAt{1'760'000'000s};
constexpr std::chrono::days kYear{365};

X509Ptr read(const std::string& pem) {
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

std::string der_of(X509* certificate) {
  unsigned char* data = nullptr;
  const int size = i2d_X509(certificate, &data);
  std::string der(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return der;
}

// The result of a TLS library's check of the chain: X509_V_OK or the reason.
int chain_fault(const std::string& authority, const std::string& leaf, int purpose, WallTime at) {
  const std::unique_ptr<X509_STORE, openssl::Free<X509_STORE_free>> store(X509_STORE_new());
  const X509Ptr root = read(authority);
  X509_STORE_add_cert(store.get(), root.get());
  const std::unique_ptr<X509_STORE_CTX, openssl::Free<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  const X509Ptr certificate = read(leaf);
  X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters,
                             std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_verify_cert(context.get());
  const int fault = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return fault;
}

TEST(Certificate, AServersCertificateHoldsInAStrictChain) {
  const auto authority = CertificateAuthority::make("Demo CA", kIssuedAt, kYear);
  ASSERT_TRUE(authority);
  const std::string names[] = {"localhost", "api.example.com"};
  const IpAddress addresses[] = {*IpAddress::parse("127.0.0.1"), *IpAddress::parse("::1")};
  const auto server = authority->issue_server(names, addresses, kIssuedAt, kYear);
  ASSERT_TRUE(server) << server.error().text;
  const std::string root = authority->certificate_pem();
  EXPECT_EQ(chain_fault(root, server->certificate_pem, X509_PURPOSE_SSL_SERVER, kIssuedAt), X509_V_OK);
  EXPECT_EQ(chain_fault(root, server->certificate_pem, X509_PURPOSE_SSL_CLIENT, kIssuedAt),
            X509_V_ERR_INVALID_PURPOSE);
  EXPECT_EQ(chain_fault(root, server->certificate_pem, X509_PURPOSE_SSL_SERVER, kIssuedAt + 366 * 24h),
            X509_V_ERR_CERT_HAS_EXPIRED);
  const X509Ptr certificate = read(server->certificate_pem);
  EXPECT_EQ(X509_check_host(certificate.get(), "api.example.com", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(certificate.get(), "evil.example.com", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "::1", 0), 1);
}

TEST(Certificate, AServersNameThatIsTooLongForACommonNameStillHolds) {
  const auto authority = CertificateAuthority::make("Demo CA", kIssuedAt, kYear);
  const std::string names[] = {std::string(50, 'a') + "." + std::string(50, 'b') + ".example"};
  const auto server = authority->issue_server(names, {}, kIssuedAt, kYear);
  ASSERT_TRUE(server) << server.error().text;
  EXPECT_EQ(
      chain_fault(authority->certificate_pem(), server->certificate_pem, X509_PURPOSE_SSL_SERVER, kIssuedAt),
      X509_V_OK);
  EXPECT_EQ(parse_certificate_pem(server->certificate_pem)->subject, "");
}

TEST(Certificate, AClientsCertificateIsReadBack) {
  const auto authority = CertificateAuthority::make("Partners", kIssuedAt, kYear);
  const auto client = authority->issue_client("orders, \"big\"", "spiffe://example/orders", kIssuedAt, kYear);
  ASSERT_TRUE(client) << client.error().text;
  EXPECT_EQ(
      chain_fault(authority->certificate_pem(), client->certificate_pem, X509_PURPOSE_SSL_CLIENT, kIssuedAt),
      X509_V_OK);
  EXPECT_EQ(
      chain_fault(authority->certificate_pem(), client->certificate_pem, X509_PURPOSE_SSL_SERVER, kIssuedAt),
      X509_V_ERR_INVALID_PURPOSE);
  const auto peer = parse_certificate_pem(client->certificate_pem);
  ASSERT_TRUE(peer) << peer.error().text;
  EXPECT_EQ(peer->common_name, "orders, \"big\"");
  EXPECT_EQ(peer->subject, R"(CN=orders\, \"big\")");
  EXPECT_THAT(peer->uris, ElementsAre("spiffe://example/orders"));
  EXPECT_THAT(peer->dns_names, IsEmpty());
  EXPECT_EQ(peer->serial.size(), 32U);
  EXPECT_EQ(peer->fingerprint.size(), 64U);
  EXPECT_EQ(peer->not_before, kIssuedAt - 5min);
  EXPECT_EQ(peer->not_after, kIssuedAt + kYear);
  const auto der = parse_certificate(der_of(read(client->certificate_pem).get()));
  ASSERT_TRUE(der);
  EXPECT_EQ(der->fingerprint, peer->fingerprint);
}

TEST(Certificate, NamesCannotSmuggleInOthers) {
  const auto authority = CertificateAuthority::make("Demo CA", kIssuedAt, kYear);
  const std::string comma[] = {"a.example,DNS:evil.example"};
  const auto server = authority->issue_server(comma, {}, kIssuedAt, kYear);
  ASSERT_TRUE(server);
  EXPECT_THAT(parse_certificate_pem(server->certificate_pem)->dns_names, ElementsAre(comma[0]));
  const std::string zero[] = {std::string("a.example\0.evil", 15)};
  EXPECT_FALSE(authority->issue_server(zero, {}, kIssuedAt, kYear));
  EXPECT_FALSE(authority->issue_client(std::string("orders\0admin", 12), "", kIssuedAt, kYear));
  EXPECT_FALSE(authority->issue_client("", "", kIssuedAt, kYear));
  EXPECT_FALSE(authority->issue_server({}, {}, kIssuedAt, kYear));
}

// A certificate that no honest authority would sign, with these entries in its subject and one name.
std::string strange(std::initializer_list<std::string_view> common_names, std::string_view dns) {
  const std::unique_ptr<EVP_PKEY, openssl::Free<EVP_PKEY_free>> key(EVP_EC_gen("prime256v1"));
  const X509Ptr certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_set_pubkey(certificate.get(), key.get());
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), 0);
  ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), "99991231235959Z");
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  for (const std::string_view name : common_names) {
    X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING, openssl::bytes(name),
                               static_cast<int>(name.size()), -1, 0);
  }
  if (!dns.empty()) {
    const std::unique_ptr<GENERAL_NAMES, openssl::Free<GENERAL_NAMES_free>> names(sk_GENERAL_NAME_new_null());
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, dns.data(), static_cast<int>(dns.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, value);
    sk_GENERAL_NAME_push(names.get(), name);
    X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT);
  }
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  return der_of(certificate.get());
}

TEST(Certificate, NamesWithControlCharactersAreRefused) {
  ASSERT_TRUE(parse_certificate(strange({"orders"}, "a.example")));
  EXPECT_FALSE(parse_certificate(strange({std::string_view("orders\0admin", 12)}, "")));
  EXPECT_FALSE(parse_certificate(strange({"orders\nadmin"}, "")));
  EXPECT_FALSE(parse_certificate(strange({"\xff\xfe"}, ""))) << "not UTF-8";
  EXPECT_FALSE(parse_certificate(strange({"orders"}, std::string_view("a.example\0.evil", 15))));
  EXPECT_FALSE(parse_certificate(strange({"orders"}, "a.example evil")));
}

TEST(Certificate, TwoCommonNamesAreNone) {
  const auto peer = parse_certificate(strange({"orders", "admin"}, ""));
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->common_name, "");
  EXPECT_EQ(peer->subject, "CN=admin,CN=orders");
  const auto three = parse_certificate(strange({"orders", "admin", "root"}, ""));
  EXPECT_EQ(three->common_name, "");
}

TEST(Certificate, AnEndInTheYear9999DoesNotOverflow) {
  const auto peer = parse_certificate(strange({"orders"}, ""));
  ASSERT_TRUE(peer);
  EXPECT_GT(peer->not_after, kIssuedAt);
  EXPECT_EQ(peer->serial, "1");
}

TEST(Certificate, OtherTextsThanOneCertificateAreRefused) {
  const std::string good = strange({"orders"}, "");
  EXPECT_FALSE(parse_certificate(""));
  EXPECT_FALSE(parse_certificate(good + '\0'));
  EXPECT_FALSE(parse_certificate(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(parse_certificate_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Certificate, AnAuthorityIsReadBackAndTakesNoOtherKey) {
  const auto authority = CertificateAuthority::make("Demo CA", kIssuedAt, kYear);
  const auto other = CertificateAuthority::make("Other CA", kIssuedAt, kYear);
  const auto again =
      CertificateAuthority::from_pem(authority->certificate_pem(), authority->private_key_pem().reveal());
  ASSERT_TRUE(again) << again.error().text;
  const auto client = again->issue_client("orders", "", kIssuedAt, 2 * kYear);
  EXPECT_EQ(
      chain_fault(authority->certificate_pem(), client->certificate_pem, X509_PURPOSE_SSL_CLIENT, kIssuedAt),
      X509_V_OK);
  EXPECT_EQ(parse_certificate_pem(client->certificate_pem)->not_after, kIssuedAt + kYear)
      << "not longer than the authority";
  EXPECT_NE(
      chain_fault(other->certificate_pem(), client->certificate_pem, X509_PURPOSE_SSL_CLIENT, kIssuedAt),
      X509_V_OK);
  EXPECT_FALSE(
      CertificateAuthority::from_pem(authority->certificate_pem(), other->private_key_pem().reveal()));
  EXPECT_FALSE(CertificateAuthority::from_pem(client->certificate_pem, client->private_key_pem.reveal()))
      << "a client is no authority";
}

}  // namespace
}  // namespace gatehouse::crypto
