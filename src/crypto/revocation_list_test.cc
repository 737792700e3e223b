#include "crypto/revocation_list.h"

#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

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

std::unique_ptr<X509, openssl::Free<X509_free>> certificate_of(const CertificateAuthority& authority) {
  const std::string pem = authority.certificate_pem();
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return std::unique_ptr<X509, openssl::Free<X509_free>>(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

std::unique_ptr<EVP_PKEY, openssl::Free<EVP_PKEY_free>> key_of(const CertificateAuthority& authority) {
  const std::string pem(authority.private_key_pem().reveal());
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return std::unique_ptr<EVP_PKEY, openssl::Free<EVP_PKEY_free>>(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

// An authority that another has certified under this serial number.
CertificateAuthority authority_below(const CertificateAuthority& above, std::string_view name, long serial) {
  const CertificateAuthority own = authority_named(name);
  const auto certificate = certificate_of(own);
  const auto issuer = certificate_of(above);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_sign(certificate.get(), key_of(above).get(), EVP_sha256());
  const openssl::Bio out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate.get());
  return *CertificateAuthority::from_pem(openssl::text_of(out.get()), own.private_key_pem().reveal());
}

// A list of that authority in which the serials (decimal) are taken back.
std::string list_of(const CertificateAuthority& authority, const std::vector<long>& serials,
                    std::chrono::seconds holds_for = 24h, int critical_extension = NID_undef) {
  const auto certificate = certificate_of(authority);
  const auto key = key_of(authority);
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

TEST(RevocationLists, EndAtNextUpdateButRevokedCertificatesStayRevoked) {
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

TEST(RevocationLists, SpeakOfEveryAuthorityUpToTheRoot) {
  const auto root = authority_named("Root");
  const auto middle = authority_below(root, "Middle", 5);
  const auto lowest = authority_below(middle, "Lowest", 6);
  const std::string authorities =
      root.certificate_pem() + middle.certificate_pem() + lowest.certificate_pem();
  const auto states = [&](const std::vector<long>& by_root, const std::vector<long>& by_middle,
                          WallTime now = kListed) {
    const auto lists = RevocationLists::parse(
        list_of(root, by_root, 1h) + list_of(middle, by_middle) + list_of(lowest, {9}), authorities);
    if (!lists) throw std::runtime_error(lists.error().text);
    return std::vector{lists->state_of("CN=Lowest", "8", now), lists->state_of("CN=Middle", "8", now),
                       lists->state_of("CN=Root", "8", now)};
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(states({}, {}), ElementsAre(State::good, State::good, State::good));
  EXPECT_THAT(states({}, {6}), ElementsAre(State::revoked, State::good, State::good));
  EXPECT_THAT(states({5}, {}), ElementsAre(State::revoked, State::revoked, State::good));
  EXPECT_THAT(states({6}, {5}), ElementsAre(State::good, State::good, State::good)) << "of others";
  EXPECT_THAT(states({}, {}, kListed + 2h), ElementsAre(State::outdated, State::outdated, State::outdated));
}

TEST(RevocationLists, AreThereForEveryAuthorityByItsKey) {
  const auto root = authority_named("Root");
  const auto middle = authority_below(root, "Middle", 5);
  const std::string authorities = root.certificate_pem() + middle.certificate_pem();
  EXPECT_FALSE(RevocationLists::parse(list_of(middle, {}), authorities)) << "whether it counts is not known";
  EXPECT_FALSE(RevocationLists::parse(list_of(root, {}), authorities));
  EXPECT_TRUE(RevocationLists::parse(list_of(root, {}) + list_of(middle, {}), authorities));

  const auto namesake = authority_below(root, "Middle", 6);  // the same name, another key
  const std::string both = authorities + namesake.certificate_pem();
  EXPECT_FALSE(RevocationLists::parse(list_of(root, {}) + list_of(middle, {}), both));
  const auto lists =
      RevocationLists::parse(list_of(root, {}) + list_of(middle, {}) + list_of(namesake, {7}), both);
  ASSERT_TRUE(lists) << lists.error().text;
  EXPECT_EQ(lists->state_of("CN=Middle", "7", kListed), State::revoked);

  const std::string twice =
      root.certificate_pem() + root.certificate_pem();  // a certificate that was renewed
  EXPECT_TRUE(RevocationLists::parse(list_of(root, {}), twice));
}

// An authority writes the name of the one above as that one did when it signed, such as before a renewal.
TEST(RevocationLists, SpeakOfAnAuthorityHoweverItsNameIsWritten) {
  const auto root = authority_named("Test root");
  for (const std::string_view written : {"TEST Root", "Test  root", " Test root "}) {
    const auto old_certificate = certificate_of(root);
    const std::unique_ptr<X509_NAME, openssl::Free<X509_NAME_free>> name(X509_NAME_new());
    X509_NAME_add_entry_by_txt(name.get(), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(written.data()),
                               static_cast<int>(written.size()), -1, 0);
    X509_set_subject_name(old_certificate.get(), name.get());
    X509_set_issuer_name(old_certificate.get(), name.get());
    X509_sign(old_certificate.get(), key_of(root).get(), EVP_sha256());
    const openssl::Bio out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), old_certificate.get());
    const auto old_root =
        *CertificateAuthority::from_pem(openssl::text_of(out.get()), root.private_key_pem().reveal());
    const auto branch = authority_below(old_root, "Branch", 5);
    const auto leaf = *old_root.issue_client("leaf", {}, kListed, std::chrono::days(1));
    const std::string issuer = parse_certificate_pem(leaf.certificate_pem)->issuer;
    ASSERT_NE(issuer, "CN=Test root");
    const auto lists = RevocationLists::parse(list_of(root, {5}, 1h) + list_of(branch, {}),
                                              root.certificate_pem() + branch.certificate_pem());
    ASSERT_TRUE(lists) << lists.error().text;
    EXPECT_EQ(lists->state_of("CN=Branch", "1", kListed), State::revoked);
    EXPECT_EQ(lists->state_of("CN=BRANCH", "1", kListed), State::revoked);
    EXPECT_EQ(lists->state_of(issuer, "5", kListed), State::revoked);
    EXPECT_EQ(lists->state_of(issuer, "6", kListed), State::good);
    EXPECT_EQ(lists->state_of(issuer, "6", kListed + 2h), State::outdated);
    EXPECT_EQ(lists->state_of("CN=Testroot", "6", kListed), State::not_covered);
    const auto subjects = authority_subjects(root.certificate_pem() + old_root.certificate_pem());
    EXPECT_EQ(subjects->size(), 1U);
  }
}

TEST(RevocationLists, OfAuthoritiesThatCertifyEachOtherComeToAnEnd) {
  const auto first = authority_named("First");
  const auto second = authority_below(first, "Second", 5);
  const auto again = authority_below(second, "First", 6);
  const auto lists =
      RevocationLists::parse(list_of(first, {}) + list_of(second, {6}) + list_of(again, {}),
                             first.certificate_pem() + second.certificate_pem() + again.certificate_pem());
  ASSERT_TRUE(lists) << lists.error().text;
  EXPECT_EQ(lists->state_of("CN=Second", "1", kListed), State::revoked)
      << "it may hang on the one taken back";
}

TEST(Certificates, AuthoritiesAreReported) {
  const auto partners = authority_named("Partners");
  const auto banks = authority_named("Banks");
  const auto below = authority_below(banks, "Branch", 5);
  const auto leaf = *partners.issue_client("leaf", {}, kListed, std::chrono::days(1));
  const auto subjects =
      authority_subjects(partners.certificate_pem() + leaf.certificate_pem + below.certificate_pem() +
                         banks.certificate_pem() + partners.certificate_pem());
  ASSERT_TRUE(subjects);
  EXPECT_THAT(*subjects, ::testing::ElementsAre("CN=Banks", "CN=Branch", "CN=Partners"));
  EXPECT_EQ(parse_certificate_pem(leaf.certificate_pem)->issuer, "CN=Partners");
}

}  // namespace
}  // namespace gatehouse::crypto
