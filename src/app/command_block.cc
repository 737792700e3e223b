// `gatehouse block` and `gatehouse unblock`.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/instruction_table.h"
#include "app/store_session.h"
#include "base/ip.h"
#include "base/utf8.h"

namespace gatehouse::app {
namespace {

using Kind = Instruction::Kind;

struct BlockOptions {
  std::string config = "gatehouse.yaml";
  std::string what;
  bool principal = false;
  bool list = false;
  bool json = false;
};

struct Blocked {
  Kind kind;
  std::string subject;
};

// A slip in an address must not block a principal that does not exist.
bool looks_like_address(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF.:/") == std::string_view::npos &&
         text.find_first_of(".:/") != std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

Blocked read_what(const BlockOptions& words) {
  if (words.principal) return {Kind::block_principal, words.what};
  if (const auto address = IpAddress::parse(words.what)) return {Kind::block_address, address->text()};
  if (const auto network = IpNetwork::parse(words.what)) return {Kind::block_address, network->text()};
  if (looks_like_address(words.what)) {
    wrong_usage("what", fmt::format("`{}` is not an address or a network such as 203.0.113.0/24; add "
                                    "--principal if it is the name of a principal",
                                    words.what));
  }
  return {Kind::block_principal, words.what};
}

std::string name_of(const Blocked& one) {
  return fmt::format("{} {}", one.kind == Kind::block_address ? "address" : "principal",
                     printable(one.subject));
}

int block(const BlockOptions& words) {
  if (words.list != words.what.empty())
    wrong_usage("what", "name an address, a network or a principal, or write --list");
  if (words.list) {
    return with_store("block", words.config, Requires::its_store, [&](const StoreSession& store) {
      return list_instructions(store, {Kind::block_address, Kind::block_principal},
                               words.json ? Listing::json : Listing::table);
    });
  }
  const Blocked one = read_what(words);
  return with_store("block", words.config, Requires::its_store, [&](const StoreSession& store) {
    Instruction given;
    given.kind = one.kind;
    given.subject = one.subject;
    const auto done =
        store.finish(store.instructions.give(store.loop, StoreSession::until(), std::move(given)));
    if (!done)
      return fail("block", fmt::format("the {} is NOT blocked: {}", name_of(one), done.error().text));
    const int status = store.status_of(*done);
    if (status == 0) fmt::print(stderr, "The {} is blocked.\n", name_of(one));
    return status;
  });
}

// Why the address or principal is blocked still, or was not blocked by this name; empty: by nothing else.
std::string other_block(const StoreSession& store, const Blocked& one) {
  const policy::Admittance& stated = store.settings.admittance;
  if (one.kind == Kind::block_principal) {
    const bool named = std::ranges::any_of(stated.blocked_principals,
                                           [&](const auto& text) { return text.value == one.subject; });
    return named ? "blocked.principals of the configuration names it" : "";
  }
  const auto network = IpNetwork::parse(one.subject);
  if (!network) return {};
  const auto holds = [&](const IpNetwork& other) {
    return other.bits() <= network->bits() && other.contains(network->address());
  };
  if (std::ranges::any_of(stated.blocked, holds)) return "blocked.addresses of the configuration holds it";
  const auto all = store.finish(store.instructions.list(store.loop, StoreSession::until()));
  if (!all) return {};
  for (const Instruction& other : *all) {
    const auto wider = IpNetwork::parse(other.subject);
    if (other.kind != Kind::block_address || other.subject == one.subject || !wider) continue;
    if (holds(*wider)) return fmt::format("the block of {} holds it", other.subject);
  }
  if (!stated.blocked_file.value.empty())
    return fmt::format("look for it in {} too, which blocked.addresses names", stated.blocked_file.value);
  return {};
}

int unblock(const BlockOptions& words) {
  const Blocked one = read_what(words);
  return with_store("unblock", words.config, Requires::its_store, [&](const StoreSession& store) {
    const auto done =
        store.finish(store.instructions.take_back(store.loop, StoreSession::until(), one.kind, one.subject));
    const std::string other = other_block(store, one);
    if (!done && done.error().code == ErrorCode::not_found) {
      return fail("unblock", fmt::format("no command blocks the {}{}{}", name_of(one),
                                         other.empty() ? "" : "; ", other));
    }
    if (!done)
      return fail("unblock", fmt::format("the {} is still blocked: {}", name_of(one), done.error().text));
    const int status = store.status_of(*done);
    if (status == 0) {
      fmt::print(stderr, "The block of the {} is taken back{}{}.\n", name_of(one),
                 other.empty() ? "" : ", but ", other);
    }
    return status;
  });
}

}  // namespace

void add_block(CLI::App& program, int& status) {
  const auto words = std::make_shared<BlockOptions>();
  Command blocked(program, "block", "Refuse an address, a network or a principal at once, on every server.",
                  "gatehouse block 203.0.113.0/24 && gatehouse block partner:mallory");
  blocked.option("-c,--config", words->config, "The configuration of the running server");
  blocked.option("what", words->what, "An address, a network, or a principal as events name it");
  blocked.flag("--principal", words->principal, "It is a principal, although it looks like an address");
  blocked.flag("--list", words->list, "List the blocks that commands gave");
  blocked.flag("--json", words->json, "For programs, with --list");
  blocked.run(status, [words] { return block(*words); });
}

void add_unblock(CLI::App& program, int& status) {
  const auto words = std::make_shared<BlockOptions>();
  Command free(program, "unblock", "Take a block back that `gatehouse block` gave.",
               "gatehouse unblock 203.0.113.0/24");
  free.option("-c,--config", words->config, "The configuration of the running server");
  free.option("what", words->what, "The address, network or principal, as `gatehouse block --list` shows it",
              Need::required);
  free.flag("--principal", words->principal, "It is a principal, although it looks like an address");
  free.run(status, [words] { return unblock(*words); });
}

}  // namespace gatehouse::app
