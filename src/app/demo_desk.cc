#include "app/demo_desk.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/demo/files.h"
#include "app/process_resources.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "crypto/certificate.h"
#include "crypto/signer.h"
#include "db/connection.h"
#include "net/finish.h"
#include "net/loop.h"
#include "net/socket.h"
#include "store/key_service.h"

namespace gatehouse::app {
namespace {

constexpr std::chrono::days kValidity{7};
constexpr std::chrono::hours kTokenLife{24};

std::unexpected<Error> cannot(std::string_view what, const std::string& path, int error) {
  return failure(ErrorCode::denied,
                 fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(error)));
}

// The port, where nothing listens on it; with 0 one that is free.
Result<std::uint16_t> free_port(std::uint16_t wanted) {
  const net::Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // The rest of connections that have ended does not count as taken.
  const int yes = 1;
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(wanted);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return cannot("listen on port", fmt::to_string(wanted), errno);
  }
  GATEHOUSE_TRY(const net::Endpoint local, socket.local());
  return local.port;
}

Result<> write_pair(const DemoFolder& folder, std::string_view name, const crypto::IssuedCertificate& pair) {
  GATEHOUSE_CHECK(folder.write(fmt::format("{}.crt", name), pair.certificate_pem));
  return folder.write(fmt::format("{}.key", name), pair.private_key_pem.reveal());
}

Result<> write_certificates(const DemoFolder& folder, WallTime now) {
  GATEHOUSE_TRY(const auto authority, crypto::CertificateAuthority::make("Gatehouse demo", now, kValidity));
  GATEHOUSE_CHECK(folder.write("ca.crt", authority.certificate_pem()));
  const std::string names[] = {"localhost"};
  const IpAddress addresses[] = {*IpAddress::parse("127.0.0.1")};
  GATEHOUSE_TRY(const auto server, authority.issue_server(names, addresses, now, kValidity));
  GATEHOUSE_CHECK(write_pair(folder, "server", server));
  // The authority of clients differs from the authority of the server.
  GATEHOUSE_TRY(const auto bank, crypto::CertificateAuthority::make("Gatehouse demo, bank", now, kValidity));
  GATEHOUSE_CHECK(folder.write("bank-ca.crt", bank.certificate_pem()));
  GATEHOUSE_TRY(const auto client, bank.issue_client("bank", "", now, kValidity));
  return write_pair(folder, "bank", client);
}

// The configuration says the usual ports.
std::string with_ports(std::string text, const DemoPorts& ports) {
  const DemoPorts usual;
  const std::pair<std::uint16_t, std::uint16_t> changes[] = {
      {usual.https, ports.https}, {usual.http, ports.http}, {usual.admin, ports.admin}};
  for (const auto& [from, to] : changes) {
    const std::string said = fmt::format("\"127.0.0.1:{}\"", from);
    if (const auto at = text.find(said); at != std::string::npos)
      text.replace(at, said.size(), fmt::format("\"127.0.0.1:{}\"", to));
  }
  return text;
}

Result<> write_tables(const DemoFolder& folder) {
  GATEHOUSE_TRY(auto database, db::Connection::open({.path = folder.path("desk.db")}));
  constexpr db::Sql kSteps[] = {demo::tables_sql};
  return db::migrate(database, "order desk", kSteps);
}

Result<Secret<std::string>> token(const crypto::Signer& issuer, std::string_view subject,
                                  std::string_view role, WallTime issued) {
  const auto seconds = [](WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  };
  const std::string claims = fmt::format(
      R"({{"iss":"https://issuer.example/","aud":"order-desk","sub":"{}","roles":["{}"],"iat":{},"exp":{}}})",
      subject, role, seconds(issued), seconds(issued + kTokenLife));
  GATEHOUSE_TRY(std::string text, issuer.sign_jwt(claims));
  return Secret<std::string>(std::move(text));
}

}  // namespace

Result<DemoPorts> choose_ports(std::uint16_t https) {
  const DemoPorts usual;
  const auto choose = [](std::uint16_t wanted) {
    const auto port = free_port(wanted);
    return port ? port : free_port(0);
  };
  DemoPorts ports;
  if (https != 0 && !free_port(https)) {
    return failure(ErrorCode::conflict,
                   fmt::format("port {} is taken; without --port a free one is chosen", https));
  }
  GATEHOUSE_TRY(ports.https, https != 0 ? Result<std::uint16_t>(https) : choose(usual.https));
  GATEHOUSE_TRY(ports.http, choose(usual.http));
  GATEHOUSE_TRY(ports.admin, choose(usual.admin));
  return ports;
}

// ---- the folder ----

Result<DemoFolder> DemoFolder::make(const std::string& keep) {
  if (keep.empty()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-demo-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return cannot("make", pattern, errno);
    return DemoFolder(pattern, false);
  }
  const std::filesystem::path path = std::filesystem::absolute(keep).lexically_normal();
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno != EEXIST) return cannot("make", path.string(), errno);
    return failure(ErrorCode::conflict,
                   fmt::format("{} exists already; --keep creates a new folder", path.string()));
  }
  return DemoFolder(path, true);
}

DemoFolder::DemoFolder(DemoFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), stays_(other.stays_) {}

DemoFolder::~DemoFolder() {
  if (path_.empty() || stays_) return;
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  if (error) tell_operator(fmt::format("{} cannot be removed: {}", path_.string(), error.message()));
}

Result<> DemoFolder::write(std::string_view name, std::string_view text) const {
  const std::string file = path(name);
  const net::Socket descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!descriptor) return cannot("make", file, errno);
  if (::write(descriptor.descriptor(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return cannot("write", file, errno);
  }
  return {};
}

// ---- its content ----

Result<DemoTokens> furnish(const DemoFolder& folder, const DemoPorts& ports) {
  const WallTime now = SystemClock().wall();
  GATEHOUSE_CHECK(write_certificates(folder, now));
  GATEHOUSE_CHECK(folder.write("order-desk.yaml", demo::order_desk_yaml));
  GATEHOUSE_CHECK(folder.write("gatehouse.yaml", with_ports(demo::gatehouse_yaml, ports)));
  GATEHOUSE_CHECK(write_tables(folder));
  GATEHOUSE_TRY(const auto issuer, crypto::Signer::generate(crypto::KeyType::p256));
  GATEHOUSE_CHECK(folder.write("issuer.jwks.json", issuer.public_jwks()));
  DemoTokens tokens;
  GATEHOUSE_TRY(tokens.clerk, token(issuer, "ada", "clerk", now));
  GATEHOUSE_TRY(tokens.administrator, token(issuer, "grace", "admin", now));
  GATEHOUSE_TRY(tokens.expired, token(issuer, "ada", "clerk", now - 2 * kTokenLife));
  return tokens;
}

Result<DemoKey> make_partner_key(const policy::PolicySet& policy) {
  const SystemClock clock;
  GATEHOUSE_TRY(const auto store, open_store(policy.settings, clock, db::SqliteStore::Replaced::refuse));
  GATEHOUSE_TRY(const auto hasher, open_key_hasher(policy.settings, *store));
  SystemEntropy entropy;
  net::Loop loop(clock);
  store::KeyService keys(*store, *hasher, entropy, clock);
  store::KeyRequest request;
  request.principal = "partner:acme";
  request.roles = {"partner"};
  request.lifetime = kTokenLife;
  GATEHOUSE_TRY(auto created,
                net::finish(loop, keys.create(loop, clock.monotonic() + kStorePatience, std::move(request))));
  return DemoKey{std::move(created.id), std::move(created.text)};
}

}  // namespace gatehouse::app
