#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include <gtest/gtest.h>

#include "core/identity.h"

namespace gatehouse::gate {

// Stands for the gate that alone makes principals.
class Identifier {
 public:
  static Principal principal(const Identity& acting, const Identity& beside, Handshake handshake) {
    return {finished(acting), {finished(beside)}, handshake};
  }
  static Identity of(PrincipalKind kind, std::string bound_to = {}) {
    Identity identity;
    identity.kind = kind;
    identity.bound_to = std::move(bound_to);
    return identity;
  }

 private:
  static IdentityPointer finished(const Identity& one) {
    return std::make_shared<const FinishedIdentity>(of(one.kind, one.bound_to));
  }
};

}  // namespace gatehouse::gate

namespace gatehouse {
namespace {

using namespace std::chrono_literals;
using gate::Identifier;

TEST(Principals, OfACertificateEndWithItsChain) {
  const WallTime end{1000h};
  const Handshake handshake{WallTime{1h}, end};
  const Identity key = Identifier::of(PrincipalKind::key);
  const Identity token = Identifier::of(PrincipalKind::token);
  const Identity certificate = Identifier::of(PrincipalKind::certificate);
  const Identity bound = Identifier::of(PrincipalKind::token, "the certificate's fingerprint");
  for (const auto& [acting, beside, ends] : {std::tuple{&certificate, &key, true},
                                             {&key, &certificate, true},
                                             {&bound, &key, true},
                                             {&key, &bound, true},
                                             {&key, &token, false}}) {
    const Principal principal = Identifier::principal(*acting, *beside, handshake);
    EXPECT_TRUE(principal.in_force(end - 1ns));
    const auto at_end = principal.in_force(end);
    ASSERT_EQ(at_end.has_value(), !ends);
    if (ends) {
      EXPECT_EQ(at_end.error().reason, Reason::credential_expired);
    }
  }
}

}  // namespace
}  // namespace gatehouse
