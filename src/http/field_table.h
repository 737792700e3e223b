// The header fields that Gatehouse knows by name: one table for every decision that depends on a field's
// name. A field that is not in it is `declared` in both directions: it is forwarded to an upstream only if
// the operation declares it as a parameter or the configuration names it (`fields.forward`), and leaves an
// upstream's answer only if the document declares it.
//
// The columns:
//   id, name    the enumerator of FieldId, and the name in lower case (RFC 9110 section 5.1 ignores case).
//   lines       `one`: exactly one value, so that a second line is refused. `many`: a list, or Set-Cookie.
//   in          A client's field on its way to an upstream. `goes_on`: forwarded as sent (Cookie: written
//               anew). `declared`: like fields that are not in the table. `ends_here`: never forwarded; it
//               concerns one connection, carries a credential, may be written only by Gatehouse, or would
//               choose another request behind the gates. `browsers`: like `declared`, and not listed among
//               the dropped names, because every browser sends it.
//   grammar     The grammar of a forwarded field's value (field_grammar.h). A value that does not parse is
//               dropped, or refused (Passages::decide in core/head_rules.h). A declared or named field is
//               forwarded as its schema accepted it, or as sent, once unless it is a list.
//   out         An upstream's field on its way to a client. `leaves`: unchanged. `checked`: a rule in
//               target/answer_head checks its value. `declared`: leaves if the operation's document
//               declares it under `responses`. `pages`: leaves with an answer of text/html that the document
//               declares, because a page knows what it loads. `stays`: never leaves; Gatehouse writes its
//               own, or it concerns one connection.
//
// The references name the section that defines the field; no reference: not a standard field.
#pragma once

