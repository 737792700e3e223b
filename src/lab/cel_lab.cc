// {"expr", "bindings": {name: cel.expr.Value}, "container", "types": {name: type}} -> {"value", "type"} or
// {"error"}.
//
// Values are cel.expr.Value as protobuf writes it in JSON: {"int64Value": "1"}; a binding may also be wrapped
// as the suites wrap it, {"value": {...}}. A type is "list(int)", a cel.expr.Type as JSON, or
// {"function": {"overloads": [..]}} for a function that is only checked. Also understood: "disable_check" and
// "check_only".
#include <charconv>
#include <cmath>
#include <deque>
#include <limits>
#include <optional>
#include <string>

#include "base/encoding.h"
#include "cel/compile.h"
#include "cel/program.h"
#include "cel/time.h"
#include "json/writer.h"
#include "lab/lab.h"

namespace gatehouse::lab {
namespace {

using cel::Type;
using cel::Value;

constexpr std::size_t kMaxAnswer = 16U << 20U;
constexpr std::string_view kTypePrefix = "type.googleapis.com/";

// --- types

Type primitive(std::string_view name) {
  if (name == "BOOL") return Type::boolean();
  if (name == "INT64") return Type::integer();
  if (name == "UINT64") return Type::unsigned_integer();
  if (name == "DOUBLE") return Type::number();
  if (name == "STRING") return Type::string();
  return name == "BYTES" ? Type::bytes() : Type::dyn();
}

// Messages for which CEL has a type of its own.
Type message(std::string_view name) {
  const std::string_view tail = name.starts_with("google.protobuf.") ? name.substr(16) : "";
  if (tail == "BoolValue") return Type::wrapper(Type::boolean());
  if (tail == "Int32Value" || tail == "Int64Value") return Type::wrapper(Type::integer());
  if (tail == "UInt32Value" || tail == "UInt64Value") return Type::wrapper(Type::unsigned_integer());
  if (tail == "FloatValue" || tail == "DoubleValue") return Type::wrapper(Type::number());
  if (tail == "StringValue") return Type::wrapper(Type::string());
  if (tail == "BytesValue") return Type::wrapper(Type::bytes());
  if (tail == "ListValue") return Type::list(Type::dyn());
  if (tail == "Struct") return Type::map(Type::string(), Type::dyn());
  return cel::parse_type(name).value_or(Type::dyn());
}

Type read_type(json::Value value) {
  if (value.is_string()) return cel::parse_type(value.string()).value_or(Type::dyn());
  if (const auto name = value.find_string("primitive")) return primitive(*name);
  if (const auto name = value.find_string("wrapper")) return Type::wrapper(primitive(*name));
  if (const auto name = value.find_string("wellKnown")) {
    return *name == "TIMESTAMP" ? Type::timestamp() : *name == "DURATION" ? Type::duration() : Type::dyn();
  }
  if (const auto name = value.find_string("messageType")) return message(*name);
  if (const auto name = value.find_string("typeParam")) return Type::parameter(std::string(*name));
  if (value.find("null")) return Type::null();
  if (const auto list = value.find("listType")) {
    const auto element = list->find("elemType");
    return Type::list(element ? read_type(*element) : Type::dyn());
  }
  if (const auto map = value.find("mapType")) {
    const auto key = map->find("keyType");
    const auto element = map->find("valueType");
    return Type::map(key ? read_type(*key) : Type::dyn(), element ? read_type(*element) : Type::dyn());
  }
  if (const auto type = value.find("type")) return Type::type(read_type(*type));
  if (const auto abstract = value.find("abstractType")) {
    std::vector<Type> parameters;
    if (const auto list = abstract->find("parameterTypes"); list && list->is_array()) {
      for (const json::Value parameter : list->elements()) parameters.push_back(read_type(parameter));
    }
    const std::string name(abstract->find_string("name").value_or(""));
    if (name == "optional_type" && parameters.size() == 1) return Type::optional(parameters[0]);
    return Type::opaque(name, std::move(parameters));
  }
  return Type::dyn();
}

void declare(cel::Environment& environment, std::string_view name, json::Value type) {
  const auto function = type.find("function");
  const auto overloads = function ? function->find("overloads") : std::nullopt;
  if (!overloads || !overloads->is_array()) {
    environment.declare(name, read_type(type));
    return;
  }
  for (const json::Value declared : overloads->elements()) {
    cel::Overload overload;
    if (const auto parameters = declared.find("params"); parameters && parameters->is_array()) {
      for (const json::Value parameter : parameters->elements())
        overload.parameters.push_back(read_type(parameter));
    }
    if (const auto result = declared.find("resultType")) overload.result = read_type(*result);
    const auto method = declared.find("isInstanceFunction");
    overload.method = method && method->is_boolean() && method->boolean();
    environment.declare_function(name, std::move(overload));
  }
}

// --- values in

class Reader {
 public:
  Value read(json::Value form) {
    if (!form.is_object()) return bad();
    for (const json::Member& member : form.members()) {
      const std::string_view key = member.key();
      const json::Value value = member.value;
      if (key == "nullValue") return Value::null();
      if (key == "boolValue" && value.is_boolean()) return Value::boolean(value.boolean());
      if (key == "int64Value") return integer(value);
      if (key == "uint64Value") return unsigned_integer(value);
      if (key == "doubleValue") return number(value);
      if (key == "stringValue" && value.is_string()) return Value::string(value.string());
      if (key == "bytesValue" && value.is_string()) return bytes(value.string());
      if (key == "typeValue" && value.is_string()) return Value::type_name(value.string());
      if (key == "enumValue") return integer(value.find("value").value_or(value));
      if (key == "listValue") return list(value);
      if (key == "mapValue") return map(value);
      if (key == "objectValue") return object(value);
      if (key == "value" && value.is_object()) return read(value);
    }
    return bad();
  }

