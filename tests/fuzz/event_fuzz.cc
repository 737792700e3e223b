// Events: parts parted by 0xFE, which no UTF-8 has: the request's credential, then what a stranger has a say
// in. The event is one line of strict JSON with the members it always has, shows nothing that deceives, and
// no credential.
#include <algorithm>
#include <array>
#include <string>

#include "audit/encoder.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "json/parser.h"

namespace gatehouse::audit {
namespace {

constexpr char kPart = '\xfe';
constexpr std::string_view kRedacted = "[redacted]";

std::string_view next_part(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(kPart), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

void expect_plain(std::string_view line) {
  while (!line.empty()) {
    const Utf8Character character = first_character(line);
    FUZZ_EXPECT(character.size != 0 && !deceives(character.code));
    line.remove_prefix(character.size);
  }
}

// Every string value, where it comes from a stranger.
void expect_clean(json::Value value, std::string_view credential) {
  if (value.is_string())
    FUZZ_EXPECT(value.string() == kRedacted || value.string().find(credential) == std::string_view::npos);
  if (!value.is_object()) return;
  for (const json::Member member : value.members()) expect_clean(member.value, credential);
}

}  // namespace
}  // namespace gatehouse::audit

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::audit;
  std::string_view rest = fuzz_text(data, size);
  const std::string_view credential = next_part(rest);

  Event event;
  event.time = WallTime{std::chrono::seconds{1'760'000'000}};
  event.request_id = "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11";
  event.operation = "getOrder";
  event.route = "/orders/{id}";
  event.reason = "condition_false";
  event.credentials = {&credential, 1};
  event.method = next_part(rest);
  event.trace_id = next_part(rest);
  event.user_id = next_part(rest);
  event.credential_id = next_part(rest);
  event.detail = next_part(rest);
  event.upstream = "orders";
  event.upstream_status = static_cast<unsigned>(size);
  const std::array<Attribute, 2> resource{{{"id", next_part(rest)}, {"name", next_part(rest)}}};
  const std::array<Attribute, 1> query{{{"q", rest}}};
  event.resource = resource;
  event.query = query;

  std::string out = "before\n";
  append_event(out, event);
  const std::string_view line = std::string_view(out).substr(7);
  FUZZ_EXPECT(out.starts_with("before\n") && line.ends_with("}\n") &&
              std::count(line.begin(), line.end(), '\n') == 1);
  expect_plain(line.substr(0, line.size() - 1));

  static json::Parser parser;
  json::Document document;
  FUZZ_EXPECT(parser.parse(line, document));
  const json::Value root = document.root();
  FUZZ_EXPECT(root.find_string("operation") == "getOrder" && root.find_string("outcome") == "refused");
  FUZZ_EXPECT(root.find_string("reason") == "condition_false" &&
              root.find_string("http.route") == "/orders/{id}");
  // What stands for bytes that are not UTF-8, or for an end that was cut off, is in a text by chance, not by
  // leaking.
  const bool by_chance = !is_utf8(credential) || credential.find("\xef\xbf\xbd") != credential.npos ||
                         credential.find("\xe2\x80\xa6") != credential.npos;
  if (!credential.empty() && !by_chance) {
    constexpr std::array kMethods{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                  "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    // Not who was proven: a caller who sends its own name as a cookie is named all the same.
    for (const std::string_view name : {"trace.id", "detail", "resource", "query"}) {
      if (const auto value = root.find(name)) expect_clean(*value, credential);
    }
    if (std::find(kMethods.begin(), kMethods.end(), event.method) == kMethods.end()) {
      expect_clean(*root.find("http.request.method"), credential);
    }
  }

  std::string text(event.detail);
  scrub(text, event.credentials);
  // Where nothing in the text can be another spelling of it either, percent-encoded or escaped as JSON does.
  if (!credential.empty() && event.detail.find(credential) == std::string_view::npos &&
      event.detail.find_first_of("%\\") == std::string_view::npos)
    FUZZ_EXPECT(text == event.detail);
  return 0;
}
