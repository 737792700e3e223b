#include "crypto/certificate.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/encoding.h"
#include "crypto/distinguished_name.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"
#include "crypto/x509_text.h"

namespace gatehouse::crypto {
namespace {

using openssl::must;
using X509Ptr = std::unique_ptr<X509, openssl::Free<X509_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, openssl::Free<GENERAL_NAMES_free>>;
using GeneralName = std::unique_ptr<GENERAL_NAME, openssl::Free<GENERAL_NAME_free>>;
using OctetString = std::unique_ptr<ASN1_OCTET_STRING, openssl::Free<ASN1_OCTET_STRING_free>>;

std::unexpected<Error> invalid_certificate(std::string why) {
  return failure(ErrorCode::invalid, std::move(why));
}

// ---- Reading ----

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string_view view(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

Result<std::string> utf8(const ASN1_STRING* text) {
  unsigned char* data = nullptr;
  const int size = ASN1_STRING_to_UTF8(&data, text);
  if (size < 0) return invalid_certificate("a name in the certificate is not text");
  std::string result(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  if (has_control(result)) return invalid_certificate("a name in the certificate holds control characters");
  return result;
}

Result<> read_subject(X509* certificate, PeerCertificate& into) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  std::size_t common_names = 0;
  for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
    GATEHOUSE_TRY(std::string value, utf8(X509_NAME_ENTRY_get_data(entry)));
    if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != NID_commonName) continue;
    into.common_name = ++common_names == 1 ? std::move(value) : std::string();
  }
  GATEHOUSE_TRY(into.subject, text_of(subject));
  return {};
}

Result<> read_issuer(X509* certificate, PeerCertificate& into) {
  const X509_NAME* issuer = X509_get_issuer_name(certificate);
  for (int i = 0; i < X509_NAME_entry_count(issuer); ++i) {
    GATEHOUSE_CHECK(utf8(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(issuer, i))));
  }
  GATEHOUSE_TRY(into.issuer, text_of(issuer));
  return {};
}

Result<> read_address(const ASN1_OCTET_STRING* octets, PeerCertificate& into) {
  const std::string_view bytes = view(octets);
  if (bytes.size() == 4) {
    std::array<std::uint8_t, 4> raw{};
    std::copy(bytes.begin(), bytes.end(), raw.begin());
    into.addresses.push_back(IpAddress::v4(raw));
  } else if (bytes.size() == 16) {
    std::array<std::uint8_t, 16> raw{};
    std::copy(bytes.begin(), bytes.end(), raw.begin());
    into.addresses.push_back(IpAddress::v6(raw));
  } else {
    return invalid_certificate("an address in the certificate has neither 4 nor 16 bytes");
  }
  return {};
}

Result<> read_alternative_names(X509* certificate, PeerCertificate& into) {
  int found = 0;
  const GeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &found, nullptr)));
  if (!names) {
    if (found == -1) return {};  // not present
    return invalid_certificate("the certificate's subjectAltName is malformed or present twice");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int kind = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
    if (kind == GEN_IPADD) {
      GATEHOUSE_CHECK(read_address(static_cast<const ASN1_OCTET_STRING*>(value), into));
      continue;
    }
    if (kind != GEN_DNS && kind != GEN_URI && kind != GEN_EMAIL) continue;
    const std::string_view text = view(static_cast<const ASN1_STRING*>(value));
    if (!is_printable_ascii(text))
      return invalid_certificate("a name in the certificate is not printable ASCII");
    (kind == GEN_DNS ? into.dns_names : kind == GEN_URI ? into.uris : into.emails).emplace_back(text);
  }
  return {};
}

Result<PeerCertificate> read(X509* certificate, std::string_view der) {
  PeerCertificate result;
  GATEHOUSE_CHECK(read_subject(certificate, result));
  GATEHOUSE_CHECK(read_alternative_names(certificate, result));
  GATEHOUSE_CHECK(read_issuer(certificate, result));
  GATEHOUSE_TRY(result.serial, text_of(X509_get0_serialNumber(certificate)));
  GATEHOUSE_TRY(result.not_before, wall_time(X509_get0_notBefore(certificate)));
  GATEHOUSE_TRY(result.not_after, wall_time(X509_get0_notAfter(certificate)));
  result.fingerprint = hex(sha256(der));
  return result;
}

