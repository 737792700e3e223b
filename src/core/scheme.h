// The port to authentication schemes. One instance for each authenticator and worker, used on its thread
// only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"
#include "core/identity.h"
#include "core/verdict.h"
#include "net/task.h"

namespace gatehouse {

// A credential as it arrived, taken from where the OpenAPI document says it travels.
struct Presented {
  std::string_view credential;  // without `Bearer `; the certificate's DER for mutual TLS
  IpAddress client;
  WallTime now{};
  MonotonicTime deadline{};                     // a scheme that has to wait waits no longer
  std::string_view certificate{};               // DER of the client's, verified by the handshake; empty: none
  WallTime certificate_ends = WallTime::max();  // or an authority of its chain
};

// The result of a scheme that waited. `why` is for operators.
struct Waited {
  Verdict<IdentityPointer> identity;
  std::string why;
};

// The identity, or a task that gives it later: an issuer's keys are being fetched, or the issuer is asked.
// The task borrows the presented credential, and need not be started.
using SchemeResult = std::variant<IdentityPointer, net::Task<Waited>>;

class Scheme {
 public:
  virtual ~Scheme() = default;
  // The identity, or a refusal: a credential that is presented and bad refuses, even where another would do.
  // "Not mine" is decided before: nothing stood in the scheme's place. `why` is for operators.
  virtual Verdict<SchemeResult> identify(const Presented& presented, std::string& why) = 0;
  // Whether the credential is one of this scheme's, good or bad. Asked only where several schemes share a
  // place.
  virtual bool owns(std::string_view credential) const = 0;
};

}  // namespace gatehouse
