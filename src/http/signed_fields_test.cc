#include "http/signed_fields.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace gatehouse::http {
namespace {

// The covered names, separated by spaces; or the error.
std::string covered(std::string_view lines, std::string_view target = "/x") {
  const std::string text =
      "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
  RequestParser parser;
  RequestHead head;
  EXPECT_EQ(parser.parse(text, head), Progress::complete) << text;
  const auto names = signed_fields(head);
  if (!names) return names.error() == SignatureFault::missing ? "missing" : "unreadable";
  std::string joined;
  for (const std::string& name : names->by_messages) joined += (joined.empty() ? "" : " ") + name;
  for (const std::string& name : names->by_aws) joined += (joined.empty() ? "aws:" : " aws:") + name;
  return joined;
}

const std::string kHex(64, 'a');
constexpr std::string_view kCredential = "AKID/20260101/eu-central-1/s3/aws4_request";
std::string aws(std::string_view names, std::string_view signature = kHex) {
  return "Credential=" + std::string(kCredential) + ", SignedHeaders=" + std::string(names) +
         ", Signature=" + std::string(signature);
}
std::string by_aws(std::string_view rest, std::string_view algorithm = "AWS4-HMAC-SHA256") {
  return covered("Authorization: " + std::string(algorithm) + " " + std::string(rest) + "\r\n");
}
std::string presigned(std::string_view names) {
  return "/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Feu%2Fs3%2Faws4_request"
         "&X-Amz-SignedHeaders=" +
         std::string(names) + "&X-Amz-Signature=" + kHex;
}

std::string with_input(std::string_view input) {
  // A signature for each label: before `=(`.
  std::string signatures;
  for (auto at = input.find("=("); at != std::string_view::npos; at = input.find("=(", at + 1)) {
    const auto begin = input.find_last_of(", ", at);
    const std::string_view label = input.substr(begin == std::string_view::npos ? 0 : begin + 1,
                                                at - (begin == std::string_view::npos ? 0 : begin + 1));
    signatures.append(signatures.empty() ? "" : ", ").append(label).append("=:AA==:");
  }
  return covered("Signature-Input: " + std::string(input) + "\r\nSignature: " + signatures + "\r\n");
}

TEST(SignedFields, OfHttpMessageSignatures) {
  // RFC 9421 sections 4.1 and B.2.
  EXPECT_EQ(
      with_input("sig1=(\"@method\" \"@target-uri\" \"@authority\" \"content-digest\" \"cache-control\");"
                 "created=1618884475;keyid=\"test-key-rsa-pss\""),
      "content-digest cache-control");
  EXPECT_EQ(with_input("sig-b21=();created=1618884473;keyid=\"k\";nonce=\"b3k2pp5k7z-50gnwp.yemd\""), "");
  EXPECT_EQ(with_input(
                "a=(\"date\" \"@query-param\";name=\"Pet\"), b=(\"x-own\";sf \"cookie\";key=\"a\" \"x\";bs)"),
            "date x-own cookie x");
  EXPECT_EQ(covered("Signature-Input: a=(\"date\")\r\nSignature: b=:AA==:, a=:AA==:\r\n"
                    "Signature-Input: b=(\"x\")\r\n"),
            "date x")
      << "two lines are one dictionary";
}

TEST(SignedFields, ThatCannotBeReadAreNone) {
  for (const char* input :
       {"", "sig1", "sig1=1", "sig1=(date)", "sig1=(\"Date\")", "sig1=(\"da te\")", "sig1=(\"\")",
        "sig1=(\"date\"", "sig1=(\"@status\")", "sig1=(\"@own\")", "sig1=(\"x\";tr)", "sig1=(\"date\";req)",
        "sig1=(\"@method\";req)", "a=(\"date\"), b=1", "=(\"date\")"})
    EXPECT_EQ(with_input(input), "unreadable") << input;
  EXPECT_EQ(with_input("a=(\"" + std::string(5000, 'x') + "\")"), "unreadable");
  EXPECT_EQ(covered("Signature-Input: a=(\"date\")\r\n"), "unreadable") << "without Signature";
  EXPECT_EQ(with_input("a=(),b=(),c=(),d=(),e=(),f=(),g=(),h=()"), "");
  EXPECT_EQ(with_input("a=(),b=(),c=(),d=(),e=(),f=(),g=(),h=(),i=()"), "unreadable");
  std::string many = "a";
  for (int i = 1; i < 128; ++i) many += ";a";
  EXPECT_EQ(by_aws(aws(many)).size(), 128 * 6 - 1U);
  EXPECT_EQ(by_aws(aws(many + ";a")), "unreadable");
  EXPECT_EQ(
      covered("Signature-Input: a=(\"date\")\r\nSignature: a=:AA==:\r\nAuthorization: AWS4-HMAC-SHA256 " +
              aws(many) + "\r\n"),
      "unreadable")
      << "of both kinds together";
  for (const char* input : {"a=(\"date\");keyid=\"\xC3\xA9\"", "a=(\"date\");\tkeyid=\"k\""})
    EXPECT_EQ(with_input(input), "unreadable") << input;
  EXPECT_EQ(covered("Signature: a=:AA==:\r\n"), "unreadable");
  for (const char* signature : {"", "a", "a=1", "a=\"x\"", "a=(:AA==:)", "a=:AA==:, b=x", "a=:A"})
    EXPECT_EQ(covered("Signature-Input: a=(\"date\")\r\nSignature: " + std::string(signature) + "\r\n"),
              "unreadable")
        << signature;
}

TEST(SignedFields, OfASignatureWithoutItsInputAreNone) {
  const auto labelled = [](std::string_view inputs, std::string_view signatures) {
    return covered("Signature-Input: " + std::string(inputs) + "\r\nSignature: " + std::string(signatures) +
                   "\r\n");
  };
  EXPECT_EQ(labelled("a=(\"date\"), b=(\"x\")", "b=:AA==:, a=:AA==:"), "date x");
  EXPECT_EQ(labelled("a=(\"date\"), b=(\"x\")", "a=:AA==:"), "unreadable");
  EXPECT_EQ(labelled("a=(\"date\")", "a=:AA==:, b=:AA==:"), "unreadable");
  EXPECT_EQ(labelled("a=(\"date\")", "c=:AA==:"), "unreadable");
  EXPECT_EQ(labelled("a=(\"date\"), b=(\"x\")", "a=:AA==:, c=:AA==:"), "unreadable");
}

TEST(SignedFields, OfAmazonsSignatures) {
  EXPECT_EQ(by_aws("Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                   "SignedHeaders=content-type;host;x-amz-date, Signature="
                   "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
            "aws:content-type aws:host aws:x-amz-date");
  EXPECT_EQ(by_aws("SignedHeaders=host,Signature=" + kHex + ",Credential=" + std::string(kCredential)),
            "aws:host");
  EXPECT_EQ(by_aws("Credential=AKID/20260101/s3/aws4_request, SignedHeaders=host, Signature=" +
                       std::string(142, '3'),
                   "AWS4-ECDSA-P256-SHA256"),
            "aws:host");
  EXPECT_EQ(covered("", presigned("host%3Bx-amz-acl")), "aws:host aws:x-amz-acl");
}

TEST(SignedFields, OfAmazonsSignaturesThatAreNotWholeAreNone) {
  for (const char* names :
       {"", ";host", "host;", "Host", "ho st", "host; x-amz-acl", "host;;date", "host\tx"})
    EXPECT_EQ(by_aws(aws(names)), "unreadable") << names;
  const std::string credential = "Credential=" + std::string(kCredential);
  const std::string signature = "Signature=" + kHex;
  for (const std::string& rest :
       {std::string(), credential + ", " + signature, "SignedHeaders=host, " + signature,
        credential + ", SignedHeaders=host", aws("host") + ", SignedHeaders=date",
        aws("host") + ", " + signature, aws("host") + ", Other=1", aws("host") + ",", "," + aws("host"),
        credential + " " + aws("host"),
        credential + " SignedHeaders=host, SignedHeaders=x-amz-acl, " + signature, aws("host", "0"),
        aws("host", std::string(64, 'A')), aws("host", kHex + "0"), aws("host", std::string(63, 'a') + "${"),
        "Credential=, " + aws("host"), "credential=a, SignedHeaders=host, " + signature})
    EXPECT_EQ(by_aws(rest), "unreadable") << rest;
  for (const char* key :
       {"a", "AKID/20260101/r/s3", "/20260101/r/s3/aws4_request", "AKID/2026/r/s3/aws4_request",
        "AKID/20260101//s3/aws4_request", "AKID/20260101/s3/aws4_request",
        "${jndi:x}/20260101/r/s3/aws4_request", "A\xC3\xA9/20260101/r/s3/aws4_request"})
    EXPECT_EQ(by_aws("Credential=" + std::string(key) + ", SignedHeaders=host, " + signature), "unreadable")
        << key;
  EXPECT_EQ(by_aws("Credential=" + std::string(300, 'A') +
                   "/20260101/r/s3/aws4_request, SignedHeaders=host, " + signature),
            "unreadable");
  for (const char* algorithm :
       {"AWS4-X", "AWS4-", "AWS4-${jndi:x}", "AWS4-hmac-sha256", "AWS4-ECDSA-P256-SHA256"})
    EXPECT_EQ(by_aws(aws("host"), algorithm), "unreadable") << algorithm;
  EXPECT_EQ(covered("Authorization: AWS4-HMAC-SHA256\r\n"), "unreadable");
  EXPECT_TRUE(is_aws_signature("AWS4-HMAC-SHA256 " + aws("host")));
  EXPECT_FALSE(is_aws_signature("AWS4-HMAC-SHA256 " + aws("host") + ", Token=x"));
  EXPECT_FALSE(is_aws_signature("AWS4-Bearer x, SignedHeaders=host"));
}

TEST(SignedFields, OfAQueryAreThoseOfAWholeSignature) {
  for (const char* target : {"/x?X-Amz-SignedHeaders=host", "/x?X%2DAmz%2DSignedHeaders=host",
                             "/x?X-Amz-SignedHeaders", "/x?x-amz-signedheaders=host", "/x?X-Amz-Signature=0"})
    EXPECT_EQ(covered("", target), "unreadable") << target;
  const std::string whole = presigned("host");
  for (const char* again :
       {"&X-Amz-SignedHeaders=date", "&x-amz-signature=0", "&X-Amz-Algorithm=", "&X%2DAmz-Credential=a"})
    EXPECT_EQ(covered("", whole + again), "unreadable") << again;
  EXPECT_EQ(covered("", whole + "&X-Amz-Expires=60"), "aws:host");
  EXPECT_EQ(covered("", presigned("Host")), "unreadable");
}

TEST(SignedFields, OfARequestWithoutASignatureAreMissing) {
  for (const char* lines :
       {"", "Authorization: Bearer x\r\n", "Authorization: aws4-hmac-sha256 SignedHeaders=host\r\n",
        "X-Amz-Date: 1\r\n", "Digest: x\r\n"})
    EXPECT_EQ(covered(lines), "missing") << lines;
  EXPECT_EQ(covered("", "/x?a=%41&signedHeaders=host"), "missing");
}

TEST(SignedFields, OfBothKindsAreApart) {
  const std::string authorization = "Authorization: AWS4-HMAC-SHA256 " + aws("host") + "\r\n";
  EXPECT_EQ(covered("Signature-Input: a=(\"x-amz-acl\")\r\nSignature: a=:AA==:\r\n" + authorization),
            "x-amz-acl aws:host");
  EXPECT_EQ(covered(authorization, presigned("x-amz-acl")), "unreadable") << "two of AWS";
}

}  // namespace
}  // namespace gatehouse::http
