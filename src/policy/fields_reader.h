// `fields`: what of a client's head goes on to the upstreams beside what operations declare.
#pragma once

#include "doc/reader.h"
#include "policy/settings.h"

namespace gatehouse::policy {

FieldSettings read_fields(const doc::Field& field);

}  // namespace gatehouse::policy
