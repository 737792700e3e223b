#include "openapi/parameter.h"

#include "base/strings.h"
#include "json/parser.h"
#include "openapi/decode.h"
#include "openapi/input_state.h"
#include "openapi/style_reader.h"

namespace gatehouse::openapi {
namespace {

constexpr std::string_view kValid;

// A `;`, at which a servlet container cuts, and which style matrix uses itself; a `?` or `#`, which ends the
// path for a proxy that writes it decoded into its own request; or an escape that a second decoding would
// change.
bool is_read_differently(std::string_view raw, const Codec& codec) {
  if (codec.style != Style::matrix && raw.contains(';')) return true;
  if (!raw.contains('%')) return false;
  for (const std::string_view sign : {"%3B", "%3b", "%3F", "%3f", "%23"}) {
    if (raw.contains(sign)) return true;
  }
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
  };
  for (auto at = raw.find("%25"); at != std::string_view::npos; at = raw.find("%25", at + 3)) {
    if (raw.size() - at > 4 && is_hex(raw[at + 3]) && is_hex(raw[at + 4])) return true;
  }
  return false;
}

// An exploded object, whose members have names and which has none.
bool is_nameless(const Codec& codec) {
  return codec.carrier == Codec::Carrier::styled && codec.style == Style::form && codec.explode &&
         codec.type.kinds == TextType::kObject && codec.nesting != Nesting::json &&
         codec.nesting != Nesting::brackets;
}

}  // namespace

std::string_view name(In in) {
  switch (in) {
    case In::path: return "path";
    case In::query: return "query";
    case In::header: return "header";
    case In::cookie: return "cookie";
  }
  return "";
}

struct InputMemory::State {
  StyleReader styles;
  Pairs pairs;
  std::string text;
  json::Parser parser;
  json::Document trial;  // a value that is tried before it is taken
  std::vector<const Codec*>
      present[4];  // by In: the members in the document, in its order; null: not to be checked
  std::vector<std::string_view> lines;  // of one header
  schema::Findings findings;
  schema::Allowance allowance;  // of one request's parameters, or of one form
  std::string undeclared;

  void begin() {
    undeclared.clear();
    allowance = {};
    for (auto& list : present) list.clear();
  }
  std::string_view write_json(std::string_view raw, const Codec& codec, json::Builder& out);
  template <typename WriteStyled>
  std::string_view write(std::string_view raw, const Codec& codec, json::Builder& out, WriteStyled&& styled);
  template <typename Report>
  bool write_pairs(const std::vector<Codec>& codecs, json::Builder& out, std::vector<const Codec*>& taken,
                   Report&& report);
};

std::string_view InputMemory::State::write_json(std::string_view raw, const Codec& codec,
                                                json::Builder& out) {
  if (codec.in == In::header) raw = trimmed(raw);
  const auto decoded = decode(raw, codec.encoding, text);
  if (!decoded || moves_in_path(*decoded, codec)) {
    out.null();
    return broken_rule(raw, codec.encoding);
  }
  if (codec.carrier == Codec::Carrier::text) {
    out.string(*decoded);
    return kValid;
  }
  if (!parser.parse(*decoded, trial, kJsonLimits)) {
    out.null();
    return "json";
  }
  out.copy(trial.root());
  return kValid;
}

// Writes one value. `raw` is the only text where the carrier is not a style. Where the type is mixed, each of
// its kinds is tried in turn, and the first that the schema accepts is taken.
template <typename WriteStyled>
std::string_view InputMemory::State::write(std::string_view raw, const Codec& codec, json::Builder& out,
                                           WriteStyled&& styled) {
  if (codec.carrier != Codec::Carrier::styled) return write_json(raw, codec, out);
  if (!codec.type.is_mixed()) return styled(codec.type.kinds, out);
  using Type = TextType;
  constexpr std::uint8_t kTries[] = {Type::kScalars, Type::kBoolean | Type::kString, Type::kString,
                                     Type::kArray, Type::kObject};
  std::uint8_t best = 0;  // is of the form, though the schema does not accept it
  std::uint8_t tried = 0;
  std::string_view first_broken;
  for (const std::uint8_t set : kTries) {
    const std::uint8_t kinds = codec.type.kinds & set;
    if (kinds == 0 || kinds == tried) continue;
    tried = kinds;
    json::Builder attempt(trial);
    const std::string_view broken = styled(kinds, attempt);
    if (!broken.empty()) {
      if (first_broken.empty()) first_broken = broken;
    } else if (!codec.schema || codec.schema->accepts(trial.root(), allowance)) {
      out.copy(trial.root());
      return kValid;
    } else if (best == 0) {
      best = kinds;
    }
  }
  if (best != 0) return styled(best, out);  // the check reports the error
  out.null();
  return first_broken;
}

