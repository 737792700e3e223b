#include "schema/uri.h"

#include <gtest/gtest.h>

namespace gatehouse::schema {
namespace {

// RFC 3986, section 5.4.
TEST(Uri, ReferencesResolveAsTheExamplesOfTheRfc) {
  const auto resolved = [](std::string_view reference) {
    return resolve_uri("http://a/b/c/d;p?q", reference);
  };
  EXPECT_EQ(resolved("g:h"), "g:h");
  EXPECT_EQ(resolved("g"), "http://a/b/c/g");
  EXPECT_EQ(resolved("./g"), "http://a/b/c/g");
  EXPECT_EQ(resolved("g/"), "http://a/b/c/g/");
  EXPECT_EQ(resolved("/g"), "http://a/g");
  EXPECT_EQ(resolved("//g"), "http://g");
  EXPECT_EQ(resolved("?y"), "http://a/b/c/d;p?y");
  EXPECT_EQ(resolved("g?y#s"), "http://a/b/c/g?y#s");
  EXPECT_EQ(resolved("#s"), "http://a/b/c/d;p?q#s");
  EXPECT_EQ(resolved(""), "http://a/b/c/d;p?q");
  EXPECT_EQ(resolved("."), "http://a/b/c/");
  EXPECT_EQ(resolved(".."), "http://a/b/");
  EXPECT_EQ(resolved("../.."), "http://a/");
  EXPECT_EQ(resolved("../../../g"), "http://a/g");
  EXPECT_EQ(resolved("/./g"), "http://a/g");
  EXPECT_EQ(resolved("/../g"), "http://a/g");
  EXPECT_EQ(resolved("g."), "http://a/b/c/g.");
  EXPECT_EQ(resolved("..g"), "http://a/b/c/..g");
  EXPECT_EQ(resolved("./g/."), "http://a/b/c/g/");
  EXPECT_EQ(resolved("g;x=1/../y"), "http://a/b/c/y");
  EXPECT_EQ(resolved("g?y/../x"), "http://a/b/c/g?y/../x");
  EXPECT_EQ(resolved("http:g"), "http:g");
  EXPECT_EQ(resolve_uri("urn:uuid:1", "#a"), "urn:uuid:1#a");
  EXPECT_EQ(resolve_uri("file:///a/b.yaml", "c.yaml#/d"), "file:///a/c.yaml#/d");
}

TEST(Uri, WhatIsNotAnEscapeIsLeftAlone) { EXPECT_EQ(percent_decoded("a%20b%7E%zz%4"), "a b~%zz%4"); }

}  // namespace
}  // namespace gatehouse::schema
