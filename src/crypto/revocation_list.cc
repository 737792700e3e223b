#include "crypto/revocation_list.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

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

bool is_signed_by(X509_CRL* list, X509* authority) {
  return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(authority)) == 0 &&
         X509_CRL_verify(list, X509_get0_pubkey(authority)) == 1;
}

}  // namespace

Result<RevocationLists> RevocationLists::parse(std::string_view pem, std::string_view authorities_pem) {
  static std::atomic<std::uint64_t> generations{0};
  const openssl::ErrorQueueGuard guard;
  std::vector<CertificatePtr> authorities;
  const openssl::Bio certificates = reading(authorities_pem);
  while (X509* one = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)) {
    authorities.emplace_back(one);
  }
  if (!at_end()) return failure(ErrorCode::invalid, "an authority's certificate is malformed");

  RevocationLists result;
  result.generation_ = ++generations;
  const openssl::Bio lists = reading(pem);
  while (const CrlPtr list{PEM_read_bio_X509_CRL(lists.get(), nullptr, nullptr, nullptr)}) {
    GATEHOUSE_TRY(std::string issuer, text_of(X509_CRL_get_issuer(list.get())));
    const bool known = std::ranges::any_of(authorities, [&](const CertificatePtr& authority) {
      return is_signed_by(list.get(), authority.get());
    });
    if (!known) {
      return failure(ErrorCode::invalid,
                     fmt::format("the list of `{}` is not signed by one of the authorities", issuer));
    }
    if (X509_CRL_get_ext_by_critical(list.get(), 1, -1) >= 0) {
      return failure(ErrorCode::invalid,
                     fmt::format("the list of `{}` has a critical extension: write a whole list", issuer));
    }
    List read;
    if (const ASN1_TIME* next = X509_CRL_get0_nextUpdate(list.get())) {
      GATEHOUSE_TRY(read.next_update, wall_time(next));
    }
    STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(list.get());
    for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
      GATEHOUSE_TRY(std::string serial,
                    text_of(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i))));
      read.serials.insert(std::move(serial));
    }
    if (!result.lists_.emplace(issuer, std::move(read)).second) {
      return failure(ErrorCode::invalid, fmt::format("there are two lists of `{}`; keep the newer", issuer));
    }
  }
  if (!at_end()) return failure(ErrorCode::invalid, "a revocation list is malformed");
  if (result.lists_.empty())
    return failure(ErrorCode::invalid, "there is no revocation list (PEM, X509 CRL)");
  return result;
}

RevocationLists::State RevocationLists::state_of(std::string_view issuer, std::string_view serial,
                                                 WallTime now) const {
  const auto list = lists_.find(issuer);
  if (list == lists_.end()) return State::not_covered;
  // A certificate that is taken back stays so, however old the list.
  if (list->second.serials.contains(serial)) return State::revoked;
  return now >= list->second.next_update ? State::outdated : State::good;
}

}  // namespace gatehouse::crypto
