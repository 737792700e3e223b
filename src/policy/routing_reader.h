// `routing`: how the upstreams read paths.
#pragma once

#include "doc/reader.h"
#include "http/path_reading.h"

namespace gatehouse::policy {

http::PathReading read_routing(const doc::Field& field);

}  // namespace gatehouse::policy
