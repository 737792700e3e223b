// Events: parts separated by 0xFE, which UTF-8 never has: the request's credential, then texts that a
// stranger can influence. The event is one line of strict JSON with its fixed members, contains no deceiving
// characters, and no credential in its detail. No credential changes another member.
#include <algorithm>
#include <array>
#include <string>

#include "audit/credential_search.h"
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

}  // namespace
}  // namespace gatehouse::audit

static constexpr std::string_view kOwnWords = "the handler refused";

// Six signs stand for the four bytes of the shortest credential that is looked for there.
static bool may_be_base64(std::string_view text) {
  std::size_t run = 0;
  for (const char c : text) {
    const bool sign = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                      c == '+' || c == '/' || c == '-' || c == '_';
    if (sign) ++run;
    if (!sign && c != '\r' && c != '\n') run = 0;
    if (run >= 6) return true;
  }
  return false;
}

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
  event.detail = kOwnWords;
  event.said = next_part(rest);
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
  // A replacement for bytes that are not UTF-8, or for a cut end, may equal the credential by chance, not by
  // leaking.
  const bool by_chance = !is_utf8(credential) || credential.find("\xef\xbf\xbd") != credential.npos ||
                         credential.find("\xe2\x80\xa6") != credential.npos;
  if (!credential.empty() && !by_chance) {
    const std::string_view said = root.find_string("detail")->substr(kOwnWords.size());
    FUZZ_EXPECT(said.empty() || said.substr(2) == kRedacted || said.substr(2).find(credential) == said.npos);
  }
  FUZZ_EXPECT(root.find_string("detail")->starts_with(kOwnWords));
  // A caller that sends the name of an object, of a method, its own or Gatehouse's words as a credential
  // takes nothing out.
  Event without = event;
  without.said = {};
  without.credentials = {};
  Event with = without;
  with.credentials = event.credentials;
  std::string lines[2];
  append_event(lines[0], without);
  append_event(lines[1], with);
  FUZZ_EXPECT(lines[0] == lines[1]);

  std::string text(event.said);
  scrub(text, event.credentials);
  // Where nothing in the text can be another spelling of it either: percent-encoded, escaped as JSON does, or
  // in base64.
  const std::size_t telling = std::min(credential.size(), CredentialSearch::kTelling);
  if (!credential.empty() && event.said.find(credential.substr(0, telling)) == std::string_view::npos &&
      event.said.find_first_of("%\\") == std::string_view::npos && !may_be_base64(event.said))
    FUZZ_EXPECT(text == event.said);
  return 0;
}
