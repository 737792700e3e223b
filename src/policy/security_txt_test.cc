// The values of `security_txt` (RFC 9116 section 2.5).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "doc/source.h"
#include "policy/security_txt_reader.h"

namespace gatehouse::policy {
namespace {

struct ReadText {
  SecurityTxtSettings settings;
  std::string problems;
};

ReadText read_text(const std::string& inner) {
  Problems problems;
  ReadText read;
  const auto source = doc::parse("security_txt: {" + inner + "}", "g", problems);
  if (!source) return {{}, problems.text()};
  doc::Reader in(*source, source->root(), "", problems);
  read.settings = read_security_txt(*in.take("security_txt"));
  read.problems = problems.text();
  return read;
}

constexpr std::string_view kExpires = "expires: 2027-06-30T00:00:00Z";

TEST(SecurityTxt, IsReadWithAllThatTheRfcHas) {
  const ReadText read = read_text(
      "contact: [mailto:security@example.com, tel:+1-201-555-0123, https://example.com/report], "
      "expires: 2027-06-30T12:00:00+02:00, encryption: [https://example.com/key.txt, "
      "openpgp4fpr:5f2de5521c63a801ab59ccb603d49de44b29100f, "
      "\"dns:5d2d._openpgpkey.example.com?type=OPENPGPKEY\"], "
      "acknowledgments: https://example.com/thanks, preferred_languages: [en, pt-BR], "
      "canonical: https://example.com/.well-known/security.txt, policy: https://example.com/policy, "
      "hiring: https://example.com/jobs");
  EXPECT_EQ(read.problems, "");
  EXPECT_EQ(read.settings.contact.size(), 3U);
  EXPECT_EQ(read.settings.encryption.size(), 3U);
  EXPECT_EQ(read.settings.acknowledgments.size(), 1U);
  EXPECT_EQ(read.settings.preferred_languages, (std::vector<std::string>{"en", "pt-BR"}));
  EXPECT_EQ(read.settings.expires.value, "2027-06-30T12:00:00+02:00");
  EXPECT_EQ(read.settings.expires_at.time_since_epoch().count(), 1814349600);
}

TEST(SecurityTxt, NeedsAContactAndADate) {
  EXPECT_EQ(read_text(std::string(kExpires)).problems, "g:1:15: security_txt: `contact` is missing\n");
  EXPECT_EQ(read_text("contact: tel:1").problems, "g:1:15: security_txt: `expires` is missing\n");
  EXPECT_EQ(read_text("contact: [], " + std::string(kExpires)).problems,
            "g:1:25: security_txt.contact: is empty; name the address for reports of vulnerabilities, such "
            "as mailto:security@example.com\n");
  for (const std::string_view date : {"2027-06-30", "soon", "2027-06-30T00:00:00", "2027-02-30T00:00:00Z"})
    EXPECT_EQ(read_text(fmt::format("contact: tel:1, expires: {}", date)).problems,
              "g:1:41: security_txt.expires: must be a date and time of RFC 3339, such as "
              "2027-06-30T00:00:00Z\n")
        << date;
}

TEST(SecurityTxt, TakesNoContactOfAnotherScheme) {
  EXPECT_EQ(
      read_text("contact: security@example.com, " + std::string(kExpires)).problems,
      "g:1:25: security_txt.contact: `security@example.com` is not a URI of https, mailto, tel; write it "
      "as mailto:security@example.com\n");
  for (const std::string_view contact :
       {"http://example.com", "https://", "mailto:", "javascript:alert(1)", "example.com"})
    EXPECT_EQ(
        read_text(fmt::format("contact: \"{}\", {}", contact, kExpires)).problems,
        fmt::format("g:1:25: security_txt.contact: `{}` is not a URI of https, mailto, tel\n", contact));
  EXPECT_EQ(read_text("contact: tel:1, policy: mailto:a@b, " + std::string(kExpires)).problems,
            "g:1:40: security_txt.policy: `mailto:a@b` is not a URI of https\n");
}

// A line break or a space in a value would begin a field that the operator did not write.
TEST(SecurityTxt, HasNoValueThatWouldBeTwoLines) {
  for (const std::string_view value :
       {"mailto:a@b\\nContact: tel:1", "mailto:a b", "mailto:a\\rb", "mailto:\\u00fc@b"})
    EXPECT_NE(read_text(fmt::format("contact: \"{}\", {}", value, kExpires)).problems, "") << value;
  for (const std::string_view tag : {"en us", "", "-en", "en-", "abcdefghi", "en\\nHiring: x", "d\\u00e9"})
    EXPECT_NE(
        read_text(fmt::format("contact: tel:1, preferred_languages: [\"{}\"], {}", tag, kExpires)).problems,
        "")
        << tag;
}

TEST(SecurityTxt, HasNoOtherKeys) {
  EXPECT_EQ(read_text("contact: tel:1, expire: x, " + std::string(kExpires)).problems,
            "g:1:32: security_txt: there is no key `expire` here; did you mean `expires`?\n");
}

}  // namespace
}  // namespace gatehouse::policy
