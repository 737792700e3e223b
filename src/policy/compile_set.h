// Fields that Gatehouse itself says to upstreams and to clients. Internal to this room.
#pragma once

#include "base/problems.h"
#include "policy/policy_set.h"
#include "policy/settings.h"

namespace gatehouse::policy {

// Adds what is wrong with `upstreams.NAME.set`.
void check_set(const PolicySet& set, const Upstream& upstream, Problems& problems);
// What an operation that the upstream answers must not let on from its clients.
void add_set(const Upstream& upstream, Operation& operation, Problems& problems);
// `fields.answers.set`; `at` as in compile_heads.cc.
void add_set_answers(const FieldSettings& level, const std::string& at, AnswerRules& rules,
                     Problems& problems);

}  // namespace gatehouse::policy
