#include "well_known/security_txt.h"

#include <gtest/gtest.h>

namespace gatehouse::well_known {
namespace {

TEST(SecurityTxtFile, HasALineForEachThingThatIsSaid) {
  policy::SecurityTxtSettings settings;
  settings.contact = {"mailto:security@example.com", "tel:+1-201-555-0123"};
  settings.expires.value = "2027-06-30T00:00:00Z";
  EXPECT_EQ(security_txt(settings),
            "Contact: mailto:security@example.com\nContact: tel:+1-201-555-0123\n"
            "Expires: 2027-06-30T00:00:00Z\n");
  settings.encryption = {"https://example.com/key.txt"};
  settings.acknowledgments = {"https://example.com/thanks"};
  settings.preferred_languages = {"en", "de"};
  settings.canonical = {"https://a.example/.well-known/security.txt",
                        "https://b.example/.well-known/security.txt"};
  settings.policy = {"https://example.com/policy"};
  settings.hiring = {"https://example.com/jobs"};
  EXPECT_EQ(security_txt(settings),
            "Contact: mailto:security@example.com\nContact: tel:+1-201-555-0123\n"
            "Expires: 2027-06-30T00:00:00Z\nEncryption: https://example.com/key.txt\n"
            "Acknowledgments: https://example.com/thanks\nPreferred-Languages: en, de\n"
            "Canonical: https://a.example/.well-known/security.txt\n"
            "Canonical: https://b.example/.well-known/security.txt\n"
            "Policy: https://example.com/policy\nHiring: https://example.com/jobs\n");
}

}  // namespace
}  // namespace gatehouse::well_known
