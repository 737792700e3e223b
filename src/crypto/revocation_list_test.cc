#include "crypto/revocation_list.h"

#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/certificate.h"
#include "crypto/openssl.h"

namespace gatehouse::crypto {
namespace {

using namespace std::chrono_literals;
using State = RevocationLists::State;

constexpr WallTime kListed{1'760'000'000s};

CertificateAuthority authority_named(std::string_view name) {
  return *CertificateAuthority::make(name, kListed, std::chrono::days(10));
}

// A list of that authority in which the serials (decimal) are taken back.
std::string list_of(const CertificateAuthority& authority, const std::vector<long>& serials,
                    std::chrono::seconds holds_for = 24h, int critical_extension = NID_undef) {
  const std::string pem = authority.certificate_pem();
  const std::string key_pem(authority.private_key_pem().reveal());
  const openssl::Bio certificate_bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const openssl::Bio key_bio(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const std::unique_ptr<X509, openssl::Free<X509_free>> certificate(
      PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  const std::unique_ptr<EVP_PKEY, openssl::Free<EVP_PKEY_free>> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  const std::unique_ptr<X509_CRL, openssl::Free<X509_CRL_free>> list(X509_CRL_new());
  X509_CRL_set_version(list.get(), 1);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate.get()));
  const std::time_t now =
      std::chrono::duration_cast<std::chrono::seconds>(kListed.time_since_epoch()).count();
  const std::unique_ptr<ASN1_TIME, openssl::Free<ASN1_TIME_free>> last(ASN1_TIME_set(nullptr, now));
  const std::unique_ptr<ASN1_TIME, openssl::Free<ASN1_TIME_free>> next(
      ASN1_TIME_set(nullptr, now + holds_for.count()));
  X509_CRL_set1_lastUpdate(list.get(), last.get());
  X509_CRL_set1_nextUpdate(list.get(), next.get());
  for (const long serial : serials) {
    X509_REVOKED* const entry = X509_REVOKED_new();
    const std::unique_ptr<ASN1_INTEGER, openssl::Free<ASN1_INTEGER_free>> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set(number.get(), serial);
    X509_REVOKED_set_serialNumber(entry, number.get());
    X509_REVOKED_set_revocationDate(entry, last.get());
    X509_CRL_add0_revoked(list.get(), entry);
  }
  if (critical_extension != NID_undef) {
    const std::unique_ptr<ASN1_INTEGER, openssl::Free<ASN1_INTEGER_free>> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set(number.get(), 1);
    X509_CRL_add1_ext_i2d(list.get(), critical_extension, number.get(), 1, 0);
  }
  X509_CRL_sort(list.get());
  X509_CRL_sign(list.get(), key.get(), EVP_sha256());
  const openssl::Bio out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_CRL(out.get(), list.get());
  return openssl::text_of(out.get());
}

TEST(RevocationLists, SayWhichSerialsAreTakenBack) {
  const auto authority = authority_named("Partners");
  const auto lists = RevocationLists::parse(list_of(authority, {7, 255, 4096}), authority.certificate_pem());
  ASSERT_TRUE(lists) << lists.error().text;
  for (const char* serial : {"7", "ff", "1000"}) {
    EXPECT_EQ(lists->state_of("CN=Partners", serial, kListed), State::revoked) << serial;
  }
  for (const char* serial : {"8", "f", "FF", "07", "0", ""}) {
    EXPECT_EQ(lists->state_of("CN=Partners", serial, kListed), State::good) << serial;
  }
}

TEST(RevocationLists, OfAnotherAuthoritySayNothing) {
  const auto authority = authority_named("Partners");
  const auto lists = RevocationLists::parse(list_of(authority, {7}), authority.certificate_pem());
  EXPECT_EQ(lists->state_of("CN=Others", "7", kListed), State::not_covered);
  EXPECT_EQ(lists->state_of("CN=Others", "8", kListed), State::not_covered);
  EXPECT_EQ(lists->state_of("", "8", kListed), State::not_covered);
}

TEST(RevocationLists, EndAtNextUpdateButWhatIsTakenBackStaysSo) {
  const auto authority = authority_named("Partners");
  const auto lists = RevocationLists::parse(list_of(authority, {7}, 1h), authority.certificate_pem());
  EXPECT_EQ(lists->state_of("CN=Partners", "8", kListed + 1h - 1s), State::good);
  EXPECT_EQ(lists->state_of("CN=Partners", "8", kListed + 1h), State::outdated);
  EXPECT_EQ(lists->state_of("CN=Partners", "7", kListed + 1h), State::revoked);
}

TEST(RevocationLists, MaySpeakOfSeveralAuthorities) {
  const auto partners = authority_named("Partners");
  const auto banks = authority_named("Banks");
  const auto lists = RevocationLists::parse(list_of(partners, {1}) + list_of(banks, {2}),
                                            partners.certificate_pem() + banks.certificate_pem());
  ASSERT_TRUE(lists) << lists.error().text;
  EXPECT_EQ(lists->state_of("CN=Partners", "2", kListed), State::good);
  EXPECT_EQ(lists->state_of("CN=Banks", "2", kListed), State::revoked);
}

TEST(RevocationLists, ThatProveNothingAreRefused) {
  const auto authority = authority_named("Partners");
  const auto impostor = authority_named("Partners");  // the same name, another key
  const std::string good = list_of(authority, {});
  const std::string authorities = authority.certificate_pem();
  std::string damaged = good;
  damaged[good.size() / 2] = damaged[good.size() / 2] == 'A' ? 'B' : 'A';
  for (const auto& [what, pem] : std::initializer_list<std::pair<const char*, std::string>>{
           {"nothing", ""},
           {"a certificate", authorities},
           {"another signature", list_of(impostor, {})},
           {"another authority", list_of(authority_named("Others"), {})},
           {"a list that is cut off", good.substr(0, good.size() / 2)},
           {"a good one and a damaged one", good + damaged},
           {"two of one authority", good + list_of(authority, {7})},
           {"a delta", list_of(authority, {}, 24h, NID_delta_crl)},
       }) {
    EXPECT_FALSE(RevocationLists::parse(pem, authorities)) << what;
  }
  EXPECT_EQ(ERR_peek_error(), 0U) << "nothing is left for the next TLS connection to stumble over";
}

TEST(Certificates, RootsAreTold) {
  const auto partners = authority_named("Partners");
  const auto banks = authority_named("Banks");
  const auto leaf = *partners.issue_client("leaf", {}, kListed, std::chrono::days(1));
  const auto roots = root_subjects(partners.certificate_pem() + leaf.certificate_pem +
                                   banks.certificate_pem() + partners.certificate_pem());
  ASSERT_TRUE(roots);
  EXPECT_THAT(*roots, ::testing::ElementsAre("CN=Banks", "CN=Partners"));
  EXPECT_EQ(parse_certificate_pem(leaf.certificate_pem)->issuer, "CN=Partners");
}

}  // namespace
}  // namespace gatehouse::crypto