 private:
  static Value bad() {
    return Value::error(cel::Fault::invalid_argument, "the binding is not a value that the lab understands");
  }

  static std::string_view digits(json::Value value) {
    return value.is_string() ? value.string() : value.is_number() ? value.literal() : "";
  }
  // The whole text as a number of that type, or nothing.
  template <typename Number>
  static std::optional<Number> whole(std::string_view text) {
    Number number{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failed == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
  }
  static Value integer(json::Value value) {
    const auto number = whole<std::int64_t>(digits(value));
    return number ? Value::integer(*number) : bad();
  }
  static Value unsigned_integer(json::Value value) {
    const auto number = whole<std::uint64_t>(digits(value));
    return number ? Value::unsigned_integer(*number) : bad();
  }
  static Value number(json::Value value) {
    if (value.is_number()) return Value::number(value.number());
    const std::string_view text = digits(value);
    if (text == "NaN") return Value::number(std::numeric_limits<double>::quiet_NaN());
    if (text == "Infinity") return Value::number(std::numeric_limits<double>::infinity());
    if (text == "-Infinity") return Value::number(-std::numeric_limits<double>::infinity());
    const auto number = whole<double>(text);
    return number && std::isfinite(*number) ? Value::number(*number) : bad();
  }
  Value bytes(std::string_view text) {
    auto decoded = from_base64(text);
    if (!decoded) return bad();
    return Value::bytes(texts_.emplace_back(*std::move(decoded)));
  }

  Value list(json::Value form) {
    auto& items = lists_.emplace_back();
    if (const auto values = form.find("values"); values && values->is_array()) {
      for (const json::Value value : values->elements()) items.push_back(read(value));
    }
    return Value::list(items);
  }
  Value map(json::Value form) {
    auto& entries = maps_.emplace_back();
    if (const auto list = form.find("entries"); list && list->is_array()) {
      for (const json::Value entry : list->elements()) {
        const auto key = entry.find("key");
        const auto value = entry.find("value");
        if (key && value) entries.push_back({read(*key), read(*value)});
      }
    }
    return Value::map(entries);
  }

  // google.protobuf.Any with one of the messages that CEL has a type for.
  Value object(json::Value form) {
    std::string_view type = form.find_string("@type").value_or("");
    if (type.starts_with(kTypePrefix)) type.remove_prefix(kTypePrefix.size());
    const auto value = form.find("value");
    if (!value || !type.starts_with("google.protobuf.")) return bad();
    const std::string_view tail = type.substr(16);
    if (tail == "Timestamp" || tail == "Duration") {
      return Value::json(*value, tail == "Timestamp" ? Type::timestamp() : Type::duration());
    }
    if (tail == "Int32Value" || tail == "Int64Value") return integer(*value);
    if (tail == "UInt32Value" || tail == "UInt64Value") return unsigned_integer(*value);
    if (tail == "FloatValue" || tail == "DoubleValue" || (tail == "Value" && value->is_number()))
      return number(*value);
    if (tail == "BytesValue") return value->is_string() ? bytes(value->string()) : bad();
    return dynamic(*value);
  }

  // google.protobuf.Value and its kind know no integers.
  Value dynamic(json::Value value) {
    if (value.is_number()) return Value::number(value.number());
    if (value.is_array()) {
      std::vector<Value> items;
      for (const json::Value item : value.elements()) items.push_back(dynamic(item));
      return Value::list(lists_.emplace_back(std::move(items)));
    }
    if (value.is_object()) {
      std::vector<cel::MapEntry> entries;
      for (const json::Member& member : value.members())
        entries.push_back({Value::string(member.key()), dynamic(member.value)});
      return Value::map(maps_.emplace_back(std::move(entries)));
    }
    return Value::json(value, nullptr);
  }

  std::deque<std::string> texts_;
  std::deque<std::vector<Value>> lists_;
  std::deque<std::vector<cel::MapEntry>> maps_;
};

// --- values out

bool write(std::string& out, const Value& value);

void write_quoted(std::string& out, std::string_view key, std::string_view text) {
  out += "{\"" + std::string(key) + "\":";
  json::append_string(out, text);
  out += '}';
}

bool write_object(std::string& out, std::string_view type, std::string_view text) {
  out += R"({"objectValue":{"@type":")" + std::string(type) + R"(","value":)";
  json::append_string(out, text);
  out += "}}";
  return true;
}

bool write_elements(std::string& out, const Value& value) {
  const bool map = value.is(Value::Kind::map);
  out += map ? R"({"mapValue":{"entries":[)" : R"({"listValue":{"values":[)";
  bool first = true;
  for (cel::Cursor cursor(value); cursor.next(); first = false) {
    if (!first) out += ',';
    if (map) {
      out += "{\"key\":";
      if (!write(out, cursor.key())) return false;
      out += ",\"value\":";
    }
    if (!write(out, cursor.value())) return false;
    if (map) out += '}';
  }
  out += "]}}";
  return true;
}

// False when the answer would be too large, or an element turns out to be an error.
bool write(std::string& out, const Value& value) {
  if (out.size() > kMaxAnswer) return false;
  switch (value.kind()) {
    case Value::Kind::null: out += R"({"nullValue":null})"; return true;
    case Value::Kind::boolean:
      out += value.boolean() ? R"({"boolValue":true})" : R"({"boolValue":false})";
      return true;
    case Value::Kind::integer: write_quoted(out, "int64Value", cel::to_text(value)); return true;
    case Value::Kind::unsigned_integer: write_quoted(out, "uint64Value", cel::to_text(value)); return true;
    case Value::Kind::number: {
      const double number = value.number();
      if (std::isfinite(number))
        out += "{\"doubleValue\":" + cel::to_text(value) + "}";
      else
        write_quoted(out, "doubleValue", std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
      return true;
    }
    case Value::Kind::string: write_quoted(out, "stringValue", value.text()); return true;
    case Value::Kind::bytes: write_quoted(out, "bytesValue", base64(value.text())); return true;
    case Value::Kind::type: write_quoted(out, "typeValue", value.text()); return true;
    case Value::Kind::list:
    case Value::Kind::map: return write_elements(out, value);
    case Value::Kind::timestamp:
    case Value::Kind::duration:
      return write_object(out, std::string(kTypePrefix) + std::string(cel::type_name(value)),
                          cel::to_text(value));
    case Value::Kind::address:
    case Value::Kind::network: return write_object(out, cel::type_name(value), cel::to_text(value));
    case Value::Kind::optional: {
      out += R"({"objectValue":{"@type":"optional_type")";
      if (value.optional() != nullptr) {
        out += ",\"value\":";
        if (!write(out, *value.optional())) return false;
      }
      out += "}}";
      return true;
    }
    case Value::Kind::error: return false;
  }
  return false;
}

std::string refusal(std::string_view text) {
  std::string out = "{\"error\":";
  json::append_string(out, text);
  return out + "}";
}

bool asks(json::Value question, std::string_view option) {
  const auto value = question.find(option);
  return value && value->is_boolean() && value->boolean();
}

}  // namespace

std::string answer_cel(json::Value question) {
  const auto text = question.find_string("expr");
  if (!text) return refusal("the question has no \"expr\"");

  cel::Environment environment;
  environment.set_container(question.find_string("container").value_or(""));
  if (const auto types = question.find("types"); types && types->is_object()) {
    for (const json::Member& member : types->members()) declare(environment, member.key(), member.value);
  }
  Reader reader;
  cel::Bindings bindings;
  if (const auto values = question.find("bindings"); values && values->is_object()) {
    for (const json::Member& member : values->members()) {
      const auto declared = environment.find(member.key());
      const cel::Slot slot = declared ? *declared : environment.declare(member.key(), Type::dyn());
      bindings.set(slot, reader.read(member.value));
    }
  }

  const auto checking = asks(question, "disable_check") ? cel::Checking::skipped : cel::Checking::strict;
  const auto program = cel::compile(*text, environment, Type::dyn(), checking);
  if (!program) {
    std::string problems;
    for (const cel::Problem& problem : program.error()) {
      problems += (problems.empty() ? "" : "; ") + std::to_string(problem.offset) + ": " + problem.message;
    }
    return refusal(problems);
  }
  std::string type;
  json::append_string(type, program->result_type().text());
  if (asks(question, "check_only")) return "{\"type\":" + type + "}";

  cel::Scratch scratch;
  const cel::Evaluated outcome = program->evaluate(bindings, scratch);
  if (!outcome)
    return refusal(std::string(cel::name(outcome.error().fault)) + ": " + std::string(outcome.error().text));
  std::string out = "{\"value\":";
  if (!write(out, *outcome)) return refusal("the result is too large, or an element of it is an error");
  return out + ",\"type\":" + type + "}";
}

}  // namespace gatehouse::lab