template <typename Report>
bool InputMemory::State::write_pairs(const std::vector<Codec>& codecs, json::Builder& out,
                                     std::vector<const Codec*>& taken, Report&& report) {
  bool fine = true;
  for (std::size_t i = 0; i < codecs.size(); ++i) {
    const Codec& codec = codecs[i];
    const std::uint32_t first = pairs.first(i);
    if (first == Pair::kEnd) {
      if (!codec.required) continue;
      if (is_nameless(codec)) {
        // RFC 6570 section 2.3: an object without members is written as nothing.
        out.key(codec.name);
        out.begin_object();
        out.end_object();
        taken.push_back(&codec);
        continue;
      }
      report(codec, "required");
      fine = false;
      continue;
    }
    out.key(codec.name);
    const Pair& pair = pairs.all()[first];
    const bool single = pair.next == Pair::kEnd;
    if (codec.allow_empty && single && pair.value.empty() && pair.property.empty()) {
      out.string("");
      taken.push_back(nullptr);
      continue;
    }
    std::string_view broken;
    if (codec.carrier != Codec::Carrier::styled && (!single || !pair.has_value)) {
      out.null();
      broken = single ? "empty" : "repeated";
    } else {
      broken = write(pair.value, codec, out, [&](std::uint8_t kinds, json::Builder& to) {
        return styles.write_pairs(pairs.all(), first, codec, kinds, to);
      });
    }
    if (!broken.empty()) {
      report(codec, broken);
      fine = false;
    }
    taken.push_back(&codec);
  }
  return fine;
}

InputMemory::InputMemory() : state_(std::make_unique<State>()) {}
InputMemory::InputMemory(InputMemory&&) noexcept = default;
InputMemory::~InputMemory() = default;
std::string_view InputMemory::undeclared() const { return state_->undeclared; }

InputReader::InputReader(std::unique_ptr<const State> state) : state_(std::move(state)) {}
InputReader::~InputReader() = default;

bool InputReader::uses(In in) const {
  switch (in) {
    case In::path: return !state_->path.empty();
    case In::query: return !state_->query.empty();
    case In::header: return !state_->header.empty();
    case In::cookie: return !state_->cookie.empty();
  }
  return true;
}

std::vector<std::string> InputReader::names(In in) const {
  std::vector<std::string> names;
  const auto from = [&names](const NameTable& table) {
    for (const NameTable::Entry& entry : table.entries()) names.push_back(entry.name);
  };
  const auto of = [&names](const std::vector<Codec>& codecs) {
    for (const Codec& codec : codecs) names.push_back(codec.name);
  };
  switch (in) {
    case In::path: of(state_->path); break;
    case In::query: from(state_->query_names); break;
    case In::header: of(state_->header); break;
    case In::cookie: from(state_->cookie_names); break;
  }
  return names;
}

