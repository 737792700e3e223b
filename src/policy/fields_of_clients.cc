#include "policy/fields_of_clients.h"

#include "http/fields.h"

namespace gatehouse::policy {

bool is_written_here(std::string_view header) {
  const http::FieldId id = http::field_id(header);
  return id == http::FieldId::cookie || http::to_upstream(id) == http::ToUpstream::ends_here;
}

std::string use_instead_of(std::string_view header) {
  using enum http::FieldId;
  switch (http::field_id(header)) {
    case cookie: return "declare a cookie parameter";
    case x_request_id: return "use `request.id`";
    case x_http_method:
    case x_http_method_override:
    case x_method_override:
    case x_http_verb:
    case x_method: return "use `request.method`";
    case gatehouse_alone:
    case gatehouse:
    case remote_user:
    case x_remote_user:
    case x_auth: return "use `principal`, such as `principal.id`";
    case cf_connecting_ip:
    case client_ip:
    case fastly_client_ip:
    case forwarded:
    case true_client_ip:
    case x_client_ip:
    case x_cluster_client_ip:
    case x_forwarded_alone:
    case x_forwarded_for:
    case x_real_ip: return "use `request.ip`";
    case client_cert:
    case client_cert_chain:
    case ssl:
    case x_ssl: return "use `principal` with an authenticator of type mtls";
    default: return "remove the parameter, or give it a name of its own";
  }
}

}  // namespace gatehouse::policy
