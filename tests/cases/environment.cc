#include "environment.h"

#include <fstream>
#include <stdexcept>

#include <fmt/format.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "app/assembly.h"
#include "base/encoding.h"
#include "crypto/certificate.h"
#include "crypto/hash.h"
#include "crypto/signer.h"
#include "doc/load.h"
#include "gates.h"
#include "json/parser.h"
#include "json/writer.h"
#include "net/finish.h"
#include "policy/load.h"
#include "store/key_service.h"
#include "store/key_store.h"

namespace gatehouse::cases {
namespace {

const crypto::Signer& the(crypto::KeyType type, int which) {
  static std::map<int, crypto::Signer> all;
  const auto found = all.find(which);
  if (found != all.end()) return found->second;
  auto fresh = crypto::Signer::generate(type);
  if (!fresh) throw std::runtime_error(fresh.error().text);
  return all.emplace(which, *std::move(fresh)).first->second;
}

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

// The members of `usual`, those of `own` in their place; null takes a member out. Times are relative: "+10m",
// "-2m".
std::string merged(std::vector<std::pair<std::string, std::string>> usual, json::Value own, WallTime now) {
  if (own) {
    for (const json::Member& member : own.members()) {
      std::erase_if(usual, [&](const auto& one) { return one.first == member.key(); });
      if (member.value.is_null()) continue;
      std::string text = json::to_text(member.value);
      if (member.value.is_string() && !member.value.string().empty()) {
        const std::string_view written = member.value.string();
        const auto by =
            written[0] == '+' || written[0] == '-' ? parse_duration(written.substr(1)) : std::nullopt;
        const auto at = now.time_since_epoch() +
                        (written[0] == '-' ? -by.value_or(Nanoseconds{}) : by.value_or(Nanoseconds{}));
        if (by) text = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(at).count());
      }
      usual.emplace_back(member.key(), std::move(text));
    }
  }
  std::string object;
  for (const auto& [name, value] : usual) {
    object += object.empty() ? '{' : ',';
    json::append_string(object, name);
    object.append(":").append(value);
  }
  return object.empty() ? "{}" : object + "}";
}

std::string in_quotes(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

}  // namespace

CaseEnvironment::CaseEnvironment(CaseFile file) : file_(std::move(file)), loop_(resources_.clock) {
  std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-cases-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder can be made");
  folder_ = pattern;
}

CaseEnvironment::~CaseEnvironment() {
  resources_.keys.reset();
  shared_ = {};
  std::filesystem::remove_all(folder_);
}

std::unique_ptr<CaseEnvironment> CaseEnvironment::make(CaseFile file, Problems& problems) {
  std::unique_ptr<CaseEnvironment> environment(new CaseEnvironment(std::move(file)));
  const std::string& name = environment->file_.source->name();
  if (!environment->load(problems)) return nullptr;
  if (auto furnished = environment->furnish(); !furnished) {
    problems.add({name, 1, 1}, furnished.error().text);
    return nullptr;
  }
  return environment;
}

// As the server does, but that the files are sections of the case file.
bool CaseEnvironment::load(Problems& problems) {
  if (!file_.tables.empty()) {
    sqlite3* database = nullptr;
    sqlite3_open((folder_ / "tables.db").c_str(), &database);
    char* wrong = nullptr;
    if (sqlite3_exec(database, file_.tables.c_str(), nullptr, nullptr, &wrong) != SQLITE_OK) {
      problems.add({file_.source->name(), 1, 1}, fmt::format("tables: {}", wrong));
    }
    sqlite3_free(wrong);
    sqlite3_close(database);
  }
  const doc::ReadFile read = [this](const std::filesystem::path& path) -> Result<std::string> {
    return path.filename() == "api.yaml" ? file_.api : file_.policy;
  };
  Problems found;
  policy_ = policy::load(folder_ / "gatehouse.yaml", {.read = read, .handlers = {}}, found);
  for (Problem problem : found.list()) {
    problem.place.file = file_.source->name();
    problems.add(problem.place, problem.what);
  }
  return policy_ != nullptr && problems.empty();
}

Result<> CaseEnvironment::furnish() {
  write(folder_ / "keys.json",
        fmt::format(R"({{"keys":[{},{}]}})", the(crypto::KeyType::p256, 0).public_jwk(),
                    the(crypto::KeyType::rsa, 1).public_jwk()));
  GATEHOUSE_TRY(auto store,
                app::open_store(policy_->settings, resources_.clock, db::SqliteStore::Replaced::follow));
  GATEHOUSE_TRY(resources_.hasher, app::open_key_hasher(policy_->settings, *store));
  GATEHOUSE_CHECK(make_keys());
  GATEHOUSE_TRY(auto keys, store::KeyStore::open(std::move(store), clock_));
  resources_.keys = std::move(keys);
  GATEHOUSE_TRY(shared_, app::prepare(policy_, resources_));
  for (const auto& [name, caller] : file_.callers) {
    if (caller.kind == Caller::Kind::key) continue;
    GATEHOUSE_TRY(credentials_[name], credential(caller));
  }
  return {};
}

Result<> CaseEnvironment::make_keys() {
  GATEHOUSE_TRY(const auto store,
                app::open_store(policy_->settings, resources_.clock, db::SqliteStore::Replaced::refuse));
  store::KeyService service(*store, *resources_.hasher, entropy_, clock_);
  const MonotonicTime until = resources_.clock.monotonic() + app::kStorePatience;
  for (const auto& [name, caller] : file_.callers) {
    if (caller.kind != Caller::Kind::key) continue;
    store::KeyRequest request{.principal = caller.id,
                              .tenant = caller.tenant,
                              .roles = caller.roles,
                              .scopes = caller.scopes,
                              .authenticators = caller.authenticators,
                              .lifetime = caller.lifetime};
    for (const std::string& network : caller.addresses) {
      const auto parsed = IpNetwork::parse(network);
      if (!parsed)
        return failure(ErrorCode::invalid, fmt::format("callers.{}: {} is no network", name, network));
      request.addresses.push_back(*parsed);
    }
    GATEHOUSE_TRY(const auto created, net::finish(loop_, service.create(loop_, until, std::move(request))));
    if (caller.revoked) GATEHOUSE_CHECK(net::finish(loop_, service.revoke(loop_, until, created.id)));
    credentials_[name] = created.text.reveal();
  }
  return {};
}

Result<std::string> CaseEnvironment::credential(const Caller& caller) {
  if (caller.kind == Caller::Kind::token) return token(caller);
  GATEHOUSE_TRY(const auto authority,
                crypto::CertificateAuthority::make("Partners", CaseClock::kMonday, std::chrono::days(3650)));
  const auto days =
      std::chrono::duration_cast<std::chrono::days>(caller.lifetime.value_or(std::chrono::days(365)));
  GATEHOUSE_TRY(const auto issued, authority.issue_client(caller.id, caller.uri, CaseClock::kMonday, days));
  std::string inner;
  for (std::string_view rest = issued.certificate_pem; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    if (!rest.starts_with("-----")) inner += rest.substr(0, end - 1);
    rest.remove_prefix(end);
  }
  return from_base64(inner).value_or("");
}

std::string CaseEnvironment::token(const Caller& caller) const {
  const auto& authenticators = policy_->settings.authenticators;
  const auto found = authenticators.find(caller.scheme);
  const policy::JwtSettings* const jwt = found == authenticators.end() ? nullptr : found->second.jwt();
  const std::string issuer = jwt == nullptr ? "" : jwt->issuer.value;
  const std::string audience = jwt == nullptr || jwt->audiences.empty() ? "" : jwt->audiences.front();
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(CaseClock::kMonday.time_since_epoch()).count();
  const crypto::Signer& signer = caller.signed_by == "rsa"        ? the(crypto::KeyType::rsa, 1)
                                 : caller.signed_by == "stranger" ? the(crypto::KeyType::p256, 2)
                                                                  : the(crypto::KeyType::p256, 0);
  const std::string claims = merged({{"iss", in_quotes(issuer)},
                                     {"aud", in_quotes(audience)},
                                     {"sub", "\"ann\""},
                                     {"iat", std::to_string(now)},
                                     {"exp", std::to_string(now + 600)}},
                                    caller.claims, CaseClock::kMonday);
  const bool rsa = caller.signed_by == "rsa";
  const std::string header =
      merged({{"alg", rsa ? "\"RS256\"" : "\"ES256\""}, {"typ", "\"JWT\""}, {"kid", in_quotes(signer.kid())}},
             caller.header, CaseClock::kMonday);
  const std::string signed_part = base64url(header) + "." + base64url(claims);
  if (caller.signed_by == "nobody") return signed_part + ".";
  if (caller.signed_by == "public_key") {  // as if the published key were a shared secret
    return signed_part + "." +
           base64url(as_text(crypto::HmacSha256(as_bytes(signer.public_jwk())).mac(signed_part)));
  }
  return signer.sign(signer.algorithm(), header, claims).value_or("");
}

std::unique_ptr<Gates> CaseEnvironment::open() {
  clock_.back_to_monday();
  if (auto looked = resources_.keys->refresh(); !looked) throw std::runtime_error(looked.error().text);
  auto made = app::assemble(shared_, {}, resources_, loop_);
  if (!made) throw std::runtime_error(made.error().text);
  http::ServedNames names;
  for (const policy::PlacedText& name : policy_->settings.listen.names) (void)names.add(name.value);
  if (names.empty()) (void)names.add("api.example.test");
  return open_gates({.parts = std::move(made->parts),
                     .policy = policy_,
                     .file = file_,
                     .credentials = credentials_,
                     .clock = clock_,
                     .entropy = entropy_,
                     .names = std::move(names),
                     .loop = loop_,
                     .keys = *resources_.keys});
}

}  // namespace gatehouse::cases
