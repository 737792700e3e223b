// A file of decision cases, as a person writes it (see README.md): an API, a policy, callers, and Gatehouse's
// decisions about requests.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/problems.h"
#include "base/units.h"
#include "doc/source.h"

namespace gatehouse::cases {

// A caller, with one credential.
struct Caller {
  enum class Kind : std::uint8_t { key, token, certificate } kind = Kind::key;
  std::string scheme;  // the securityScheme's name
  // A key; the name of a certificate is its `id`.
  std::string id, tenant, uri;
  std::vector<std::string> roles, scopes, addresses;
  std::vector<std::string> authenticators;  // that take the key: its scheme, where nothing else is said
  std::optional<Nanoseconds> lifetime;
  bool revoked = false;
  // A token: members that replace those of a good one; null takes one out.
  json::Value claims, header;
  std::string signed_by;  // issuer, rsa, stranger, public_key, nobody
};

struct Answer {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// The decision: the stated members, each as text. `outcome` is one of them.
using Decision = std::map<std::string, std::string>;

// One request and its outcome.
struct Step {
  Place place;
  std::string request;  // "GET /orders/7"
  std::vector<std::string> callers;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string type;  // of the body
  std::string from;  // the address
  Nanoseconds wait{};
  Nanoseconds connected{};           // how long ago the handshake was
  std::optional<Nanoseconds> chain;  // for how long the chain of the certificate holds still
  std::int64_t times = 1;
  // The world outside.
  std::optional<Answer> answer;  // of the upstream
  json::Value object;            // the object's attributes at an upstream; null Value: there is none
  std::int64_t under_way = 0;    // other requests that are being answered
  bool journal_full = false, journal_broken = false;
  Decision expected;
};

struct Case {
  std::string name;
  Place place;
  std::vector<Step> steps;
};

struct CaseFile {
  std::shared_ptr<const doc::Source> source;
  std::string api, policy;  // texts, on the lines where they stand in the file
  std::string tables;       // SQL
  std::map<std::string, Caller> callers;
  std::vector<Case> cases;
};

// Adds every problem; the result is then unusable.
CaseFile read_case_file(const std::string& path, Problems& problems);

}  // namespace gatehouse::cases
