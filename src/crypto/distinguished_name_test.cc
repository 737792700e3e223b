#include "crypto/distinguished_name.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "crypto/openssl.h"
#include "crypto/x509_text.h"

namespace gatehouse::crypto {
namespace {

using NamePointer = std::unique_ptr<X509_NAME, openssl::Free<X509_NAME_free>>;

struct NamePart {
  const char* type;
  int encoding;
  std::string value;
  int set = 0;  // -1: with the part before, which it makes multi-valued
};

NamePointer name_of(const std::vector<NamePart>& parts) {
  NamePointer name(X509_NAME_new());
  for (const NamePart& part : parts) {
    X509_NAME_add_entry_by_txt(name.get(), part.type, part.encoding,
                               reinterpret_cast<const unsigned char*>(part.value.data()),
                               static_cast<int>(part.value.size()), -1, part.set);
  }
  return name;
}

TEST(DistinguishedName, IsComparedAsOpenSslCompares) {
  std::vector<NamePointer> names;
  for (const std::string value : {"Test clients", "TEST Clients",  "Test  clients", " Test clients ",
                                  "Testclients",  "Test clients2", "a,b",           "A,B",
                                  "a\\,b",        "a+b",           "a=b",           "#61",
                                  " #61",         "# 61",          "\"a\"",         "<a>",
                                  "a;b",          "caf\xc3\xa9",   "CAF\xc3\xa9",   "CAF\xc3\x89",
                                  "\\",           "a\\",           "\\ ",           " \\"}) {
    for (const int encoding : {V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING}) {
      names.push_back(name_of({{"CN", encoding, value}}));
      names.push_back(name_of({{"O", encoding, value}}));
    }
    names.push_back(name_of({{"O", V_ASN1_UTF8STRING, "x"}, {"CN", V_ASN1_UTF8STRING, value}}));
    names.push_back(name_of({{"CN", V_ASN1_UTF8STRING, value}, {"O", V_ASN1_UTF8STRING, "X"}}));
    names.push_back(name_of({{"O", V_ASN1_UTF8STRING, "x"}, {"CN", V_ASN1_UTF8STRING, value, -1}}));
    names.push_back(name_of({{"CN", V_ASN1_UTF8STRING, value}, {"O", V_ASN1_UTF8STRING, "X", -1}}));
  }
  names.push_back(name_of({}));
  for (const NamePointer& one : names) {
    const std::string text = *text_of(one.get());
    EXPECT_EQ(canonical_name(canonical_name(text)), canonical_name(text));
    for (const NamePointer& other : names) {
      EXPECT_EQ(is_same_name(text, *text_of(other.get())), X509_NAME_cmp(one.get(), other.get()) == 0)
          << text << " / " << *text_of(other.get());
    }
  }
}

TEST(DistinguishedName, MayBeWrittenByHand) {
  EXPECT_TRUE(is_same_name("CN=Partners, O=Bank", "cn=PARTNERS,o=bank"));
  EXPECT_FALSE(is_same_name("CN=Partners\\, O=Bank", "CN=Partners,O=Bank"));
  for (const std::string broken : {"", "\\", "=", ",", "+", "CN", "CN=\\", "CN=a\\", ",,=+\\"}) {
    EXPECT_TRUE(is_same_name(broken, broken));
  }
}

}  // namespace
}  // namespace gatehouse::crypto
