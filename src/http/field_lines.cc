#include "http/field_lines.h"

#include <algorithm>

#include "http/characters.h"
#include "http/name_folding.h"

namespace gatehouse::http {
namespace {

Malformed repetition(FieldId id) {
  switch (id) {
    case FieldId::host: return Malformed::repeated_host;
    case FieldId::content_length: return Malformed::content_length;
    case FieldId::transfer_encoding: return Malformed::transfer_encoding;
    default: return Malformed::repeated_field;
  }
}

Malformed wrong_in_name(char c) {
  if (c == ' ' || c == '\t') return Malformed::space_before_colon;
  if (c == '\n') return Malformed::bare_lf;
  if (c != '\r' && is_control(c)) return Malformed::control_character;
  return Malformed::field_name;
}

}  // namespace

Progress FieldLines::run(std::string_view data, std::size_t limit, Fields& fields) {
  const char* const text = data.data();
  const std::size_t end = data.size();
  std::size_t at = at_;
  fields.set_base(text);
  const auto pause = [&] {
    at_ = at;
    return Progress::need_more;
  };

  for (;;) {
    switch (state_) {
      case State::line:
        if (at == end) return pause();
        if (text[at] == '\r') {
          ++at;
          state_ = State::last_line_end;
          continue;
        }
        if (text[at] == ' ' || text[at] == '\t') return refuse(at, Malformed::obs_fold);
        if (fields.size() >= limit) return refuse(at, Malformed::too_many_fields);
        name_at_ = at;
        state_ = State::name;
        [[fallthrough]];

      case State::name: {
        at = token_end(text, at, end);
        if (at == end) return pause();
        if (text[at] != ':') return refuse(at, wrong_in_name(text[at]));
        name_size_ = at - name_at_;
        if (name_size_ == 0) return refuse(at, Malformed::field_name);
        const std::string_view name(text + name_at_, name_size_);
        id_ = field_id(name);
        if (id_ == FieldId::other && has_odd_signs(name)) {
          if (disguises_known_name(name)) return refuse(at, Malformed::field_name);
          id_ = FieldId::odd_name;
        }
        ++at;
        state_ = State::space;
        [[fallthrough]];
      }

      case State::space:
        while (at < end && (text[at] == ' ' || text[at] == '\t')) ++at;
        if (at == end) return pause();
        value_at_ = at;
        state_ = State::value;
        [[fallthrough]];

      case State::value: {
        at = value_end(text, at, end);
        if (at == end) return pause();
        if (text[at] != '\r') {
          return refuse(at, text[at] == '\n' ? Malformed::bare_lf : Malformed::control_character);
        }
        std::size_t value_stop = at;
        while (value_stop > value_at_ && (text[value_stop - 1] == ' ' || text[value_stop - 1] == '\t'))
          --value_stop;
        const std::string_view value(text + value_at_, value_stop - value_at_);
        if (!fields.has(id_) || !is_singleton(id_)) {
          fields.add(id_, name_at_, name_size_, value_at_, value.size());
        } else if (id_ != FieldId::date || fields.value(id_) != value) {
          // Two equal dates are one: a server and the framework on it may each write theirs.
          return refuse(at, repetition(id_));
        }
        ++at;
        state_ = State::line_end;
        [[fallthrough]];
      }

      case State::line_end:
        if (at == end) return pause();
        if (text[at] != '\n') return refuse(at, Malformed::bare_cr);
        ++at;
        state_ = State::line;
        continue;

      case State::last_line_end:
        if (at == end) return pause();
        if (text[at] != '\n') return refuse(at, Malformed::bare_cr);
        at_ = at + 1;
        return Progress::complete;
    }
  }
}

}  // namespace gatehouse::http
