#include "openapi/request_body.h"

#include <algorithm>
#include <utility>

#include "json/writer.h"
#include "openapi/documents.h"
#include "openapi/input_compiler.h"
#include "openapi/load.h"
#include "openapi/media_type.h"
#include "openapi/schemas.h"
#include "openapi/text_type.h"

namespace gatehouse::openapi {

// OpenAPI 3.0.3 section 4.7.10.1: "In other cases where the HTTP spec is vague, requestBody SHALL be
// ignored". Its content has no meaning then, even if a reference in it has no target. 3.1 permits one, but a
// TRACE never has one (RFC 9110 section 9.3.8).
bool BodyReader::is_ignored(Method method) const {
  if (method == Method::trace) return true;
  return version_ == Version::v3_0 && (method == Method::get || method == Method::head);
}

namespace {

bool is_same_schema(const Content& a, const Content& b) {
  if (!a.schema || !b.schema) return !a.schema && !b.schema;
  return a.schema.source == b.schema.source && json::to_text(a.schema.value) == json::to_text(b.schema.value);
}

}  // namespace

void BodyReader::read(const doc::Field& written, const Additions& decided, Operation& operation) {
  if (is_ignored(operation.method)) {
    operation.ignored_body = written.place();
    return;
  }
  const auto field = documents_.follow(written);
  if (!field) return;
  doc::Reader in(*field);
  if (!field->is_object()) return;
  in.ignore({"description"});
  RequestBody body;
  body.place = field->place();
  body.required = in.optional("required", doc::as_boolean).value_or(false);
  const auto content = in.required_field("content");
  if (content) read_contents(*content, decided, body);
  in.finish(doc::Extensions::allowed);
  // One that may be left out, and of which no type is named, is as if none were declared: it is refused.
  if (!body.required && content && content->is_object() && content->value().size() == 0) return;
  operation.body = std::move(body);
}

void BodyReader::read_contents(const doc::Field& content, const Additions& decided, RequestBody& body) {
  // The most specific key applies (OpenAPI 3.1.1 section 4.8.14.1): a wider one adds nothing to it.
  auto keys = content.map();
  std::ranges::stable_sort(keys, {}, [](const auto& key) { return width(media_type_of(key.first)); });
  for (const auto& [written, at] : keys) {
    const auto followed = documents_.follow(at);
    const doc::Field& media = followed ? *followed : at;
    const std::string type = media_type_of(written);
    std::vector<std::string> types;
    if (decided.media_types) {
      for (const std::string& one : *decided.media_types) {
        auto common = narrower(type, one);
        if (common && std::ranges::find(types, *common) == types.end()) types.push_back(*std::move(common));
      }
      if (types.empty()) body.untaken.push_back({type, media.place()});
    } else {
      types.push_back(type);
    }
    for (const std::string& one : types) {
      const auto same_type = [&](const Content& other) { return other.type == one; };
      if (one != type && std::ranges::any_of(body.content, same_type)) continue;
      const bool named =
          !decided.media_types || std::ranges::find(*decided.media_types, one) != decided.media_types->end();
      auto read = read_content(one, written, media, named ? Taken::named : Taken::covered, decided.deep);
      if (!read) {
        body.untaken.push_back({one, media.place()});
        continue;
      }
      const auto same = [&](const Content& other) {
        return other.type == read->type && other.parameters == read->parameters;
      };
      if (const auto first = std::ranges::find_if(body.content, same); first != body.content.end()) {
        if (is_same_schema(*first, *read)) continue;
        media.problem("`" + read->type +
                      "` is declared twice (charset does not count), with two schemas; keep one");
      }
      body.content.push_back(*std::move(read));
    }
  }
  std::ranges::stable_sort(body.content, {}, [](const Content& one) { return width(one.type); });
  if (body.required && content.is_object() && content.value().size() == 0)
    content.problem("names no media type; add one, such as `application/json`");
}

void BodyReader::cannot_take(const std::string& type, std::string_view why, const doc::Field& media) {
  ++untakeable_.emplace(type, Untakeable{why, media, 0}).first->second.count;
}

void BodyReader::report() {
  for (const auto& [type, one] : untakeable_) {
    const std::string more =
        one.count == 1 ? "" : "; the same is true for " + std::to_string(one.count - 1) + " more bodies";
    one.first.problem("`" + type + "` " + std::string(one.why) +
                      "; state the accepted types in gatehouse.yaml, as in `media_types: "
                      "[application/json]`, under `defaults` or for the operation: all others get 415" +
                      more);
  }
}

bool BodyReader::read_sequence(const std::optional<doc::Field>& schema, const std::optional<doc::Field>& item,
                               Content& content, std::string_view& why) {
  if (version_ != Version::v3_2) {
    why =
        "is a sequence of values, and this version of OpenAPI does not say whether `schema` is that of one "
        "or of all; write `openapi: 3.2.0`, and `itemSchema`";
    return false;
  }
  if (!item && text_type(documents_, *schema, schemas_.sealing())->kinds != TextType::kArray) {
    why = "is a sequence of values, whose `schema` is of an array; write that of one value as `itemSchema`";
    return false;
  }
  const CompiledSchema compiled =
      item ? schemas_.compile_sequence(*item, schema) : schemas_.compile_input(*schema);
  content.checked_by = compiled.schema;
  content.shape = compiled.shape;
  content.secret_members = compiled.traits.secret_members;
  return content.checked_by != nullptr;
}

// `type` is that of `written`, or a narrower one.
std::optional<Content> BodyReader::read_content(const std::string& type, const std::string& written,
                                                const doc::Field& media, Taken taken, Deep deep) {
  const auto refuse = [&](std::string_view why) {
    if (taken == Taken::named) cannot_take(type, why, media);
    return std::nullopt;
  };
  Content content;
  content.type = type;
  content.kind = body_kind(type);
  if (auto parameters = media_type_parameters(written)) {
    content.parameters = *std::move(parameters);
    std::ranges::sort(content.parameters);
  } else {
    media.problem("`" + written + "` is not a media type; write it as `application/json`");
    return std::nullopt;
  }
  if (type.contains('*') && !is_media_range(type)) {
    media.problem("`" + type +
                  "` is not a range of media types; write `image/*`, `application/*+json` or `*/*`");
    return std::nullopt;
  }
  if (type.starts_with("multipart/")) {
    return refuse("is not supported yet: its parts could not be checked");
  }
  doc::Reader in(media);
  if (!media.is_object()) return std::nullopt;
  in.ignore({"example", "examples", "encoding"});
  std::optional<doc::Field> item;
  if (version_ == Version::v3_2) {
    in.ignore({"prefixEncoding", "itemEncoding"});
    item = in.take("itemSchema");
  }
  const auto schema = in.take("schema");
  in.finish(doc::Extensions::allowed);
  const bool is_sequence = content.kind == BodyKind::lines || content.kind == BodyKind::records;
  if (is_sequence && !item &&
      (!schema || text_type(documents_, *schema, schemas_.sealing())->kinds == TextType::kString)) {
    content.kind = BodyKind::opaque;
  } else if (is_sequence) {
    if (type != media_type_of(written)) return std::nullopt;  // of a range, JSON alone is read
    content.schema = {&media.source(), media.value()};
    std::string_view why;
    if (!read_sequence(schema, item, content, why)) return why.empty() ? std::nullopt : refuse(why);
    return content;
  }
  if (item) {
    return refuse(
        "is a stream whose items (`itemSchema`) cannot be checked in a request; those of JSON lines "
        "(`application/jsonl`) and `application/json-seq` can");
  }
  if (schema) content.schema = {&schema->source(), schema->value()};
  if (content.kind == BodyKind::opaque) {
    if (!schema || text_type(documents_, *schema, schemas_.sealing())->kinds == TextType::kString)
      return content;
    // Of all the types that the range covers, JSON alone can be held against the schema.
    if (type != "*/*" && type != "application/*") {
      if (type != media_type_of(written)) return std::nullopt;
      return refuse("cannot be checked against a schema");
    }
    content.kind = BodyKind::json;
  }
  if (!schema) {
    media.problem("has no `schema`: any body would be accepted; state the body that the operation accepts");
    return std::nullopt;
  }
  const CompiledSchema compiled = schemas_.compile_input(*schema);
  if (!compiled.schema) return std::nullopt;
  content.checked_by = compiled.schema;
  content.shape = compiled.shape;
  content.secret_members = compiled.traits.secret_members;
  if (content.kind == BodyKind::form) {
    if (text_type(documents_, *schema, schemas_.sealing())->kinds != TextType::kObject) {
      return refuse("is for objects, and its schema is not of one");
    }
    content.form = inputs_.form(media, *schema, compiled.schema, deep);
    if (!content.form) return std::nullopt;
  }
  return content;
}

}  // namespace gatehouse::openapi
