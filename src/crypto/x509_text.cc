#include "crypto/x509_text.h"

#include <algorithm>
#include <ctime>

#include <openssl/asn1.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace gatehouse::crypto {

Result<std::string> text_of(const X509_NAME* name) {
  const openssl::Bio bio(openssl::must(BIO_new(BIO_s_mem())));
  constexpr unsigned long kRfc4514 = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (X509_NAME_print_ex(bio.get(), name, 0, kRfc4514) < 0) {
    return failure(ErrorCode::invalid, "a name in the certificate cannot be written");
  }
  return openssl::text_of(bio.get());
}

Result<std::string> text_of(const ASN1_INTEGER* serial) {
  const openssl::Bignum number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (!number || BN_is_negative(number.get()) == 1) {
    return failure(ErrorCode::invalid, "the serial number of a certificate is malformed");
  }
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  std::string text = hex(as_bytes(bytes));
  text.erase(0, text.find_first_not_of('0'));
  return text.empty() ? "0" : text;
}

Result<WallTime> wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return failure(ErrorCode::invalid, "a date in the certificate is malformed");
  }
  constexpr std::time_t kLast = 9'000'000'000;
  return WallTime{std::chrono::seconds{std::clamp<std::time_t>(timegm(&parts), 0, kLast)}};
}

}  // namespace gatehouse::crypto
