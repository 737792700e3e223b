#include "policy/fields_reader.h"

#include "policy/key_reader.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {
namespace {

constexpr doc::Choice<Undeclared> kUndeclared[] = {
    {"drop", Undeclared::drop}, {"refuse", Undeclared::refuse}, {"forward", Undeclared::forward}};
constexpr doc::Choice<RefererPassage> kReferers[] = {
    {"drop", RefererPassage::drop}, {"origin", RefererPassage::origin}, {"full", RefererPassage::full}};
constexpr doc::Choice<UserAgentPassage> kUserAgents[] = {{"forward", UserAgentPassage::forward},
                                                         {"drop", UserAgentPassage::drop}};
constexpr doc::Choice<Via> kSources[] = {{"trusted_proxies", Via::trusted_proxy}};

// A name, or {name: X-Tenant, schema: {…}, from: trusted_proxies}.
std::optional<ForwardedField> read_entry(const doc::Field& field) {
  ForwardedField entry;
  if (!field.is_object()) {
    auto name = placed(field);
    if (!name) return std::nullopt;
    entry.name = *std::move(name);
    return entry;
  }
  KeyReader<keys::kForwardedField> in(field);
  entry.name = in.required("name", as_placed);
  entry.from = in.optional("from", doc::as_one_of(kSources)).value_or(Via::client);
  if (auto schema = in.take("schema")) entry.schema = std::make_shared<doc::Field>(*std::move(schema));
  in.finish();
  if (entry.name.value.empty()) return std::nullopt;
  return entry;
}

constexpr doc::Choice<SetCookies> kSetCookies[] = {{"complete", SetCookies::complete},
                                                   {"refuse", SetCookies::refuse}};

// A name, or {name: XSRF-TOKEN, http_only: false}.
std::optional<ForwardedCookie> read_cookie(const doc::Field& field) {
  ForwardedCookie cookie;
  if (!field.is_object()) {
    auto name = placed(field);
    if (!name) return std::nullopt;
    cookie.name = *std::move(name);
    return cookie;
  }
  KeyReader<keys::kForwardedCookie> in(field);
  cookie.name = in.required("name", as_placed);
  const bool http_only = in.optional("http_only", doc::as_boolean).value_or(true);
  cookie.readers = http_only ? CookieReaders::server_only : CookieReaders::scripts_too;
  in.finish();
  if (cookie.name.value.empty()) return std::nullopt;
  return cookie;
}

}  // namespace

FieldSettings read_fields(const doc::Field& field) {
  KeyReader<keys::kFields> in(field);
  FieldSettings fields;
  if (const auto entries = in.take("forward")) {
    for (const doc::Field& one : entries->list_or_one()) {
      if (auto entry = read_entry(one)) fields.forward.push_back(*std::move(entry));
    }
  }
  fields.undeclared = in.optional("undeclared", doc::as_one_of(kUndeclared));
  fields.referer = in.optional("referer", doc::as_one_of(kReferers));
  fields.user_agent = in.optional("user_agent", doc::as_one_of(kUserAgents));
  if (const auto cookies = in.take("cookies")) {
    KeyReader<keys::kCookies> inner(*cookies);
    if (const auto entries = inner.take("forward")) {
      for (const doc::Field& one : entries->list_or_one()) {
        if (auto cookie = read_cookie(one)) fields.cookies.push_back(*std::move(cookie));
      }
    }
    fields.set_cookies = inner.optional("set", doc::as_one_of(kSetCookies));
    inner.finish();
  }
  if (const auto answers = in.take("answers")) {
    KeyReader<keys::kAnswers> inner(*answers);
    fields.answers = inner.optional("forward", as_placed_list).value_or(fields.answers);
    if (const auto set = inner.take("set")) {
      fields.set_answers = read_set(*set, {});
      for (const SetField& one : fields.set_answers) {
        if (one.from != SetField::From::text) set->problem("are texts: clients see them");
      }
    }
    inner.finish();
  }
  in.finish();
  return fields;
}

}  // namespace gatehouse::policy