// clang-format off
#define GATEHOUSE_FIELDS(X)                                                                               \
  X(accept,                         "accept",                          many, goes_on,   accept,          declared) /* 9110 12.5.1 */ \
  X(accept_charset,                 "accept-charset",                  many, goes_on,   tokens_weighted, declared) /* 9110 12.5.2 */ \
  X(accept_encoding,                "accept-encoding",                 many, goes_on,   tokens_weighted, declared) /* 9110 12.5.3 */ \
  X(accept_language,                "accept-language",                 many, goes_on,   languages,       declared) /* 9110 12.5.4 */ \
  X(accept_ranges,                  "accept-ranges",                   many, declared,  list,            leaves) /* 9110 14.3 */ \
  X(access_control_request_headers, "access-control-request-headers",  many, goes_on,   tokens,          declared) /* Fetch 3.2.2 */ \
  X(access_control_request_method,  "access-control-request-method",   one,  goes_on,   token,           declared) /* Fetch 3.2.2 */ \
  X(age,                            "age",                             many, declared,  text,            stays)  /* 9111 5.1 */ \
  X(allow,                          "allow",                           many, declared,  list,            checked) /* 9110 10.2.1 */ \
  X(alt_svc,                        "alt-svc",                         many, declared,  list,            stays)  /* 7838 3 */ \
  X(authorization,                  "authorization",                   one,  ends_here, text,            stays)  /* 9110 11.6.2 */ \
  X(baggage,                        "baggage",                         many, goes_on,   baggage,         stays)  /* W3C Baggage 3 */ \
  X(b3,                              "b3",                              many, declared,  text,            declared) \
  X(cache_control,                  "cache-control",                   many, goes_on,   directives,      stays)  /* 9111 5.2 */ \
  X(cf_connecting_ip,               "cf-connecting-ip",                many, ends_here, text,            stays) \
  X(client_cert,                    "client-cert",                     many, ends_here, text,            stays)  /* 9440 2.2 */ \
  X(client_cert_chain,              "client-cert-chain",               many, ends_here, text,            stays)  /* 9440 2.3 */ \
  X(client_ip,                      "client-ip",                       many, ends_here, text,            stays) \
  X(connection,                     "connection",                      many, ends_here, text,            stays)  /* 9110 7.6.1 */ \
  X(content_digest,                 "content-digest",                  many, goes_on,   digests,         leaves) /* 9530 2 */ \
  X(content_disposition,            "content-disposition",             one,  declared,  text,            leaves) /* 6266 */ \
  X(content_encoding,               "content-encoding",                many, goes_on,   tokens,          leaves) /* 9110 8.4 */ \
  X(content_language,               "content-language",                many, goes_on,   language_tags,   leaves) /* 9110 8.5 */ \
  X(content_length,                 "content-length",                  one,  ends_here, text,            stays)  /* 9110 8.6 */ \
  X(content_location,               "content-location",                one,  declared,  text,            checked) /* 9110 8.7 */ \
  X(content_range,                  "content-range",                   one,  declared,  text,            leaves) /* 9110 14.4 */ \
  X(content_security_policy,        "content-security-policy",         many, declared,  list,            pages)  /* CSP 3.1 */ \
  X(content_type,                   "content-type",                    one,  goes_on,   text,            leaves) /* 9110 8.3 */ \
  X(cookie,                         "cookie",                          one,  goes_on,   text,            stays)  /* 6265 4.2 */ \
  X(date,                           "date",                            one,  declared,  text,            stays)  /* 9110 6.6.1 */ \
  X(deprecation,                    "deprecation",                     many, declared,  text,            leaves) /* 9745 2 */ \
  X(dnt,                            "dnt",                             many, browsers,  text,            declared) /* Tracking Preference */ \
  X(dpop,                           "dpop",                            one,  ends_here, text,            stays)  /* 9449 4.1 */ \
  X(early_data,                     "early-data",                      many, ends_here, text,            stays)  /* 8470 5.1 */ \
  X(etag,                           "etag",                            one,  declared,  text,            leaves) /* 9110 8.8.3 */ \
  X(expect,                         "expect",                          one,  ends_here, text,            stays)  /* 9110 10.1.1 */ \
  X(expires,                        "expires",                         many, declared,  text,            stays)  /* 9111 5.3 */ \
  X(fastly_client_ip,               "fastly-client-ip",                many, ends_here, text,            stays) \
  X(forwarded,                      "forwarded",                       many, ends_here, text,            stays)  /* 7239 4 */ \
  X(gatehouse_alone,                "gatehouse",                       many, ends_here, text,            stays) \
  X(http2_settings,                 "http2-settings",                  one,  ends_here, text,            stays)  /* 7540 3.2.1 */ \
  X(idempotency_key,                "idempotency-key",                 one,  declared,  text,            declared) \
  X(if_match,                       "if-match",                        many, goes_on,   entity_tags,     declared) /* 9110 13.1.1 */ \
  X(if_modified_since,              "if-modified-since",               one,  goes_on,   date,            declared) /* 9110 13.1.3 */ \
  X(if_none_match,                  "if-none-match",                   many, goes_on,   entity_tags,     declared) /* 9110 13.1.2 */ \
  X(if_range,                       "if-range",                        one,  goes_on,   tag_or_date,     declared) /* 9110 13.1.5 */ \
  X(if_unmodified_since,            "if-unmodified-since",             one,  goes_on,   date,            declared) /* 9110 13.1.4 */ \
  X(keep_alive,                     "keep-alive",                      many, ends_here, text,            stays)  /* 9112 C.2.2 */ \
  X(last_event_id,                  "last-event-id",                   one,  goes_on,   text,            declared) /* HTML 9.2.5 */ \
  X(last_modified,                  "last-modified",                   one,  declared,  text,            leaves) /* 9110 8.8.2 */ \
  X(link,                           "link",                            many, declared,  list,            checked) /* 8288 3 */ \
  X(location,                       "location",                        one,  declared,  text,            checked) /* 9110 10.2.2 */ \
  X(max_forwards,                   "max-forwards",                    one,  ends_here, text,            stays)  /* 9110 7.6.2 */ \
  X(origin,                         "origin",                          one,  goes_on,   origin,          declared) /* 6454 7 */ \
  X(permissions_policy,             "permissions-policy",              many, declared,  list,            pages)  /* Permissions Policy 5.2 */ \
  X(pragma,                         "pragma",                          many, browsers,  list,            stays)  /* 9111 5.4 */ \
  X(prefer,                         "prefer",                          many, goes_on,   preferences,     declared) /* 7240 2 */ \
  X(preference_applied,             "preference-applied",              many, declared,  list,            leaves) /* 7240 3 */ \
  X(priority,                       "priority",                        many, goes_on,   priority,        declared) /* 9218 5 */ \
  X(proxy,                          "proxy",                           many, ends_here, text,            stays)  /* CVE-2016-5385 */ \
  X(proxy_authenticate,             "proxy-authenticate",              many, ends_here, text,            stays)  /* 9110 11.7.1 */ \
  X(proxy_authorization,            "proxy-authorization",             one,  ends_here, text,            stays)  /* 9110 11.7.2 */ \
  X(proxy_connection,               "proxy-connection",                many, ends_here, text,            stays)  /* 9112 C.2.2 */ \
  X(range,                          "range",                           one,  goes_on,   byte_ranges,     declared) /* 9110 14.2 */ \
  X(ratelimit,                      "ratelimit",                       many, declared,  list,            stays) \
  X(ratelimit_policy,               "ratelimit-policy",                many, declared,  list,            stays) \
  X(referer,                        "referer",                         one,  browsers,  text,            declared) /* 9110 10.1.3 */ \
  X(referrer_policy,                "referrer-policy",                 many, declared,  list,            pages)  /* Referrer Policy 4.1 */ \
  X(refresh,                        "refresh",                         many, declared,  text,            stays)  /* HTML 4.2.5.3 */ \
  X(remote_user,                    "remote-user",                     many, ends_here, text,            stays)  /* 3875 4.1.11 */ \
  X(repr_digest,                    "repr-digest",                     many, goes_on,   digests,         leaves) /* 9530 3 */ \
  X(retry_after,                    "retry-after",                     one,  declared,  text,            leaves) /* 9110 10.2.3 */ \
  X(sec_ch_ua,                      "sec-ch-ua",                       many, browsers,  text,            declared) /* UA Client Hints */ \
  X(sec_ch_ua_mobile,               "sec-ch-ua-mobile",                many, browsers,  text,            declared) /* UA Client Hints */ \
  X(sec_ch_ua_platform,             "sec-ch-ua-platform",              many, browsers,  text,            declared) /* UA Client Hints */ \
  X(sec_fetch_dest,                 "sec-fetch-dest",                  one,  goes_on,   fetch_dest,      declared) /* Fetch Metadata */ \
  X(sec_fetch_mode,                 "sec-fetch-mode",                  one,  goes_on,   fetch_mode,      declared) \
  X(sec_fetch_site,                 "sec-fetch-site",                  one,  goes_on,   fetch_site,      declared) \
  X(sec_fetch_storage_access,       "sec-fetch-storage-access",        many, browsers,  text,            declared) /* Storage Access Headers */ \
  X(sec_fetch_user,                 "sec-fetch-user",                  one,  goes_on,   fetch_user,      declared) \
  X(sec_gpc,                        "sec-gpc",                         one,  goes_on,   gpc,             declared) \
  X(sec_purpose,                    "sec-purpose",                     many, browsers,  text,            declared) /* Fetch 3.10 */ \
  X(sentry_trace,                    "sentry-trace",                    many, declared,  text,            declared) \
  X(server,                         "server",                          many, declared,  text,            stays)  /* 9110 10.2.4 */ \
  X(set_cookie,                     "set-cookie",                      many, declared,  text,            checked) /* 6265 4.1 */ \
  X(signature,                      "signature",                       many, declared,  list,            declared) /* 9421 4.2 */ \
  X(signature_input,                "signature-input",                 many, declared,  list,            declared) /* 9421 4.1 */ \
  X(strict_transport_security,      "strict-transport-security",       many, declared,  text,            stays)  /* 6797 6.1 */ \
  X(sunset,                         "sunset",                          many, declared,  text,            leaves) /* 8594 3 */ \
  X(te,                             "te",                              many, ends_here, text,            stays)  /* 9110 10.1.4 */ \
  X(traceparent,                    "traceparent",                     one,  ends_here, text,            stays)  /* Trace Context */ \
  X(tracestate,                     "tracestate",                      many, goes_on,   trace_state,     stays)  /* Trace Context 3.3 */ \
  X(trailer,                        "trailer",                         many, ends_here, text,            stays)  /* 9110 6.6.2 */ \
  X(transfer_encoding,              "transfer-encoding",               one,  ends_here, text,            stays)  /* 9112 6.1 */ \
  X(true_client_ip,                 "true-client-ip",                  many, ends_here, text,            stays) \
  X(uber_trace_id,                   "uber-trace-id",                   many, declared,  text,            declared) \
  X(upgrade,                        "upgrade",                         many, ends_here, text,            stays)  /* 9110 7.8 */ \
  X(upgrade_insecure_requests,      "upgrade-insecure-requests",       many, browsers,  text,            declared) /* Upgrade Insecure Requests */ \
  X(user_agent,                     "user-agent",                      one,  goes_on,   products,        declared) /* 9110 10.1.5 */ \
  X(vary,                           "vary",                            many, declared,  list,            leaves) /* 9110 12.5.5 */ \
  X(via,                            "via",                             many, ends_here, text,            stays)  /* 9110 7.6.3 */ \
  X(www_authenticate,               "www-authenticate",                many, declared,  list,            stays)  /* 9110 11.6.1 */ \
  X(x_client_ip,                    "x-client-ip",                     many, ends_here, text,            stays) \
  X(x_cluster_client_ip,            "x-cluster-client-ip",             many, ends_here, text,            stays) \
  X(x_content_type_options,         "x-content-type-options",          many, declared,  text,            stays)  /* Fetch 3.7 */ \
  X(x_csrf_token,                   "x-csrf-token",                    one,  declared,  text,            declared) \
  X(x_envoy_original_path,           "x-envoy-original-path",           many, ends_here, text,            stays) \
  X(x_forwarded_alone,              "x-forwarded",                     many, ends_here, text,            stays) \
  X(x_forwarded_for,                "x-forwarded-for",                 many, ends_here, text,            stays) \
  X(x_forwarded_host,               "x-forwarded-host",                many, ends_here, text,            stays) \
  X(x_frame_options,                "x-frame-options",                 many, declared,  text,            pages)  /* 7034 2 */ \
  X(x_host,                         "x-host",                          many, ends_here, text,            stays) \
  X(x_http_host_override,            "x-http-host-override",            many, ends_here, text,            stays) \
  X(x_http_method,                  "x-http-method",                   many, ends_here, text,            stays) \
  X(x_http_method_override,         "x-http-method-override",          many, ends_here, text,            stays) \
  X(x_http_path_override,            "x-http-path-override",            many, ends_here, text,            stays) \
  X(x_http_verb,                     "x-http-verb",                     many, ends_here, text,            stays) \
  X(x_invoke_path,                   "x-invoke-path",                   many, ends_here, text,            stays) \
  X(x_invoke_query,                  "x-invoke-query",                  many, ends_here, text,            stays) \
  X(x_matched_path,                  "x-matched-path",                  many, ends_here, text,            stays) \
  X(x_method,                        "x-method",                        many, ends_here, text,            stays) \
  X(x_method_override,              "x-method-override",               many, ends_here, text,            stays) \
  X(x_middleware_subrequest,        "x-middleware-subrequest",         many, ends_here, text,            stays) \
  X(x_ms_original_url,               "x-ms-original-url",               many, ends_here, text,            stays) \
  X(x_powered_by,                   "x-powered-by",                    many, declared,  text,            stays) \
  X(x_real_ip,                      "x-real-ip",                       one,  ends_here, text,            stays) \
  X(x_remote_user,                  "x-remote-user",                   many, ends_here, text,            stays) \
  X(x_request_id,                   "x-request-id",                    one,  ends_here, text,            stays) \
  X(x_requested_with,               "x-requested-with",                one,  goes_on,   requested_with,  declared) \
  X(x_rewrite_url,                  "x-rewrite-url",                   many, ends_here, text,            stays) \
  X(host,                           "host",                            one,  ends_here, text,            stays)  /* 9110 7.2 */

// Families, recognised by the beginning of the name; the columns are those of the table.
#define GATEHOUSE_FIELD_FAMILIES(X)                        \
  X(x_forwarded, "x-forwarded-",    many, ends_here, text, stays) \
  X(gatehouse,   "gatehouse-",      many, ends_here, text, stays) \
  X(x_original,  "x-original-",     many, ends_here, text, stays) \
  X(x_b3,        "x-b3-",           many, declared,  text, declared) \
  X(x_ssl,       "x-ssl-",          many, ends_here, text, stays) \
  X(ssl,         "ssl-",            many, ends_here, text, stays) \
  X(x_amz,       "x-amz-",          many, declared,  text, declared) /* AWS Signature Version 4 */ \
  X(cross_origin, "cross-origin-",  many, declared,  text, pages) /* HTML 7.1, Fetch 3.7 */ \
  X(x_auth,      "x-auth-request-", many, ends_here, text, stays)
// clang-format on
