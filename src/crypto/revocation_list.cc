#include "crypto/revocation_list.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/distinguished_name.h"
#include "crypto/openssl.h"
#include "crypto/x509_text.h"

namespace gatehouse::crypto {
namespace {

using CertificatePtr = std::unique_ptr<X509, openssl::Free<X509_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, openssl::Free<X509_CRL_free>>;

openssl::Bio reading(std::string_view pem) {
  return openssl::Bio(openssl::must(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
}

// Whether the last PEM object was the last one, and none was malformed.
bool at_end() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

struct AuthorityCertificate {
  CertificatePtr certificate;
  std::string subject, issuer;  // canonical names
  std::string written_subject, serial;
  bool listed = false;  // by a list that its key has signed
};

Result<std::vector<AuthorityCertificate>> read_authorities(std::string_view pem) {
  std::vector<AuthorityCertificate> all;
  const openssl::Bio bio = reading(pem);
  while (X509* const one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    AuthorityCertificate& authority = all.emplace_back(CertificatePtr(one));
    GATEHOUSE_TRY(authority.written_subject, text_of(X509_get_subject_name(one)));
    GATEHOUSE_TRY(const std::string issuer, text_of(X509_get_issuer_name(one)));
    authority.subject = canonical_name(authority.written_subject);
    authority.issuer = canonical_name(issuer);
    GATEHOUSE_TRY(authority.serial, text_of(X509_get0_serialNumber(one)));
  }
  if (!at_end()) return failure(ErrorCode::invalid, "an authority's certificate is malformed");
  return all;
}

bool is_signed_by(X509_CRL* list, X509* authority) {
  return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(authority)) == 0 &&
         X509_CRL_verify(list, X509_get0_pubkey(authority)) == 1;
}

}  // namespace

class RevocationLists::Reader {
 public:
  explicit Reader(std::vector<AuthorityCertificate> authorities) : certificates_(std::move(authorities)) {
    for (const AuthorityCertificate& one : certificates_) {
      lists_.authorities_.try_emplace(one.subject, std::make_shared<Authority>());
    }
  }

  Result<> add(X509_CRL* list) {
    GATEHOUSE_TRY(const std::string issuer, text_of(X509_CRL_get_issuer(list)));
    Authority* by = nullptr;
    for (AuthorityCertificate& one : certificates_) {  // one key may have several certificates
      if (!is_signed_by(list, one.certificate.get())) continue;
      if (one.listed)
        return failure(ErrorCode::invalid,
                       fmt::format("there are two lists of `{}`; keep the newer", issuer));
      one.listed = true;
      by = lists_.authorities_.find(one.subject)->second.get();
    }
    if (by == nullptr) {
      return failure(ErrorCode::invalid,
                     fmt::format("the list of `{}` is not signed by one of the authorities", issuer));
    }
    if (X509_CRL_get_ext_by_critical(list, 1, -1) >= 0) {
      return failure(
          ErrorCode::invalid,
          fmt::format(
              "the list of `{}` has a critical extension, which is not supported: use a complete list",
              issuer));
    }
    if (const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list)) {
      GATEHOUSE_TRY(const WallTime until, wall_time(next));
      by->next_update = std::min(by->next_update, until);
    }
    STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(list);
    for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
      GATEHOUSE_TRY(std::string serial,
                    text_of(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i))));
      by->serials.insert(std::move(serial));
    }
    return {};
  }

  Result<RevocationLists> finish() {
    for (const AuthorityCertificate& one : certificates_) {
      if (one.listed) continue;
      return failure(
          ErrorCode::invalid,
          fmt::format(
              "there is no list of `{}`, which is one of the authorities: add one, which may be empty",
              one.written_subject));
    }
    for (auto& [name, authority] : lists_.authorities_) {
      TextSet seen;
      climb(name, *authority, seen);
    }
    for (const AuthorityCertificate& one : certificates_) {
      lists_.authorities_.try_emplace(one.written_subject, lists_.authorities_.find(one.subject)->second);
    }
    return std::move(lists_);
  }

 private:
  // Adds to `of` the lists of the authorities of this name and of those above them.
  void climb(const std::string& name, Authority& of, TextSet& seen) const {
    const auto here = lists_.authorities_.find(name);
    if (here == lists_.authorities_.end() || !seen.insert(name).second) return;
    of.all_updated = std::min(of.all_updated, here->second->next_update);
    for (const AuthorityCertificate& one : certificates_) {
      if (one.subject != name) continue;
      const auto above = lists_.authorities_.find(one.issuer);
      if (above == lists_.authorities_.end()) continue;  // no chain leads over it
      if (above->second->serials.contains(one.serial)) of.taken_back = true;
      climb(one.issuer, of, seen);
    }
  }

  std::vector<AuthorityCertificate> certificates_;
  RevocationLists lists_;
};

Result<RevocationLists> RevocationLists::parse(std::string_view pem, std::string_view authorities_pem) {
  static std::atomic<std::uint64_t> generations{0};
  const openssl::ErrorQueueGuard guard;
  GATEHOUSE_TRY(auto authorities, read_authorities(authorities_pem));
  Reader reader(std::move(authorities));
  const openssl::Bio lists = reading(pem);
  std::size_t count = 0;
  while (const CrlPtr list{PEM_read_bio_X509_CRL(lists.get(), nullptr, nullptr, nullptr)}) {
    GATEHOUSE_CHECK(reader.add(list.get()));
    ++count;
  }
  if (!at_end()) return failure(ErrorCode::invalid, "a revocation list is malformed");
  if (count == 0) return failure(ErrorCode::invalid, "there is no revocation list (PEM, X509 CRL)");
  GATEHOUSE_TRY(RevocationLists result, reader.finish());
  result.generation_ = ++generations;
  return result;
}

RevocationLists::State RevocationLists::state_of(std::string_view issuer, std::string_view serial,
                                                 WallTime now) const {
  auto found = authorities_.find(issuer);
  if (found == authorities_.end()) found = authorities_.find(canonical_name(issuer));
  if (found == authorities_.end()) return State::not_covered;
  const Authority& authority = *found->second;
  // A certificate that is taken back stays so, however old the list.
  if (authority.taken_back || authority.serials.contains(serial)) return State::revoked;
  return now >= authority.all_updated ? State::outdated : State::good;
}

}  // namespace gatehouse::crypto
