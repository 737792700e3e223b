#include "case_file.h"

#include <algorithm>
#include <filesystem>

#include "doc/load.h"
#include "doc/reader.h"
#include "doc/source.h"
#include "json/writer.h"

namespace gatehouse::cases {
namespace {

using doc::as_boolean;
using doc::as_duration;
using doc::as_field;
using doc::as_integer;
using doc::as_texts;
using doc::Field;
using doc::Reader;

// A text, a number or a boolean, as one writes it.
std::optional<std::string> scalar(const Field& field) {
  const json::Value value = field.value();
  switch (value.kind()) {
    case json::Kind::string: return std::string(value.string());
    case json::Kind::number: return std::string(value.literal());
    case json::Kind::boolean: return value.boolean() ? "true" : "false";
    case json::Kind::null: return "nothing";
    default: field.problem("must be a text or a number"); return std::nullopt;
  }
}
constexpr auto as_scalar = [](const Field& field) { return scalar(field); };

using Headers = std::vector<std::pair<std::string, std::string>>;
std::optional<Headers> headers(const Field& field) {
  Headers all;
  for (const auto& [name, value] : field.map()) {
    for (const Field& one : value.list_or_one()) all.emplace_back(name, scalar(one).value_or(""));
  }
  return all;
}
constexpr auto as_headers = [](const Field& field) { return headers(field); };

// The text of a top-level section, on its own lines, so that its problems have the file's places; or the file
// beside this one that it names.
std::string section(const CaseFile& file, std::string_view key, Problems& problems) {
  const auto value = file.source->root().find(key);
  if (!value) {
    problems.add({file.source->name(), 1, 1}, std::string("`") + std::string(key) + "` is missing");
    return {};
  }
  if (value->is_string()) {
    const auto beside = std::filesystem::path(file.source->name()).parent_path() / value->string();
    auto text = doc::disk_files()(beside);
    if (!text) problems.add(file.source->place(*value), text.error().text);
    return text.value_or("");
  }
  std::string out;
  bool inside = false;
  std::string_view rest = file.source->text();
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    const bool top = line.front() != ' ' && line.front() != '#' && line.front() != '\n';
    if (top) inside = line.starts_with(key) && line.substr(key.size()).starts_with(":");
    out += inside && !top ? line : std::string_view("\n");
  }
  return out;
}

// The settings that every policy needs and that no case is about.
void complete(std::string& policy, const std::string& tables) {
  const auto first = policy.find_first_not_of('\n');
  if (first == std::string::npos) return;
  const std::string indent(policy.find_first_not_of(' ', first) - first, ' ');
  constexpr std::pair<std::string_view, std::string_view> kMembers[] = {
      {"openapi", "[api.yaml]"},
      {"listen", "{https: \"127.0.0.1:8443\"}"},
      {"tls", "{certificate: server.crt, private_key: \"file:server.key\", client_ca: clients.crt}"},
      {"store", "sqlite:state.db"},
      {"upstreams", "{orders: {url: \"http://127.0.0.1:1\"}}"},
  };
  if (!policy.ends_with('\n')) policy += '\n';
  for (const auto& [key, value] : kMembers) {
    if (policy.find("\n" + indent + std::string(key) + ":") == std::string::npos) {
      policy.append(indent).append(key).append(": ").append(value).append("\n");
    }
  }
  if (!tables.empty()) policy.append(indent).append("database: sqlite:tables.db\n");
}

Caller read_caller(const Field& field) {
  Reader in(field);
  Caller caller;
  if (auto scheme = in.optional("key", doc::as_text)) {
    caller.scheme = *scheme;
    caller.id = in.required("id", doc::as_text);
    caller.tenant = in.optional("tenant", doc::as_text).value_or("");
    caller.roles = in.optional("roles", as_texts).value_or(std::vector<std::string>());
    caller.scopes = in.optional("scopes", as_texts).value_or(std::vector<std::string>());
    caller.addresses = in.optional("addresses", as_texts).value_or(std::vector<std::string>());
    caller.authenticators =
        in.optional("authenticators", as_texts).value_or(std::vector<std::string>{caller.scheme});
    caller.revoked = in.optional("revoked", as_boolean).value_or(false);
  } else if (auto by = in.optional("token", doc::as_text)) {
    caller.kind = Caller::Kind::token;
    caller.scheme = *by;
    if (const auto claims = in.optional("claims", as_field)) caller.claims = claims->value();
    if (const auto header = in.optional("header", as_field)) caller.header = header->value();
    caller.signed_by = in.optional("signed_by", doc::as_text).value_or("issuer");
  } else if (auto of = in.optional("certificate", doc::as_text)) {
    caller.kind = Caller::Kind::certificate;
    caller.scheme = *of;
    caller.id = in.required("name", doc::as_text);
    caller.uri = in.optional("uri", doc::as_text).value_or("");
  } else {
    field.problem("says how it proves itself: `key: SCHEME`, `token: SCHEME` or `certificate: SCHEME`");
  }
  caller.lifetime = in.optional("lifetime", as_duration);
  in.finish();
  return caller;
}

Answer read_answer(const Field& field) {
  Reader in(field);
  Answer answer;
  answer.status = static_cast<unsigned>(in.optional("status", as_integer(200, 599)).value_or(200));
  answer.headers = in.optional("headers", as_headers).value_or(Headers());
  if (const auto json = in.optional("json", as_field)) {
    answer.body = json::to_text(json->value());
    answer.headers.emplace_back("Content-Type", "application/json");
  }
  if (auto body = in.optional("body", as_scalar)) answer.body = *std::move(body);
  in.finish();
  return answer;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all.append(all.empty() ? "" : ", ").append(text);
  return all;
}

// `refused: {reason: …, status: …}` and the like.
Decision read_decision(std::string_view outcome, const Field& field) {
  Reader in(field);
  Decision decision;
  decision["outcome"] = outcome;
  for (const std::string_view key : {"operation", "as", "user", "also", "scheme", "issuer", "stage", "reason",
                                     "rule", "status", "body", "detail"}) {
    if (auto text = in.optional(key, as_scalar)) decision[std::string(key)] = *std::move(text);
  }
  if (const auto details = in.optional("details", as_texts)) decision["details"] = joined(*details);
  if (const auto expected = in.optional("headers", as_headers)) {
    for (const auto& [name, value] : *expected) decision["header " + name] = value;
  }
  if (outcome == "allowed" ? !in.has("as") : !in.has("reason"))
    in.missing(outcome == "allowed" ? "as" : "reason");
  in.finish();
  return decision;
}

Step read_step(Reader& in) {
  Step step;
  step.place = in.field().place();
  step.request = in.required("request", doc::as_text);
  if (const auto as = in.optional("as", as_field)) {
    for (const Field& one : as->list_or_one()) step.callers.push_back(one.text().value_or(""));
  }
  step.headers = in.optional("headers", as_headers).value_or(Headers());
  if (const auto json = in.optional("json", as_field)) {
    step.body = json::to_text(json->value());
    step.type = "application/json";
  }
  if (auto body = in.optional("body", as_scalar)) step.body = *std::move(body);
  if (auto type = in.optional("type", doc::as_text)) step.type = *std::move(type);
  step.from = in.optional("from", doc::as_text).value_or("192.0.2.1");
  step.wait = in.optional("wait", as_duration).value_or(Nanoseconds{});
  step.connected = in.optional("connected", as_duration).value_or(Nanoseconds{});
  step.chain = in.optional("chain", as_duration);
  step.times = in.optional("times", as_integer(1, 10'000)).value_or(1);
  if (const auto answer = in.optional("answers", as_field)) step.answer = read_answer(*answer);
  if (const auto object = in.optional("object", as_field)) step.object = object->value();
  step.under_way = in.optional("under_way", as_integer(0, 1000)).value_or(0);
  const auto journal = in.optional("journal", doc::as_text).value_or("");
  step.journal_full = journal == "full";
  step.journal_broken = journal == "broken";
  std::size_t outcomes = 0;
  for (const std::string_view outcome : {"allowed", "refused", "upstream", "failed"}) {
    const auto decision = in.optional(outcome, as_field);
    if (!decision) continue;
    ++outcomes;
    step.expected = read_decision(outcome, *decision);
  }
  if (outcomes != 1)
    in.field().problem("says what is decided: one of `allowed`, `refused`, `upstream` and `failed`");
  return step;
}

Case read_case(const Field& field) {
  Reader in(field);
  Case made;
  made.place = field.place();
  made.name = in.required("case", doc::as_text);
  if (const auto steps = in.optional("steps", as_field)) {
    for (const Field& one : steps->list()) {
      Reader inner(one);
      made.steps.push_back(read_step(inner));
      inner.finish();
    }
  } else {
    made.steps.push_back(read_step(in));
  }
  in.finish();
  return made;
}

}  // namespace

CaseFile read_case_file(const std::string& path, Problems& problems) {
  CaseFile file;
  file.source = doc::load(path, doc::disk_files(), problems);
  if (!file.source) return file;
  Reader in(*file.source, file.source->root(), "", problems);
  in.ignore({"openapi", "gatehouse"});
  file.tables = in.optional("tables", doc::as_text).value_or("");
  file.api = section(file, "openapi", problems);
  file.policy = section(file, "gatehouse", problems);
  complete(file.policy, file.tables);
  if (const auto callers = in.optional("callers", as_field)) {
    for (const auto& [name, caller] : callers->map()) file.callers.emplace(name, read_caller(caller));
  }
  if (const auto cases = in.optional("cases", as_field)) {
    for (const Field& one : cases->list()) file.cases.push_back(read_case(one));
  } else {
    in.missing("cases");
  }
  in.finish();
  for (const Case& one : file.cases) {
    for (const Step& step : one.steps) {
      for (const std::string& caller : step.callers) {
        if (!file.callers.contains(caller)) problems.add(step.place, "`callers` has no " + caller);
      }
    }
  }
  return file;
}

}  // namespace gatehouse::cases
