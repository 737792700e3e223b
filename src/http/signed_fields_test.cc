#include "http/signed_fields.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace gatehouse::http {
namespace {

// What the signatures cover, parted by spaces; or what is wrong.
std::string covered(std::string_view lines, std::string_view target = "/x") {
  const std::string text =
      "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
  RequestParser parser;
  RequestHead head;
  EXPECT_EQ(parser.parse(text, head), Progress::complete) << text;
  const auto names = signed_fields(head);
  if (!names) return names.error() == SignatureFault::missing ? "missing" : "unreadable";
  std::string joined;
  for (const std::string& name : *names) joined += (joined.empty() ? "" : " ") + name;
  return joined;
}

std::string with_input(std::string_view input) {
  return covered("Signature-Input: " + std::string(input) + "\r\nSignature: sig1=:AA==:\r\n");
}

TEST(SignedFields, OfHttpMessageSignatures) {
  // RFC 9421 sections 4.1 and B.2.
  EXPECT_EQ(with_input("sig1=(\"@method\" \"@target-uri\" \"@authority\" \"content-digest\" \"cache-control\");"
                       "created=1618884475;keyid=\"test-key-rsa-pss\""),
            "content-digest cache-control");
  EXPECT_EQ(with_input("sig-b21=();created=1618884473;keyid=\"k\";nonce=\"b3k2pp5k7z-50gnwp.yemd\""), "");
  EXPECT_EQ(with_input("a=(\"date\" \"@query-param\";name=\"Pet\"), b=(\"x-own\";sf \"cookie\";key=\"a\" \"x\";bs)"),
            "date x-own cookie x");
  EXPECT_EQ(covered("Signature-Input: a=(\"date\")\r\nSignature: a=:AA==:\r\nSignature-Input: b=(\"x\")\r\n"),
            "date x")
      << "two lines are one dictionary";
}

TEST(SignedFields, ThatCannotBeReadAreNone) {
  for (const char* input :
       {"", "sig1", "sig1=1", "sig1=(date)", "sig1=(\"Date\")", "sig1=(\"da te\")", "sig1=(\"\")", "sig1=(\"date\"",
        "sig1=(\"@status\")", "sig1=(\"@own\")", "sig1=(\"x\";tr)", "sig1=(\"date\";req)", "sig1=(\"@method\";req)",
        "a=(\"date\"), b=1", "=(\"date\")"})
    EXPECT_EQ(with_input(input), "unreadable") << input;
  EXPECT_EQ(with_input("a=(\"" + std::string(5000, 'x') + "\")"), "unreadable");
  EXPECT_EQ(covered("Signature-Input: a=(\"date\")\r\n"), "unreadable") << "without Signature";
  EXPECT_EQ(with_input("a=(),b=(),c=(),d=(),e=(),f=(),g=(),h=()"), "");
  EXPECT_EQ(with_input("a=(),b=(),c=(),d=(),e=(),f=(),g=(),h=(),i=()"), "unreadable");
  std::string many = "SignedHeaders=a";
  for (int i = 1; i < 128; ++i) many += ";a";
  EXPECT_EQ(covered("Authorization: AWS4-X " + many + "\r\n").size(), 255U);
  EXPECT_EQ(covered("Authorization: AWS4-X " + many + ";a\r\n"), "unreadable");
  EXPECT_EQ(covered("Signature: a=:AA==:\r\n"), "unreadable");
  for (const char* signature : {"", "a", "a=1", "a=\"x\"", "a=(:AA==:)", "a=:AA==:, b=x", "a=:A"})
    EXPECT_EQ(covered("Signature-Input: a=(\"date\")\r\nSignature: " + std::string(signature) + "\r\n"), "unreadable")
        << signature;
}

TEST(SignedFields, OfAmazonsSignatures) {
  const auto by = [](std::string_view rest) {
    return covered("Authorization: AWS4-HMAC-SHA256 " + std::string(rest) + "\r\n");
  };
  EXPECT_EQ(by("Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
               "SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6"),
            "content-type host x-amz-date");
  EXPECT_EQ(by("Credential=a,SignedHeaders=host,Signature=0"), "host");
  for (const char* rest : {"", "Credential=a, Signature=0", "SignedHeaders=", "SignedHeaders=;host", "SignedHeaders=host;",
                           "SignedHeaders=Host", "SignedHeaders=ho st", "SignedHeaders=host, SignedHeaders=date"})
    EXPECT_EQ(by(rest), "unreadable") << rest;
  EXPECT_EQ(covered("", "/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host%3Bx-amz-acl&X-Amz-Signature=0"),
            "host x-amz-acl");
  EXPECT_EQ(covered("", "/x?X%2DAmz%2DSignedHeaders=host"), "host");
  EXPECT_EQ(covered("", "/x?X-Amz-SignedHeaders=host&X-Amz-SignedHeaders=date"), "unreadable");
  EXPECT_EQ(covered("", "/x?X-Amz-SignedHeaders"), "unreadable");
}

TEST(SignedFields, OfARequestWithoutASignatureAreMissing) {
  for (const char* lines : {"", "Authorization: Bearer x\r\n", "Authorization: aws4-hmac-sha256 SignedHeaders=host\r\n",
                            "X-Amz-Date: 1\r\n", "Digest: x\r\n"})
    EXPECT_EQ(covered(lines), "missing") << lines;
  EXPECT_EQ(covered("", "/x?a=%41&signedHeaders=host"), "missing");
}

TEST(SignedFields, OfBothKindsCountTogether) {
  EXPECT_EQ(covered("Signature-Input: a=(\"date\")\r\nSignature: a=:AA==:\r\n"
                    "Authorization: AWS4-HMAC-SHA256 SignedHeaders=host\r\n"),
            "date host");
}

}  // namespace
}  // namespace gatehouse::http
