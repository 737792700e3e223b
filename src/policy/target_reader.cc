#include "policy/target_reader.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "http/media_type.h"
#include "http/response_writer.h"
#include "policy/key_reader.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {

using doc::Field;

// A URL, or {url: …, weight: 9}; one or a list.
void read_urls(const Field& field, Upstream& upstream) {
  for (const Field& item : field.list_or_one()) {
    std::optional<PlacedText> url;
    std::uint32_t weight = 1;
    if (item.is_object()) {
      KeyReader<keys::kUrl> in(item);
      url = in.required("url", as_placed);
      weight = in.optional("weight", as_count).value_or(1);
      in.finish();
    } else {
      url = placed(item);
    }
    if (!url) continue;
    upstream.urls.push_back(*std::move(url));
    upstream.weights.push_back(weight);
  }
}

// {status: 200, type: application/json, body: file:motd.json}. Its path is made absolute by compile(), which
// knows the directory.
RespondSettings read_respond(const Field& field) {
  KeyReader<keys::kRespond> in(field);
  RespondSettings respond;
  respond.place = field.place();
  respond.status = in.optional("status", as_count).value_or(200);
  respond.type = in.optional("type", as_placed).value_or(PlacedText{"application/json", field.place()});
  const auto type = http::parse_media_type(respond.type.value);
  if (!type || !http::FieldValue::checked(respond.type.value))
    in.problem("type", "must be a media type, such as application/json");
  respond.body = in.optional("body", as_placed).value_or(PlacedText());
  if (respond.body.value.starts_with("file:")) {
    respond.from = RespondSettings::From::file;
    respond.body.value.erase(0, 5);
  }
  in.finish();
  return respond;
}

}  // namespace gatehouse::policy
