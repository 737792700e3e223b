// The answers of the admin listener: health and metrics, over HTTP, plain or TLS, on an address of its own,
// never on the public listener.
//
//   GET /health/live    200 as long as the process answers
//   GET /health/ready   200 while it accepts requests, 503 before and while it drains, and while its store
//                       takes no events or its keys cannot be read   (also /health)
//   GET /metrics        Prometheus text
//
// HEAD asks for the same without the body. HTTP/1.0 and requests without Host are answered too: HAProxy's
// `option httpchk GET /health` sends both.
//
// The Host field must be an address, `localhost` or one of listen.admin.names: a page in a browser on this
// machine could otherwise reach the listener under a name of its own (DNS rebinding).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "gate/exchange.h"
#include "gate/revocation.h"
#include "server/listener.h"
#include "server/shared.h"

namespace gatehouse::server {

struct Serving;

// The page that a request asks for.
gate::ListenerPage page_for(const http::RequestHead& head, const ListenerPolicy& listener,
                            const Shared& shared, const RenderMetrics& metrics);

// Why the certificate of a client does not open the listener; nothing: it does, or none was asked for.
std::optional<gate::CertificateFault> fault_of(const Serving& serving, std::string_view certificate,
                                               WallTime now);

}  // namespace gatehouse::server
