#include "policy/fields_reader.h"

#include "policy/settings_fields.h"

namespace gatehouse::policy {

ForwardedFields read_fields(const doc::Field& field) {
  doc::Reader in(field);
  ForwardedFields fields;
  fields.names = in.optional("forward", as_placed_list).value_or(fields.names);
  if (const auto cookies = in.take("cookies")) {
    doc::Reader inner(*cookies);
    fields.cookies = inner.optional("forward", as_placed_list).value_or(fields.cookies);
    inner.finish();
  }
  in.finish();
  return fields;
}

}  // namespace gatehouse::policy
