#include "policy/fields_reader.h"

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
  doc::Reader in(field);
  entry.name = in.required("name", as_placed);
  entry.from = in.optional("from", doc::as_one_of(kSources)).value_or(Via::client);
  if (auto schema = in.take("schema")) entry.schema = std::make_shared<doc::Field>(*std::move(schema));
  in.finish();
  if (entry.name.value.empty()) return std::nullopt;
  return entry;
}

}  // namespace

FieldSettings read_fields(const doc::Field& field) {
  doc::Reader in(field);
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
    doc::Reader inner(*cookies);
    fields.cookies = inner.optional("forward", as_placed_list).value_or(fields.cookies);
    inner.finish();
  }
  in.finish();
  return fields;
}

}  // namespace gatehouse::policy
