#include "gate/marked_secrets.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::gate {
namespace {

// Shorter texts would be found everywhere, and so would `true`, `false` and `null`.
constexpr std::size_t kShortestMarked = 4;
// The search takes memory for each byte of the secrets. If a caller sends more, the texts of others are
// withheld as a whole.
constexpr std::size_t kMostMarkedBytes = std::size_t{64} << 10U;

enum class Look : std::uint8_t { for_marked_members, at_all };

struct Looking {
  json::Value value;
  Look look;
};

class MarkedValues {
 public:
  explicit MarkedValues(Exchange& exchange) : exchange_(exchange) {}

  // Each value is looked at once.
  void collect(json::Value root, Look look, const std::vector<std::string>& names) {
    std::vector<Looking> waiting{{root, look}};
    while (!waiting.empty() && exchange_.marked == MarkedSecrets::searched_for) {
      const Looking here = waiting.back();
      waiting.pop_back();
      if (here.value.is_array()) {
        for (const json::Value item : here.value.elements()) waiting.push_back({item, here.look});
      } else if (here.value.is_object()) {
        for (const json::Member member : here.value.members()) {
          const bool marked = here.look == Look::at_all || std::ranges::binary_search(names, member.key());
          waiting.push_back({member.value, marked ? Look::at_all : here.look});
        }
      } else if (here.look == Look::at_all) {
        add(here.value);
      }
    }
  }

 private:
  void add(json::Value value) {
    std::string_view text;
    if (value.is_string()) text = value.string();
    if (value.is_number()) text = value.literal();
    if (text.size() < kShortestMarked) return;
    exchange_.marked_bytes += text.size();
    if (exchange_.marked_bytes > kMostMarkedBytes) {
      exchange_.marked = MarkedSecrets::too_many;
    } else {
      exchange_.credentials.push_back(text);
    }
  }

  Exchange& exchange_;
};

}  // namespace

void keep_marked_parameters(Exchange& exchange, const policy::Operation& operation) {
  if (operation.secret_parameters.empty() || exchange.parameters.empty()) return;
  MarkedValues values(exchange);
  for (const openapi::Parameter* parameter : operation.secret_parameters) {
    const auto group = exchange.parameters.root().find(openapi::name(parameter->in));
    const auto value = group ? group->find(parameter->name) : std::nullopt;
    if (value) values.collect(*value, Look::at_all, {});
  }
}

void keep_marked_members(Exchange& exchange, const openapi::Content& content) {
  if (content.secret_members.empty() || exchange.body.empty()) return;
  // The empty name, which stands first, is the body itself.
  const Look look = content.secret_members.front().empty() ? Look::at_all : Look::for_marked_members;
  MarkedValues(exchange).collect(exchange.body.root(), look, content.secret_members);
}

}  // namespace gatehouse::gate
