#include "openapi/input_compiler.h"

#include <algorithm>

#include "base/strings.h"
#include "doc/reader.h"
#include "openapi/decode.h"
#include "openapi/input_state.h"
#include "openapi/media_type.h"
#include "openapi/text_type.h"

namespace gatehouse::openapi {
namespace {

constexpr doc::Choice<In> kPlaces[] = {
    {"path", In::path}, {"query", In::query}, {"header", In::header}, {"cookie", In::cookie}};
constexpr doc::Choice<Style> kPathStyles[] = {
    {"simple", Style::simple}, {"label", Style::label}, {"matrix", Style::matrix}};
constexpr doc::Choice<Style> kQueryStyles[] = {{"form", Style::form},
                                               {"spaceDelimited", Style::space_delimited},
                                               {"pipeDelimited", Style::pipe_delimited},
                                               {"deepObject", Style::deep_object}};
constexpr doc::Choice<Style> kHeaderStyles[] = {{"simple", Style::simple}};
constexpr doc::Choice<Deep> kDeep[] = {
    {"refused", Deep::refused}, {"brackets", Deep::brackets}, {"exploded", Deep::exploded}};
constexpr doc::Choice<Style> kCookieStyles[] = {{"form", Style::form}};

std::string pointer_of(std::string_view name) {
  std::string pointer = "/";
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

// Whether a value inside an array or object is one that styles can write: they end at one level.
bool is_flat(const TextType& type) { return type.has(TextType::kScalars) || type.kinds == 0; }

// An array, and nothing else, whose items are flat.
bool is_flat_array(const TextType& type) {
  return type.kinds == TextType::kArray && (!type.items || is_flat(*type.items));
}

// An object whose members are flat or flat arrays, of which there is one.
bool has_flat_arrays(const TextType& type) {
  if (type.kinds != TextType::kObject) return false;
  bool found = false;
  const auto fits = [&](const TextType& member) {
    found = found || is_flat_array(member);
    return is_flat(member) || is_flat_array(member);
  };
  return std::ranges::all_of(type.properties, [&](const auto& one) { return fits(*one.second); }) &&
         (!type.additional || fits(*type.additional)) && found;
}

// The choice that says how such a value is written in a query or form, where OpenAPI leaves it open.
Deep open_form(const Codec& codec) {
  const TextType& type = codec.type;
  if (codec.in != In::query) return Deep::refused;
  if (codec.style == Style::form && codec.explode && has_flat_arrays(type)) return Deep::exploded;
  bool open = false;
  if (codec.style == Style::deep_object) {
    open = type.has(TextType::kScalars | TextType::kArray) ||
           (type.additional && !is_flat(*type.additional)) ||
           std::ranges::any_of(type.properties, [](const auto& one) { return !is_flat(*one.second); });
  } else {
    open = codec.style == Style::form && codec.name.find_first_of("[]") == std::string::npos &&
           type.kinds == TextType::kArray && type.items && !is_flat(*type.items);
  }
  return open ? Deep::brackets : Deep::refused;
}

// How an input is read whose form is open, by what was chosen.
Nesting nesting_of(Deep open, Deep chosen) {
  if (!has(chosen, open)) return Nesting::none;
  return open == Deep::brackets ? Nesting::brackets : Nesting::exploded;
}

}  // namespace

std::optional<Deep> read_deep(const doc::Field& field) {
  if (!field.is_list()) return field.one_of<Deep>(kDeep);
  Deep chosen = Deep::refused;
  for (const doc::Field& one : field.list()) {
    const auto choice = one.one_of<Deep>(kDeep);
    if (!choice) return std::nullopt;
    chosen = chosen | *choice;
  }
  return chosen;
}

bool is_ignored_header(std::string_view name) {
  constexpr std::string_view kIgnored[] = {"accept", "content-type", "authorization"};
  return std::ranges::any_of(kIgnored, [&](std::string_view one) { return equal_ignoring_case(name, one); });
}

// The style, from a Parameter Object or Encoding Object.
bool InputCompiler::read_style(doc::Reader& in, const doc::Field&, Codec& codec) {
  std::optional<Style> style;
  const bool written = in.has("style");
  switch (codec.in) {
    case In::path: style = in.optional("style", doc::as_one_of(kPathStyles)); break;
    case In::query: style = in.optional("style", doc::as_one_of(kQueryStyles)); break;
    case In::header: style = in.optional("style", doc::as_one_of(kHeaderStyles)); break;
    case In::cookie: style = in.optional("style", doc::as_one_of(kCookieStyles)); break;
  }
  const bool simple = codec.in == In::path || codec.in == In::header;
  codec.style = style.value_or(simple ? Style::simple : Style::form);
  codec.explode = in.optional("explode", doc::as_boolean).value_or(codec.style == Style::form);
  return style || !written;
}

bool InputCompiler::encodable(const doc::Field& field, const Codec& codec) {
  const auto wrong = [&](const std::string& why) {
    field.problem(why);
    return false;
  };
  const TextType& type = codec.type;
  const bool scalar = type.has(TextType::kScalars);
  if (codec.style == Style::deep_object && codec.name.find_first_of("[]") != std::string::npos) {
    return wrong("a name with brackets has no form in style `deepObject`; rename it");
  }
  if (const Deep open = open_form(codec); open != Deep::refused && codec.nesting != Nesting::json) {
    open_ = open_ | open;
    return codec.nesting != Nesting::none || needs(open, field);
  }
  if ((codec.style == Style::space_delimited || codec.style == Style::pipe_delimited)) {
    if (scalar) return wrong("this style is for arrays; give the schema `type: array`, or leave `style` out");
    if (codec.explode && type.has(TextType::kObject))
      return wrong("an object has no exploded form in this style; say `explode: false`");
  }
  const bool in_json = codec.nesting == Nesting::json;
  if (type.has(TextType::kArray) && type.items && !is_flat(*type.items) && !(in_json && codec.explode)) {
    return wrong(
        "arrays of arrays or objects have no form in any style; use `content: {application/json: …}`");
  }
  if (type.has(TextType::kObject) && !in_json) {
    for (const auto& [name, property] : type.properties) {
      if (is_flat(*property)) continue;
      return wrong("property `" + name +
                   "` is an array or object inside an object, which has no form in any style; use `content: "
                   "{application/json: …}`");
    }
    if (type.additional && !is_flat(*type.additional)) {
      return wrong(
          "members that are arrays or objects have no form in any style; use `content: {application/json: "
          "…}`");
    }
  }
  return true;
}

bool InputCompiler::needs(Deep choice, const doc::Field& field) {
  ++undecided_.emplace(choice, Undecided{field, 0}).first->second.count;
  return false;
}

void InputCompiler::report() const {
  for (const auto& [choice, one] : undecided_) {
    const std::string more =
        one.count == 1 ? "" : "; so it is for " + std::to_string(one.count - 1) + " more";
    one.first.problem(
        (choice == Deep::brackets
             ? "OpenAPI leaves open how arrays and objects inside one another are written here; where the "
               "server behind reads `a[b][c]=1`, `a[]=x` and `a[0][b]=x`, say so in gatehouse.yaml with "
               "`deep: brackets`, under `defaults` or for the operation"
             : "OpenAPI leaves open how an array inside of an exploded object is written; where the server "
               "behind reads its name once for each item, as Spring reads `sort=a&sort=b`, say so in "
               "gatehouse.yaml with `deep: exploded`, under `defaults` or for the operation") +
        more);
  }
}

std::optional<CompiledSchema> InputCompiler::read_content(const doc::Field& content, Codec& codec,
                                                          Located& located) {
  const auto types = content.map();
  if (types.size() != 1) {
    if (content.is_object()) content.problem("must name exactly one media type");
    return std::nullopt;
  }
  const auto& [type, media] = types.front();
  switch (body_kind(media_type_of(type))) {
    case BodyKind::json: codec.carrier = Codec::Carrier::json; break;
    case BodyKind::text: codec.carrier = Codec::Carrier::text; break;
    default:
      media.problem("`" + type +
                    "` cannot be checked in a parameter; use `application/json` or `text/plain`");
      return std::nullopt;
  }
  doc::Reader in(media);
  in.ignore({"example", "examples", "encoding"});
  const auto schema = in.required_field("schema");
  in.finish(doc::Extensions::allowed);
  if (!schema) return std::nullopt;
  located = {&schema->source(), schema->value()};
  return schemas_.compile_input(*schema);
}

CompiledSchema InputCompiler::read_whole_query(const doc::Field& field, const doc::Field& content, Deep deep,
                                               CompiledParameter& into) {
  const auto types = content.map();
  if (types.size() != 1 || media_type_of(types.front().first) != "application/x-www-form-urlencoded") {
    content.problem("must name `application/x-www-form-urlencoded`: no other query can be checked");
    return {};
  }
  const auto media = documents_.follow(types.front().second);
  if (!media) return {};
  doc::Reader in(*media);
  in.ignore({"example", "examples", "encoding"});
  const auto schema = in.required_field("schema");
  in.finish(doc::Extensions::allowed);
  if (!schema) return {};
  into.codec.style = Style::form;
  into.codec.explode = true;
  // An array in a form is its name once for each item, unless an Encoding Object says otherwise.
  if (!media->value().find("encoding")) deep = deep | Deep::exploded;
  CompiledSchema checked = compile_schema(field, *schema, deep, into);
  if (checked.schema && into.codec.type.kinds != TextType::kObject) {
    schema->problem("a query is an object; give the schema `type: object`");
    return {};
  }
  return checked;
}

std::optional<CompiledParameter> InputCompiler::parameter(const doc::Field& field, Deep deep, Slash slash) {
  CompiledParameter compiled;
  Parameter& declared = compiled.declared;
  Codec& codec = compiled.codec;
  doc::Reader in(field);
  if (!field.is_object()) return std::nullopt;
  const std::size_t before = documents_.problems().size();
  in.ignore({"description", "example", "examples"});
  declared.name = in.required("name", doc::as_text);
  const std::optional<doc::Field> place = in.required_field("in");
  const bool whole_query =
      version_ == Version::v3_2 && field.value().find_string("in") == std::string_view("querystring");
  const auto where = whole_query ? In::query : place ? place->one_of<In>(kPlaces) : std::nullopt;
  declared.in = where.value_or(In::query);
  declared.required = in.optional("required", doc::as_boolean).value_or(false);
  declared.deprecated = in.optional("deprecated", doc::as_boolean).value_or(false);
  declared.place = field.place();
  if (const auto own = in.take("x-gatehouse")) declared.gatehouse = {&own->source(), own->value()};
  const bool sensitive = in.optional("x-sensitive", doc::as_boolean).value_or(false);

  codec.in = declared.in;
  codec.name = declared.name;
  codec.at = "/" + std::string(name(codec.in)) + pointer_of(declared.name);
  codec.required = declared.required;
  codec.slash = slash;
  if (where) read_style(in, field, codec);
  if (const auto own = declared.gatehouse ? declared.gatehouse.value.find("deep") : std::nullopt) {
    const doc::Field at(*declared.gatehouse.source, *own, field.path() + ".x-gatehouse.deep",
                        field.problems());
    deep = read_deep(at).value_or(deep);
  }
  const bool reserved = in.optional("allowReserved", doc::as_boolean).value_or(false);
  codec.allow_empty =
      in.optional("allowEmptyValue", doc::as_boolean).value_or(false) && codec.in == In::query;
  switch (codec.in) {
    case In::path:
    case In::cookie: codec.encoding = Encoding::percent; break;
    case In::query:
      codec.encoding = reserved                                ? Encoding::percent
                       : codec.style == Style::space_delimited ? Encoding::query
                                                               : query_;
      break;
    case In::header: codec.encoding = Encoding::bare; break;
  }
  const std::optional<doc::Field> schema = in.take("schema");
  const std::optional<doc::Field> content = in.take("content");
  in.finish(doc::Extensions::allowed);

  if (codec.in == In::header && is_ignored_header(declared.name)) return std::nullopt;
  if (where == In::path && !declared.required) field.problem("a path parameter must say `required: true`");
  if ((where == In::header || where == In::cookie) && !declared.name.empty() && !is_token(declared.name)) {
    field.problem("`" + declared.name + "` cannot be the name of a header or cookie");
  }
  if (schema && content) {
    field.problem("has both `schema` and `content`; keep one");
  } else if (!schema && !content) {
    field.problem("has neither `schema` nor `content`: anything would be accepted; give it a `schema`");
  }
  if (documents_.problems().size() != before) return std::nullopt;

  CompiledSchema checked;
  if (whole_query && content) {
    checked = read_whole_query(field, *content, deep, compiled);
  } else if (whole_query) {
    schema->problem("a parameter in `querystring` has `content`, and no `schema`");
  } else if (schema) {
    checked = compile_schema(field, *schema, deep, compiled);
  } else if (const auto read = read_content(*content, codec, declared.schema)) {
    checked = *read;
  }
  if (!finish(compiled, checked)) return std::nullopt;
  declared.traits.secret |= sensitive;
  return compiled;
}

std::optional<CompiledParameter> InputCompiler::header(const std::string& name, const doc::Field& schema) {
  CompiledParameter compiled;
  compiled.declared.name = name;
  compiled.declared.in = In::header;
  compiled.declared.place = schema.place();
  compiled.codec.in = In::header;
  compiled.codec.name = name;
  compiled.codec.at = "/header" + pointer_of(name);
  compiled.codec.style = Style::simple;
  compiled.codec.encoding = Encoding::bare;
  if (!finish(compiled, compile_schema(schema, schema, Deep::refused, compiled))) return std::nullopt;
  return compiled;
}

// The schema is nothing, after a problem, where it cannot be enforced.
CompiledSchema InputCompiler::compile_schema(const doc::Field& field, const doc::Field& schema, Deep deep,
                                             CompiledParameter& into) {
  into.declared.schema = {&schema.source(), schema.value()};
  CompiledSchema checked = schemas_.compile_input(schema);
  Codec& codec = into.codec;
  codec.type = *text_type(documents_, schema, schemas_.sealing());
  codec.nesting = nesting_of(open_form(codec), deep);
  if (codec.nesting == Nesting::brackets)
    codec.type = *text_type(documents_, schema, schemas_.sealing(), kBracketLevels);
  // An exploded object has no name of its own that would distinguish it from the other kinds.
  if (codec.explode && codec.style == Style::form && codec.type.is_mixed()) {
    codec.type.kinds &= static_cast<std::uint8_t>(~TextType::kObject);
  }
  return encodable(field, codec) ? checked : CompiledSchema();
}

bool InputCompiler::finish(CompiledParameter& compiled, const CompiledSchema& checked) {
  if (!checked.schema) return false;
  Parameter& declared = compiled.declared;
  compiled.codec.schema = declared.checked_by = checked.schema;
  declared.shape = checked.shape;
  declared.traits = checked.traits;
  return true;
}

bool add_names(const Codec& codec, std::size_t index, const doc::Field& field, NameTable& names) {
  using Meaning = NameTable::Meaning;
  const auto number = static_cast<std::uint16_t>(index);
  const auto add = [&](const std::string& name, Meaning meaning) {
    if (names.add({name, number, meaning})) return true;
    field.problem("two parameters would be read from the name `" + name + "`; rename one");
    return false;
  };
  const bool styled = codec.carrier == Codec::Carrier::styled;
  if (codec.nesting == Nesting::brackets) return add(codec.name, Meaning::brackets);
  if (codec.nesting == Nesting::json) return add(codec.name, Meaning::parameter);
  const bool object = styled && codec.type.has(TextType::kObject);
  if (object && codec.style == Style::deep_object) return add(codec.name, Meaning::deep);
  if (object && codec.explode && codec.type.kinds == TextType::kObject) {
    for (const auto& [name, type] : codec.type.properties) {
      if (!add(name, Meaning::property)) return false;
    }
    if (codec.type.additional) {
      if (names.free) {
        field.problem("two parameters would take any name; declare the properties of one");
        return false;
      }
      names.free = number;
    }
    return true;
  }
  return add(codec.name, Meaning::parameter);
}

std::shared_ptr<const InputReader> InputCompiler::reader(const std::vector<CompiledParameter>& parameters,
                                                         const std::vector<std::string>& path_names,
                                                         const doc::Field& operation) {
  auto state = std::make_unique<InputReader::State>();
  state->query_encoding = query_;
  state->semicolon = semicolon_;
  for (const std::string& name : path_names) {
    for (const CompiledParameter& one : parameters) {
      if (one.codec.in == In::path && one.codec.name == name) state->path.push_back(one.codec);
    }
  }
  for (const CompiledParameter& one : parameters) {
    switch (one.codec.in) {
      case In::path: break;
      case In::query:
        add_names(one.codec, state->query.size(), operation, state->query_names);
        state->query.push_back(one.codec);
        break;
      case In::header: state->header.push_back(one.codec); break;
      case In::cookie:
        add_names(one.codec, state->cookie.size(), operation, state->cookie_names);
        state->cookie.push_back(one.codec);
        break;
    }
  }
  return std::shared_ptr<const InputReader>(new InputReader(std::move(state)));
}

std::shared_ptr<const FormReader> InputCompiler::form(const doc::Field& media_type, const doc::Field& schema,
                                                      std::shared_ptr<const schema::Schema> compiled,
                                                      Deep deep) {
  auto state = std::make_unique<FormReader::State>();
  state->semicolon = semicolon_;
  const auto type = text_type(documents_, schema, schemas_.sealing(),
                              has(deep, Deep::brackets) ? kBracketLevels : kStyledLevels);
  if (type->kinds != TextType::kObject) return nullptr;
  const std::optional<json::Value> encodings = media_type.value().find("encoding");
  for (const auto& [name, property] : type->properties) {
    Codec codec;
    codec.name = name;
    codec.at = pointer_of(name);
    codec.encoding = Encoding::form;
    codec.style = Style::form;
    codec.explode = true;
    codec.type = *property;
    codec.nesting = Nesting::json;
    const auto encoding = encodings ? encodings->find(name) : std::nullopt;
    const doc::Field at(media_type.source(), encoding.value_or(media_type.value()),
                        media_type.path() + ".encoding." + name, media_type.problems());
    if (encoding) {
      doc::Reader in(at);
      in.ignore({"headers"});
      in.optional("allowReserved", doc::as_boolean);
      const auto content_type = in.optional("contentType", doc::as_text);
      const bool styled = in.has("style") || in.has("explode") || in.has("allowReserved");
      read_style(in, at, codec);
      if (styled) {
        codec.nesting = nesting_of(open_form(codec), deep);
      } else if (content_type) {
        switch (body_kind(media_type_of(*content_type))) {
          case BodyKind::json: codec.carrier = Codec::Carrier::json; break;
          case BodyKind::text: codec.nesting = Nesting::none; break;
          default: at.problem("contentType must be `application/json` or `text/plain`"); return nullptr;
        }
      }
      in.finish(doc::Extensions::allowed);
    }
    if (codec.carrier == Codec::Carrier::styled && !encodable(at, codec)) return nullptr;
    if (!add_names(codec, state->properties.size(), at, state->names)) return nullptr;
    state->properties.push_back(std::move(codec));
  }
  if (type->additional && !state->names.free) {
    state->names.free = static_cast<std::uint16_t>(state->properties.size());
    Codec others;
    others.encoding = Encoding::form;
    others.at = "/*";
    others.nesting = Nesting::json;
    others.type.additional = type->additional;
    state->free = std::move(others);
  }
  state->schema = std::move(compiled);
  return std::shared_ptr<const FormReader>(new FormReader(std::move(state)));
}

}  // namespace gatehouse::openapi
