#include "core/reason.h"

#include <array>
#include <utility>

namespace gatehouse {
namespace {

constexpr ReasonFacts kReasons[] = {
#define GATEHOUSE_REASON(name, stage, answer) {#name, Stage::stage, RefusalAnswer::answer},
    GATEHOUSE_REASONS(GATEHOUSE_REASON)
#undef GATEHOUSE_REASON
};

// In the order of RefusalAnswer.
constexpr AnswerText kAnswers[] = {
    {500, "internal_error", "An internal error occurred. Quote the correlation id when you report it."},
    {400, "invalid_request", "The request does not match what this operation accepts."},
    {401, "authentication_required", "This operation needs a valid credential."},
    {403, "forbidden", "This credential does not permit the operation."},
    {403, "forbidden", "Requests from this address are not answered."},
    {404, "not_found", "Not found."},
    {405, "method_not_allowed", "This path does not support that method."},
    {413, "too_large", "The request is larger than this operation accepts."},
    {414, "too_large", "The request target is too long."},
    {431, "too_large", "The request header is too large."},
    {421, "misdirected_request", "This server does not serve that host."},
    {425, "too_early", "Send this request again when the connection is established."},
    {415, "unsupported_media_type", "This operation does not accept that content type."},
    {415, "unsupported_media_type", "This operation does not accept that content coding."},
    {429, "rate_limited", "Too many requests. Wait before the next one."},
    {502, "unavailable", "The service behind this operation failed."},
    {503, "unavailable", "The service is not available at the moment."},
    {504, "unavailable", "The service behind this operation did not answer in time."},
    {409, "conflict", "The request conflicts with the present state of its object."},
    {412, "precondition_failed", "A condition in the request's header does not hold."},
    {400, "refused", "The service behind this operation refused the request."},
};

constexpr std::string_view kStages[] = {"transport", "http",     "route", "limit",  "authenticate",
                                        "authorise", "validate", "call",  "respond"};

}  // namespace

const AnswerText& text_of(RefusalAnswer answer) { return kAnswers[std::to_underlying(answer)]; }
const ReasonFacts& facts_of(Reason reason) { return kReasons[std::to_underlying(reason)]; }
std::span<const ReasonFacts> every_reason() { return kReasons; }
std::string_view name(Stage stage) { return kStages[std::to_underlying(stage)]; }

}  // namespace gatehouse
