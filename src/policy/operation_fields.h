// The fields of an operation's policy, in `operations:` and x-gatehouse: one line for each. Of it are made
// the member of OperationSettings, its reader (settings_reader.cc), the merge of both places (compile.cc) and
// the rule for an entry about a built-in operation (built_in.cc).
//
// The columns:
//   key, member, type   the key in gatehouse.yaml, and the member of OperationSettings. A member says whether
//   the
//                       key was there (stated.h).
//   reader              of settings_reader.cc: gives a value from a field, or nothing with a problem. Bounds
//                       stand in keys_api.h.
//   restated            what an entry about a built-in operation may do: `fixed`: not state it. `replaced`:
//   state
//                       another value. `limits`, `body`: another one that is not weaker.
#pragma once

// clang-format off
#define GATEHOUSE_OPERATION_FIELDS(X)                                                                                   \
  X("exclude",       exclude,       std::optional<PlacedText>,              as_reason,                fixed)    /* the reason: it is not served */ \
  X("permission",    permission,    std::optional<PlacedText>,              as_placed,                fixed)    \
  X("public",        open,          std::optional<PlacedText>,              as_reason,                fixed)    /* the reason */ \
  X("principal",     principal,     std::optional<std::vector<PlacedText>>, as_placed_list,           fixed)    /* as in Defaults */ \
  X("limits",        limits,        std::optional<std::vector<PlacedText>>, as_placed_list,           limits)   \
  X("cost",          cost,          std::optional<std::uint32_t>,           as_count,                 replaced) \
  X("concurrency",   concurrency,   std::optional<std::uint32_t>,           as_count,                 replaced) \
  X("resource",      resource,      std::optional<ResourceSettings>,        as_read<read_resource>,   fixed)    \
  X("when",          conditions,    std::vector<PlacedText>,                as_conditions,            fixed)    \
  X("hide",          hide,          std::optional<Hide>,                    as_hide,                  fixed)    \
  X("sql",           sql,           std::optional<SqlSettings>,             as_read<read_sql>,        fixed)    \
  X("upstream",      upstream,      std::optional<PlacedText>,              as_placed,                fixed)    \
  X("handler",       handler,       std::optional<PlacedText>,              as_placed,                fixed)    \
  X("respond",       respond,       std::optional<RespondSettings>,         as_read<read_respond>,    fixed)    \
  X("body",          body,          std::optional<ByteCount>,               as_size,                  body)     \
  X("timeout",       timeout,       std::optional<Nanoseconds>,             as_duration,              replaced) \
  X("sensitive",     sensitive,     std::optional<PlacedText>,              as_words,                 replaced) \
  X("assert",        assertion,     std::optional<bool>,                    as_boolean,               fixed)    \
  X("signed",        signatures,    std::optional<bool>,                    as_boolean,               fixed)    \
  X("cache_control", cache_control, std::optional<PlacedText>,              as_placed,                fixed)    \
  X("fields",        fields,        std::optional<FieldSettings>,           as_read<read_fields>,     fixed)    \
  X("threat_model",  threat_model,  std::optional<ThreatModel>,             as_read<read_threat_model>, replaced) \
  X("media_types",   media_types,   std::optional<std::vector<PlacedText>>, as_media_types,           fixed)    /* as in Defaults */ \
  X("security",      security,      std::shared_ptr<const doc::Field>,      as_kept,                  fixed)    /* as in Defaults */ \
  X("deep",          deep,          std::optional<openapi::Deep>,           openapi::read_deep,       fixed)    /* as in Defaults */ \
  X("encoded_slash", encoded_slash, std::optional<std::vector<PlacedText>>, as_placed_list,           fixed)    /* path parameters that may hold `%2F` */
// clang-format on
