// {"base64": text} → {"accepted": bool, "reason": text}
#include <string>

#include "base/encoding.h"
#include "json/parser.h"
#include "lab/lab.h"

namespace gatehouse::lab {

std::string answer_json(json::Value question) {
  const auto encoded = question.find_string("base64");
  const auto text = encoded ? from_base64(*encoded) : std::nullopt;
  if (!text) return R"({"error":"base64 must be there, with its padding"})";
  static json::Parser parser;
  static json::Document document;
  const auto parsed = parser.parse(*text, document);
  if (parsed) return R"({"accepted":true,"reason":""})";
  return R"({"accepted":false,"reason":")" + std::string(json::name(parsed.error().fault)) + "\"}";
}

}  // namespace gatehouse::lab