// ---- Issuing ----

constexpr std::chrono::minutes kBackdate{5};  // for clocks that are behind

EVP_PKEY* new_key() { return must(EVP_EC_gen("prime256v1")); }

std::string pem_of(X509* certificate) {
  const openssl::Bio bio(must(BIO_new(BIO_s_mem())));
  must(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return openssl::text_of(bio.get());
}

Secret<std::string> pem_of(EVP_PKEY* key) {
  const openssl::Bio bio(must(BIO_new(BIO_s_secmem())));
  must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return Secret<std::string>(openssl::text_of(bio.get()));
}

void set_time(ASN1_TIME* field, WallTime time) {
  must(ASN1_TIME_set(field, std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()));
}

// RFC 5280 section 4.1.2.2: positive, and 126 unpredictable bits.
void set_random_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  must(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3fU) | 0x40U);
  const openssl::Bignum number = openssl::from_big_endian(bytes.data(), bytes.size());
  must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)));
}

Result<> set_common_name(X509* certificate, std::string_view name) {
  if (name.empty() || has_control(name))
    return invalid_certificate("a common name is empty or holds control characters");
  X509_NAME* subject = X509_get_subject_name(certificate);
  if (X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, openssl::bytes(name),
                                 static_cast<int>(name.size()), -1, 0) != 1) {
    return invalid_certificate("a common name is not UTF-8, or longer than 64 characters");
  }
  return {};
}

enum class Critical : std::uint8_t { no, yes };
void add_extension(X509* certificate, int nid, void* value, Critical critical) {
  must(X509_add1_ext_i2d(certificate, nid, value, critical == Critical::yes ? 1 : 0, X509V3_ADD_DEFAULT) ==
       1);
}

// RFC 7093 section 2, method 1: the first 160 bits of the SHA-256 of the public key.
OctetString key_identifier(X509* certificate) {
  const Digest256 digest = sha256(view(X509_get0_pubkey_bitstr(certificate)));
  OctetString result(must(ASN1_OCTET_STRING_new()));
  must(ASN1_OCTET_STRING_set(result.get(), digest.data(), 20) == 1);
  return result;
}

void add_key_usage(X509* certificate, std::initializer_list<int> bits) {
  const std::unique_ptr<ASN1_BIT_STRING, openssl::Free<ASN1_BIT_STRING_free>> usage(
      must(ASN1_BIT_STRING_new()));
  for (const int bit : bits) must(ASN1_BIT_STRING_set_bit(usage.get(), bit, 1) == 1);
  add_extension(certificate, NID_key_usage, usage.get(), Critical::yes);
}
constexpr int kDigitalSignature = 0;  // RFC 5280 section 4.2.1.3
constexpr int kKeyCertSign = 5;
constexpr int kCrlSign = 6;

enum class MayIssue : std::uint8_t { no, yes };
void add_basic_constraints(X509* certificate, MayIssue may_issue) {
  const std::unique_ptr<BASIC_CONSTRAINTS, openssl::Free<BASIC_CONSTRAINTS_free>> constraints(
      must(BASIC_CONSTRAINTS_new()));
  if (may_issue == MayIssue::yes) {
    constraints->ca = 1;
    constraints->pathlen = must(ASN1_INTEGER_new());
    must(ASN1_INTEGER_set(constraints->pathlen, 0) == 1);
  }
  add_extension(certificate, NID_basic_constraints, constraints.get(), Critical::yes);
}

void add_name(GENERAL_NAMES* names, int kind, std::string_view bytes) {
  GeneralName name(must(GENERAL_NAME_new()));
  ASN1_STRING* value = must(kind == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new());
  must(ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) == 1);
  GENERAL_NAME_set0_value(name.get(), kind, value);
  must(sk_GENERAL_NAME_push(names, name.get()) > 0);
  name.release();  // NOLINT: owned by `names` now
}

