// OpenAPI Overlays 1.0: what a document gets and loses before it is read. Internal to this room.
#pragma once

#include <memory>
#include <vector>

#include "base/problems.h"
#include "doc/source.h"

namespace gatehouse::openapi {

// The document with the actions of the overlays in their order. Values keep their places, in the file that
// they stand in. Null, and problems, where an overlay cannot be read or an action selects nothing: a slip
// must not leave out what it was to say.
std::shared_ptr<const doc::Source> overlaid(const std::shared_ptr<const doc::Source>& document,
                                            const std::vector<std::shared_ptr<const doc::Source>>& overlays,
                                            Problems& problems);

}  // namespace gatehouse::openapi
