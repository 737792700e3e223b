#include "gate/standing.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gatehouse::gate {
namespace {

class KeyStanding final : public Standing {
 public:
  KeyStanding(std::shared_ptr<const KeyDirectory> directory, StoredKey key, std::uint64_t generation,
              std::string_view rule)
      : directory_(std::move(directory)), key_(std::move(key)), generation_(generation), rule_(rule) {}

  Verdict<void> in_force(WallTime now) const override {
    if (directory_->generation() == generation_) return key_in_force(key_, now, rule_);
    const std::shared_ptr<const KeySnapshot> snapshot = directory_->snapshot();
    const StoredKey* const key = snapshot->find(key_.id);
    if (key == nullptr) return refuse(Reason::credential_unknown, rule_);
    if (auto holds = key_in_force(*key, now, rule_); !holds) return holds;
    StoredKey as_then = *key;  // a rotation changes when it ends, and no more
    as_then.expires = key_.expires;
    as_then.overlap_ends = key_.overlap_ends;
    if (as_then != key_) return refuse(Reason::credential_revoked, rule_);
    return {};
  }

 private:
  std::shared_ptr<const KeyDirectory> directory_;
  StoredKey key_;
  std::uint64_t generation_;
  std::string_view rule_;
};

class TokenStanding final : public Standing {
 public:
  TokenStanding(std::shared_ptr<KeySource> source, std::uint64_t version, const crypto::VerifiedToken& token,
                std::string_view rule)
      : source_(std::move(source)),
        version_(version),
        thumbprint_(token.key_thumbprint()),
        expires_(token.expires()),
        rule_(rule) {}

  Verdict<void> in_force(WallTime now) const override {
    if (now >= expires_) return refuse(Reason::credential_expired, rule_);
    if (source_->version() == version_) return {};
    const std::shared_ptr<const crypto::KeySet> keys = source_->keys();
    if (!keys) return refuse(Reason::keys_unavailable, rule_);
    const bool there = std::ranges::any_of(
        keys->keys(), [&](const crypto::PublicKey& key) { return key.thumbprint() == thumbprint_; });
    if (!there) return refuse(Reason::credential_unknown, rule_);
    return {};
  }

 private:
  std::shared_ptr<KeySource> source_;
  std::uint64_t version_;
  std::string thumbprint_;
  WallTime expires_;
  std::string_view rule_;
};

class CertificateStanding final : public Standing {
 public:
  CertificateStanding(std::shared_ptr<RevocationSource> revocations, std::string_view issuer,
                      std::string_view serial, WallTime expires, std::string_view rule)
      : revocations_(std::move(revocations)),
        issuer_(issuer),
        serial_(serial),
        expires_(expires),
        rule_(rule) {}

  Verdict<void> in_force(WallTime now) const override {
    if (now >= expires_) return refuse(Reason::credential_expired, rule_);
    if (!revocations_) return {};
    const auto fault = revocation_fault(*revocations_->lists(), issuer_, serial_, now);
    if (fault) return refuse(fault->reason, rule_);
    return {};
  }

 private:
  std::shared_ptr<RevocationSource> revocations_;
  std::string issuer_, serial_;
  WallTime expires_;
  std::string_view rule_;
};

class BothStanding final : public Standing {
 public:
  BothStanding(std::shared_ptr<const Standing> one, std::shared_ptr<const Standing> other)
      : one_(std::move(one)), other_(std::move(other)) {}

  Verdict<void> in_force(WallTime now) const override {
    if (auto holds = one_->in_force(now); !holds) return holds;
    return other_->in_force(now);
  }

 private:
  std::shared_ptr<const Standing> one_, other_;
};

}  // namespace

Verdict<void> key_in_force(const StoredKey& key, WallTime now, std::string_view rule) {
  if (key.revoked || now >= key.overlap_ends) return refuse(Reason::credential_revoked, rule);
  if (now >= key.expires) return refuse(Reason::credential_expired, rule);
  return {};
}

std::shared_ptr<const Standing> standing_of_key(std::shared_ptr<const KeyDirectory> directory, StoredKey key,
                                                std::uint64_t generation, std::string_view rule) {
  return std::make_shared<const KeyStanding>(std::move(directory), std::move(key), generation, rule);
}

std::shared_ptr<const Standing> standing_of_token(std::shared_ptr<KeySource> source, std::uint64_t version,
                                                  const crypto::VerifiedToken& token, std::string_view rule) {
  return std::make_shared<const TokenStanding>(std::move(source), version, token, rule);
}

std::shared_ptr<const Standing> standing_of_certificate(std::shared_ptr<RevocationSource> revocations,
                                                        std::string_view issuer, std::string_view serial,
                                                        WallTime expires, std::string_view rule) {
  return std::make_shared<const CertificateStanding>(std::move(revocations), issuer, serial, expires, rule);
}

std::shared_ptr<const Standing> standing_of_both(std::shared_ptr<const Standing> one,
                                                 std::shared_ptr<const Standing> other) {
  return std::make_shared<const BothStanding>(std::move(one), std::move(other));
}

}  // namespace gatehouse::gate
