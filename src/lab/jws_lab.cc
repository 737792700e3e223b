// {"jwks", "token", "algorithms": [..]} -> {"valid": b, "reason": s}: the rules of signature and header.
#include <fmt/format.h>

#include "crypto/jws.h"
#include "json/writer.h"
#include "lab/lab.h"

namespace gatehouse::lab {
namespace {

std::string answer(std::string_view valid, std::string_view reason) {
  std::string out = fmt::format(R"({{"valid":{},"reason":)", valid);
  json::append_string(out, reason);
  return out + '}';
}

}  // namespace

std::string answer_jws(json::Value question) {
  const auto jwks = question.find("jwks");
  const auto token = question.find_string("token");
  const auto algorithms = question.find("algorithms");
  if (!jwks || !token || !algorithms || !algorithms->is_array()) {
    return R"({"error":"a question has `jwks`, `token` and an array `algorithms`"})";
  }
  crypto::AlgorithmSet allowed;  // a name that is not a public-key algorithm cannot be allowed
  for (const json::Value algorithm : algorithms->elements()) {
    if (!algorithm.is_string()) continue;
    if (const auto known = crypto::parse_algorithm(algorithm.string())) allowed.add(*known);
  }
  const auto keys = crypto::KeySet::from_json(*jwks);
  if (!keys) return answer("false", "jwks: " + keys.error().text);
  crypto::JwsVerifier verifier;
  const auto verified = verifier.verify(*token, *keys, allowed);
  return verified ? answer("true", "") : answer("false", crypto::name(verified.error()));
}

}  // namespace gatehouse::lab
