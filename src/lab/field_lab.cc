// field: the value of one header field, read as the server does it. `{"field": "Accept", "value": "…"}` gives
// the forwarded part, by the table's grammar: `{"kept": "whole" | "part" | "nothing", "value": "…"}`. For
// Content-Type it gives the type as written anew, and its parameters; for Cookie each pair, with the value on
// which all readers agree (null: they do not).
#include <string>
#include <string_view>
#include <utility>

#include "http/cookies.h"
#include "http/field_grammar.h"
#include "http/fields.h"
#include "http/media_type.h"
#include "json/writer.h"
#include "lab/lab.h"

namespace gatehouse::lab {
namespace {

std::string of_content_type(std::string_view value) {
  const auto type = http::parse_media_type(value);
  if (!type || type->hides_charset()) return R"({"kept":"nothing","value":""})";
  std::string written;
  http::append_media_type(written, *type);
  std::string out = R"({"kept":"whole","value":)";
  json::append_string(out, written);
  out += R"(,"parameters":{)";
  bool another = false;
  for (const std::string& name : type->parameter_names()) {
    const auto plain = type->parameter(name);
    if (!plain) return R"({"kept":"nothing","value":""})";  // one with an escape is no document's
    if (std::exchange(another, true)) out += ',';
    json::append_string(out, name);
    out += ':';
    json::append_string(out, *plain);
  }
  return out + "}}";
}

std::string_view name_of(http::CookieForm form) {
  switch (form) {
    case http::CookieForm::octets: return "octets";
    case http::CookieForm::quoted: return "quoted";
    case http::CookieForm::items: return "items";
    case http::CookieForm::odd: return "odd";
    case http::CookieForm::not_a_pair: return "not_a_pair";
  }
  return "";
}

std::string of_cookie(std::string_view value) {
  std::string out = R"({"pairs":[)";
  http::CookieReader reader(value);
  bool another = false;
  while (const auto cookie = reader.next()) {
    if (std::exchange(another, true)) out += ',';
    out += R"({"name":)";
    json::append_string(out, cookie->name);
    out += R"(,"value":)";
    json::append_string(out, cookie->value);
    out += R"(,"form":)";
    json::append_string(out, name_of(cookie->form));
    out += R"(,"agreed":)";
    std::string agreed;
    const bool readable = cookie->form == http::CookieForm::octets || cookie->form == http::CookieForm::items;
    if (readable && http::append_agreed_value(agreed, cookie->value)) {
      json::append_string(out, agreed);
    } else {
      out += "null";
    }
    out += '}';
  }
  return out + "]}";
}

}  // namespace

std::string answer_field(json::Value question) {
  const auto field = question.find_string("field");
  const auto value = question.find_string("value");
  if (!field || !value) return R"({"error":"a question has field and value"})";
  const http::FieldId id = http::field_id(*field);
  if (id == http::FieldId::content_type) return of_content_type(*value);
  if (id == http::FieldId::cookie) return of_cookie(*value);
  if (http::to_upstream(id) != http::ToUpstream::goes_on)
    return R"({"error":"the table lets no such field go on"})";
  std::string part;
  const http::Kept kept = http::keep(http::grammar(id), *value, part);
  std::string out = R"({"kept":")";
  out += kept == http::Kept::whole ? "whole" : kept == http::Kept::part ? "part" : "nothing";
  out += R"(","value":)";
  json::append_string(out, kept == http::Kept::whole  ? *value
                           : kept == http::Kept::part ? std::string_view(part)
                                                      : std::string_view());
  return out + "}";
}

}  // namespace gatehouse::lab