bool InputReader::read(const RawInput& raw, InputMemory& kept, json::Document& into,
                       schema::Findings& findings) const {
  InputMemory::State& memory = *kept.state_;
  memory.begin();
  memory.styles.begin(raw.input_values);
  findings.clear();
  bool fine = true;
  const auto report = [&](const Codec& codec, std::string_view rule) {
    findings.add(codec.at, rule);
    fine = false;
  };
  const auto report_pair = [&](In in, const std::vector<Codec>& codecs, const Pairs::Broken& broken) {
    findings.add(broken.codec ? codecs[*broken.codec].at : "/" + std::string(name(in)) + "/*", broken.rule);
    memory.undeclared = broken.name;
    fine = false;
  };

  json::Builder out(into);
  out.begin_object();

  out.key("path");
  out.begin_object();
  for (std::size_t i = 0; i < state_->path.size(); ++i) {
    const Codec& codec = state_->path[i];
    const std::string_view text = i < raw.path.size() ? raw.path[i] : std::string_view();
    out.key(codec.name);
    memory.present[0].push_back(&codec);
    if (text.empty()) {
      out.null();
      report(codec, "required");
      continue;
    }
    const std::string_view broken =
        memory.write(text, codec, out, [&](std::uint8_t kinds, json::Builder& to) {
          return memory.styles.write_path(text, codec, kinds, to);
        });
    if (!broken.empty()) {
      report(codec, broken);
    } else if (raw.input_values == InputValues::unambiguous && is_read_differently(text, codec)) {
      report(codec, "ambiguous");
    }
  }
  out.end_object();

  out.key("query");
  out.begin_object();
  memory.pairs.begin(state_->query.size(), raw.query.size());
  if (const auto broken = memory.pairs.split(raw.query, state_->query_names, state_->query_encoding,
                                             state_->semicolon, raw.passed_over, raw.guarded)) {
    report_pair(In::query, state_->query, broken);
  } else {
    memory.write_pairs(state_->query, out, memory.present[1], report);
  }
  out.end_object();

  out.key("header");
  out.begin_object();
  for (const Codec& codec : state_->header) {
    memory.lines.clear();
    for (std::size_t n = 0; raw.headers; ++n) {
      const auto line = raw.headers->value(codec.name, n);
      if (!line) break;
      memory.lines.push_back(*line);
    }
    if (memory.lines.empty()) {
      if (codec.required) report(codec, "required");
      continue;
    }
    out.key(codec.name);
    memory.present[2].push_back(&codec);
    std::string_view broken;
    if (codec.carrier != Codec::Carrier::styled && memory.lines.size() > 1) {
      out.null();
      broken = "repeated";
    } else {
      broken = memory.write(memory.lines[0], codec, out, [&](std::uint8_t kinds, json::Builder& to) {
        return memory.styles.write_header(memory.lines, codec, kinds, to);
      });
    }
    if (!broken.empty()) report(codec, broken);
  }
  out.end_object();

  out.key("cookie");
  out.begin_object();
  if (!state_->cookie.empty()) {
    memory.pairs.begin(state_->cookie.size(), 0);
    Pairs::Broken broken;
    for (std::size_t n = 0; raw.headers && !broken; ++n) {
      const auto line = raw.headers->value("cookie", n);
      if (!line) break;
      broken = memory.pairs.split_cookies(*line, state_->cookie_names, state_->cookie);
    }
    if (broken) {
      report_pair(In::cookie, state_->cookie, broken);
    } else {
      memory.write_pairs(state_->cookie, out, memory.present[3], report);
    }
  }
  out.end_object();
  out.end_object();

  if (fine) {
    std::size_t in = 0;
    for (const json::Member part : into.root().members()) {
      auto codec = memory.present[in].begin();
      for (const json::Member member : part.value.members()) {
        const Codec* by = *codec++;
        if (!by) continue;
        const auto check = [&](const schema::Schema& schema) {
          if (schema.check(member.value, memory.findings, memory.allowance)) return;
          for (const schema::Finding& finding : memory.findings)
            findings.add(by->at + finding.at, finding.rule);
          fine = false;
        };
        check(*by->schema);
        for (const auto& schema : by->also) check(*schema);
      }
      ++in;
    }
  }
  if (!fine) into.clear();
  return fine;
}

FormReader::FormReader(std::unique_ptr<const State> state) : state_(std::move(state)) {}
FormReader::~FormReader() = default;

bool FormReader::read(std::string_view body, InputMemory& memory, json::Document& into,
                      schema::Findings& findings) const {
  if (!decode(body, memory, into, findings)) return false;
  if (!state_->schema || state_->schema->check(into.root(), findings)) return true;
  into.clear();
  return false;
}

bool FormReader::decode(std::string_view body, InputMemory& kept, json::Document& into,
                        schema::Findings& findings, InputValues values) const {
  InputMemory::State& memory = *kept.state_;
  memory.begin();
  memory.styles.begin(values);
  findings.clear();
  bool fine = true;
  memory.pairs.begin(state_->properties.size() + 1, body.size());
  json::Builder out(into);
  out.begin_object();
  if (const auto broken = memory.pairs.split(body, state_->names, Encoding::form, state_->semicolon)) {
    findings.add(broken.codec ? state_->properties[*broken.codec].at : "/*", broken.rule);
    memory.undeclared = broken.name;
    fine = false;
  } else {
    fine =
        memory.write_pairs(state_->properties, out, memory.present[0],
                           [&](const Codec& codec, std::string_view rule) { findings.add(codec.at, rule); });
    if (state_->free) {
      const std::uint32_t first = memory.pairs.first(state_->properties.size());
      const std::string_view rule =
          memory.styles.write_members(memory.pairs.all(), first, *state_->free, out);
      if (!rule.empty()) {
        findings.add("/*", rule);
        fine = false;
      }
    }
  }
  out.end_object();
  if (!fine) into.clear();
  return fine;
}

}  // namespace gatehouse::openapi