// A certificate of version 3 with the parts that all certificates here have: key, serial, dates.
X509Ptr new_certificate(EVP_PKEY* key, WallTime now, std::chrono::days validity) {
  X509Ptr certificate(must(X509_new()));
  must(X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
       X509_set_pubkey(certificate.get(), key) == 1);
  set_random_serial(certificate.get());
  set_time(X509_getm_notBefore(certificate.get()), now - kBackdate);
  set_time(X509_getm_notAfter(certificate.get()), now + validity);
  return certificate;
}

}  // namespace

Result<PeerCertificate> parse_certificate(std::string_view der) {
  const openssl::ErrorQueueGuard guard;
  const unsigned char* start = openssl::bytes(der);
  const X509Ptr certificate(d2i_X509(nullptr, &start, static_cast<long>(der.size())));
  if (!certificate || start != openssl::bytes(der) + der.size())
    return invalid_certificate("not a certificate in DER");
  return read(certificate.get(), der);
}

Result<std::vector<std::string>> authority_subjects(std::string_view pem) {
  const openssl::ErrorQueueGuard guard;
  const openssl::Bio bio(must(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
  std::vector<std::string> subjects;
  while (const X509Ptr one{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    if (X509_check_ca(one.get()) == 0) continue;  // its names are its holder's alone
    GATEHOUSE_TRY(std::string subject, text_of(X509_get_subject_name(one.get())));
    subjects.push_back(std::move(subject));
  }
  std::ranges::sort(subjects);
  std::vector<std::string> each;
  for (std::string& subject : subjects) {
    if (std::ranges::none_of(each, [&](const std::string& one) { return is_same_name(one, subject); }))
      each.push_back(std::move(subject));
  }
  return each;
}

Result<PeerCertificate> parse_certificate_pem(std::string_view pem) {
  const openssl::ErrorQueueGuard guard;
  const openssl::Bio bio(must(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
  const X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) return invalid_certificate("not a certificate in PEM");
  unsigned char* data = nullptr;
  const int size = i2d_X509(certificate.get(), &data);
  must(size > 0);
  const std::string der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return read(certificate.get(), der);
}

void CertificateAuthority::FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }
void CertificateAuthority::FreeCertificate::operator()(x509_st* certificate) const { X509_free(certificate); }

Result<CertificateAuthority> CertificateAuthority::make(std::string_view common_name, WallTime now,
                                                        std::chrono::days validity) {
  const openssl::ErrorQueueGuard guard;
  CertificateAuthority authority;
  authority.key_.reset(new_key());
  X509Ptr certificate = new_certificate(authority.key_.get(), now, validity);
  GATEHOUSE_CHECK(set_common_name(certificate.get(), common_name));
  must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1);
  add_basic_constraints(certificate.get(), MayIssue::yes);
  add_key_usage(certificate.get(), {kKeyCertSign, kCrlSign});
  const OctetString identifier = key_identifier(certificate.get());
  add_extension(certificate.get(), NID_subject_key_identifier, identifier.get(), Critical::no);
  must(X509_sign(certificate.get(), authority.key_.get(), EVP_sha256()) > 0);
  authority.certificate_.reset(certificate.release());
  return authority;
}

Result<CertificateAuthority> CertificateAuthority::from_pem(std::string_view certificate,
                                                            std::string_view private_key) {
  const openssl::ErrorQueueGuard guard;
  CertificateAuthority authority;
  const openssl::Bio certificate_bio(
      must(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()))));
  authority.certificate_.reset(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  if (!authority.certificate_) return invalid_certificate("not a certificate in PEM");
  const openssl::Bio key_bio(must(BIO_new_mem_buf(private_key.data(), static_cast<int>(private_key.size()))));
  constexpr auto kNoPassword = [](char*, int, int, void*) { return -1; };
  authority.key_.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, kNoPassword, nullptr));
  if (!authority.key_) return invalid_certificate("not an unencrypted private key in PEM");
  if (X509_check_private_key(authority.certificate_.get(), authority.key_.get()) != 1) {
    return invalid_certificate("the private key does not belong to the certificate");
  }
  if (X509_check_ca(authority.certificate_.get()) != 1)
    return invalid_certificate("the certificate is not an authority's");
  return authority;
}

std::string CertificateAuthority::certificate_pem() const { return pem_of(certificate_.get()); }
Secret<std::string> CertificateAuthority::private_key_pem() const { return pem_of(key_.get()); }

