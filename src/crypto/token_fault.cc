#include "crypto/token_fault.h"

namespace gatehouse::crypto {

std::string_view name(TokenFault fault) {
  switch (fault) {
    case TokenFault::too_large: return "too_large";
    case TokenFault::not_compact: return "not_compact";
    case TokenFault::encrypted: return "encrypted";
    case TokenFault::encoding: return "encoding";
    case TokenFault::header_json: return "header_json";
    case TokenFault::header: return "header";
    case TokenFault::critical: return "critical";
    case TokenFault::unencoded_payload: return "unencoded_payload";
    case TokenFault::algorithm_unknown: return "algorithm_unknown";
    case TokenFault::algorithm_not_allowed: return "algorithm_not_allowed";
    case TokenFault::key_not_found: return "key_not_found";
    case TokenFault::key_ambiguous: return "key_ambiguous";
    case TokenFault::signature_form: return "signature_form";
    case TokenFault::signature: return "signature";
    case TokenFault::type: return "type";
    case TokenFault::claims_json: return "claims_json";
    case TokenFault::claims: return "claims";
    case TokenFault::confirmation: return "confirmation";
    case TokenFault::issuer: return "issuer";
    case TokenFault::audience: return "audience";
    case TokenFault::subject: return "subject";
    case TokenFault::expired: return "expired";
    case TokenFault::no_expiry: return "no_expiry";
    case TokenFault::not_yet_valid: return "not_yet_valid";
    case TokenFault::issued_in_future: return "issued_in_future";
    case TokenFault::authenticated_in_future: return "authenticated_in_future";
  }
  return "unknown";
}

}  // namespace gatehouse::crypto
