// What a request says that its sender signed: names of fields, and few of them.
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
  FUZZ_EXPECT(names->size() <= 128);
  for (const std::string& name : *names) {
    FUZZ_EXPECT(!name.empty() && all(name, kTokenCharacter) && !name.starts_with('@'));
    FUZZ_EXPECT(std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }));
  }
  return 0;
}
