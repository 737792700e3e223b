#include "gate/scheme_basic.h"

#include <optional>
#include <utility>
#include <variant>

#include "base/encoding.h"
#include "base/secret.h"

namespace gatehouse::gate {
namespace {

struct UserAndPassword {
  Secret<std::string> text;
  std::size_t colon = 0;

  std::string_view user() const { return text.reveal().substr(0, colon); }
  std::string_view password() const { return text.reveal().substr(colon + 1); }
};

// A principal may have colons in its name, and a key has none: the last one parts them.
std::optional<UserAndPassword> decode(std::string_view credential) {
  auto text = from_base64(credential);
  if (!text) return std::nullopt;
  const auto colon = text->rfind(':');
  Secret<std::string> secret(*std::move(text));
  if (colon == std::string::npos) return std::nullopt;
  return UserAndPassword{std::move(secret), colon};
}

}  // namespace

BasicScheme::BasicScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
                         std::shared_ptr<KeyDirectory> directory,
                         std::shared_ptr<const crypto::KeyHasher> hasher)
    : authenticator_(authenticator), keys_(policy, authenticator, std::move(directory), std::move(hasher)) {}

bool BasicScheme::owns(std::string_view credential) const {
  const auto pair = decode(credential);
  return pair && keys_.owns(pair->password());
}

Verdict<SchemeResult> BasicScheme::identify(const Presented& presented, std::string& why) {
  const auto pair = decode(presented.credential);
  if (!pair) return refuse(Reason::credential_malformed, authenticator_.name);
  Presented key = presented;
  key.credential = pair->password();
  auto said = keys_.identify(key, why);
  if (!said) return said;
  const auto* const identity = std::get_if<IdentityPointer>(&*said);
  if (identity != nullptr && (pair->user() == (*identity)->id || pair->user() == (*identity)->credential_id))
    return said;
  why = "the user is neither the key's principal nor its id";
  return refuse(Reason::credential_unknown, authenticator_.name);
}

}  // namespace gatehouse::gate