Result<IssuedCertificate> CertificateAuthority::issue(const Order& order) const {
  const openssl::ErrorQueueGuard guard;
  const std::unique_ptr<EVP_PKEY, openssl::Free<EVP_PKEY_free>> key(new_key());
  const X509Ptr certificate = new_certificate(key.get(), order.now, order.validity);
  if (ASN1_TIME_compare(X509_get0_notAfter(certificate.get()), X509_get0_notAfter(certificate_.get())) > 0) {
    must(X509_set1_notAfter(certificate.get(), X509_get0_notAfter(certificate_.get())) == 1);
  }
  if (!order.common_name.empty()) {
    GATEHOUSE_CHECK(set_common_name(certificate.get(), order.common_name));
  }
  must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get())) == 1);
  add_basic_constraints(certificate.get(), MayIssue::no);
  add_key_usage(certificate.get(), {kDigitalSignature});

  const std::unique_ptr<EXTENDED_KEY_USAGE, openssl::Free<EXTENDED_KEY_USAGE_free>> purpose(
      must(EXTENDED_KEY_USAGE_new()));
  must(sk_ASN1_OBJECT_push(purpose.get(), OBJ_nid2obj(order.purpose_nid)) > 0);
  add_extension(certificate.get(), NID_ext_key_usage, purpose.get(), Critical::no);

  const OctetString identifier = key_identifier(certificate.get());
  add_extension(certificate.get(), NID_subject_key_identifier, identifier.get(), Critical::no);
  const std::unique_ptr<AUTHORITY_KEYID, openssl::Free<AUTHORITY_KEYID_free>> issuer(
      must(AUTHORITY_KEYID_new()));
  if (const ASN1_OCTET_STRING* known = X509_get0_subject_key_id(certificate_.get())) {
    issuer->keyid = must(ASN1_OCTET_STRING_dup(known));
  } else {
    issuer->keyid = key_identifier(certificate_.get()).release();
  }
  add_extension(certificate.get(), NID_authority_key_identifier, issuer.get(), Critical::no);

  const GeneralNames names(must(sk_GENERAL_NAME_new_null()));
  for (const std::string_view name : order.dns_names) {
    if (name.empty() || !is_printable_ascii(name))
      return invalid_certificate("a server's name is not printable ASCII");
    add_name(names.get(), GEN_DNS, name);
  }
  for (const IpAddress& address : order.addresses) {
    add_name(names.get(), GEN_IPADD,
             as_text(address.bytes()).substr(0, address.family() == IpAddress::Family::v4 ? 4 : 16));
  }
  if (!order.uri.empty()) {
    if (!is_printable_ascii(order.uri)) return invalid_certificate("a URI is not printable ASCII");
    add_name(names.get(), GEN_URI, order.uri);
  }
  if (sk_GENERAL_NAME_num(names.get()) > 0) {
    // RFC 5280 section 4.2.1.6: without a subject, these name it.
    add_extension(certificate.get(), NID_subject_alt_name, names.get(),
                  order.common_name.empty() ? Critical::yes : Critical::no);
  }
  must(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
  return IssuedCertificate{pem_of(certificate.get()), pem_of(key.get())};
}

Result<IssuedCertificate> CertificateAuthority::issue_server(std::span<const std::string> names,
                                                             std::span<const IpAddress> addresses,
                                                             WallTime now, std::chrono::days validity) const {
  if (names.empty() && addresses.empty())
    return invalid_certificate("a server's certificate needs a name or an address");
  const std::string common_name = names.empty() ? addresses[0].text() : names[0];
  // A name that does not fit is left out: clients read the alternative names only (RFC 9110 section 4.3.4).
  const bool fits = common_name.size() <= ub_common_name;
  return issue({NID_server_auth,
                fits ? std::string_view(common_name) : std::string_view(),
                names,
                addresses,
                {},
                now,
                validity});
}

Result<IssuedCertificate> CertificateAuthority::issue_client(std::string_view common_name,
                                                             std::string_view uri, WallTime now,
                                                             std::chrono::days validity) const {
  if (common_name.empty()) return invalid_certificate("a client's certificate needs a common name");
  return issue({NID_client_auth, common_name, {}, {}, uri, now, validity});
}

}  // namespace gatehouse::crypto
