// What answers an operation, as the configuration says it. Internal to the readers of settings.
#pragma once

#include "doc/reader.h"
#include "policy/settings.h"

namespace gatehouse::policy {

// `upstreams.NAME.url`.
void read_urls(const doc::Field& field, Upstream& upstream);
RespondSettings read_respond(const doc::Field& field);

}  // namespace gatehouse::policy
