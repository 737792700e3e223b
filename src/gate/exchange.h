// One request from its first byte to its event: what the gates have found out so far. Reused from one request to
// the next, so that a request on a warm connection allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/uuid.h"
#include "core/event.h"
#include "core/limits.h"
#include "core/proofs.h"
#include "core/response.h"
#include "core/target.h"
#include "core/verdict.h"
#include "http/request_parser.h"
#include "http/route_table.h"
#include "http/trace_context.h"
#include "policy/policy_set.h"
#include "schema/findings.h"

namespace gatehouse::gate {

// What holds for all requests of a connection.
struct Peer {
  IpAddress address;             // of the other end, or what a trusted proxy's PROXY header says
  std::string text;              // the same, written
  std::string_view certificate;  // DER, verified by the handshake; empty: none
};

struct TakenLimit {
  const policy::Limit* limit = nullptr;
  LimitState state;
};

struct Exchange {
  std::shared_ptr<const policy::PolicySet> policy;
  const Peer* peer = nullptr;
  IpAddress client;
  std::string client_text;

  std::optional<Uuid> id;
  http::TraceContext trace;
  WallTime received{};
  MonotonicTime started{};
  http::RequestHead head;

  const policy::Operation* operation = nullptr;
  http::Captures captures;
  std::string_view allow;  // for 405
  std::optional<Principal> principal;
  std::vector<TakenLimit> limits;
  std::string_view limit_policies;

  json::Document parameters, body, row;
  schema::Findings findings;
  std::string_view findings_in;  // "body", or empty where each finding says it
  std::uint64_t body_bytes = 0;

  std::vector<std::string_view> credentials;        // byte runs that no record may contain
  std::vector<std::string_view> credential_fields;  // header names that carried a verified one
  std::string detail;                               // for operators
  CallReport report;
  Response response;
  bool recorded = false;  // its event is on its way: a sensitive operation's goes before the answer

  void begin(std::shared_ptr<const policy::PolicySet> with, const Peer& from) {
    policy = std::move(with);
    peer = &from;
    id.reset();
    operation = nullptr;
    captures.size = 0;
    allow = {};
    principal.reset();
    limits.clear();
    limit_policies = {};
    parameters.clear();
    body.clear();
    row.clear();
    findings.clear();
    findings_in = {};
    body_bytes = 0;
    credentials.clear();
    credential_fields.clear();
    detail.clear();
    report.clear();
    response.clear();
    recorded = false;
  }
};

}  // namespace gatehouse::gate
