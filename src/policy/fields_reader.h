// `fields`: the parts of a client's head that are forwarded in addition to declared ones.
#pragma once

#include "doc/reader.h"
#include "policy/settings.h"

namespace gatehouse::policy {

FieldSettings read_fields(const doc::Field& field);

}  // namespace gatehouse::policy
