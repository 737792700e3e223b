// `fields`: which undeclared fields and cookies of a client go on to the upstreams.
#pragma once

#include "doc/reader.h"
#include "policy/settings.h"

namespace gatehouse::policy {

ForwardedFields read_fields(const doc::Field& field);

}  // namespace gatehouse::policy
