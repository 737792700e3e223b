// The covered components that a request states: names of fields, and few of them.
#include <algorithm>
#include <string>

#include "fuzz.h"
#include "http/characters.h"
#include "http/request_parser.h"
#include "http/signed_fields.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  std::string text = "GET /x?";
  text.append(gatehouse::fuzz_text(data, size)).append("\r\n\r\n");
  RequestParser parser;
  RequestHead head;
  if (parser.parse(text, head) != Progress::complete) return 0;
  const auto names = signed_fields(head);
  if (!names) return 0;
  FUZZ_EXPECT(names->by_messages.size() + names->by_aws.size() <= 128);
  for (const auto* list : {&names->by_messages, &names->by_aws}) {
    for (const std::string& name : *list) {
      FUZZ_EXPECT(!name.empty() && all(name, kTokenCharacter) && !name.starts_with('@'));
      FUZZ_EXPECT(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
    }
  }
  // One of AWS, in the query or whole in Authorization.
  const auto authorization = head.fields.value(FieldId::authorization);
  const bool in_field = authorization && authorization->starts_with("AWS4-");
  FUZZ_EXPECT(!in_field || is_aws_signature(*authorization));
  FUZZ_EXPECT(in_field || names->by_aws.empty() || head.query.contains('='));
  return 0;
}
