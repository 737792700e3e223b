#include "review/purpose.h"

#include <algorithm>
#include <iterator>
#include <span>

#include <fmt/format.h>

#include "base/strings.h"

namespace gatehouse::review {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter_or_digit(char c) {
  return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

constexpr std::string_view kSignIn[] = {"login", "log in", "logon", "signin",  "sign in",  "authenticate",
                                        "token", "tokens", "otp",   "session", "sessions", "password"};
constexpr std::string_view kRecovery[] = {"reset",   "forgot",   "forgotten",
                                          "recover", "recovery", "magic link"};
constexpr std::string_view kWebhook[] = {"webhook",  "webhooks", "hook",         "hooks",
                                         "callback", "notify",   "notification", "ipn"};
constexpr std::string_view kExport[] = {"export",  "exports", "download", "downloads", "dump",
                                        "archive", "backup",  "backups",  "bulk",      "batch"};
constexpr std::string_view kSearch[] = {"search", "query", "report", "reports", "aggregate"};
constexpr std::string_view kAdministration[] = {"admin",    "administration", "debug",
                                                "internal", "maintenance",    "impersonate",
                                                "actuator", "console",        "sudo"};
constexpr std::string_view kAccess[] = {
    "role",    "roles",      "permission",   "permissions",   "grant",   "grants", "invite",
    "invites", "invitation", "invitations",  "member",        "members", "user",   "users",
    "account", "accounts",   "collaborator", "collaborators", "keys",    "key"};
constexpr std::string_view kMoney[] = {"payment", "payments", "pay",       "payout",    "payouts",
                                       "refund",  "refunds",  "transfer",  "transfers", "charge",
                                       "charges", "withdraw", "withdrawal"};
constexpr std::string_view kChanging[] = {
    "create",   "add",        "delete",  "remove",  "update", "set",      "put",
    "send",     "cancel",     "approve", "reject",  "revoke", "disable",  "enable",
    "reset",    "execute",    "run",     "start",   "stop",   "trigger",  "logout",
    "activate", "deactivate", "confirm", "publish", "purge",  "transfer", "pay"};
constexpr std::string_view kSecret[] = {"password", "passwd",  "passphrase", "secret",    "token",
                                        "apikey",   "api key", "pin",        "otp",       "cvv",
                                        "cvc",      "ssn",     "iban",       "credential"};

std::span<const std::string_view> words_for(Purpose purpose) {
  switch (purpose) {
    case Purpose::sign_in: return kSignIn;
    case Purpose::recovery: return kRecovery;
    case Purpose::webhook: return kWebhook;
    case Purpose::export_: return kExport;
    case Purpose::search: return kSearch;
    case Purpose::administration: return kAdministration;
    case Purpose::access: return kAccess;
    case Purpose::money: return kMoney;
  }
  return {};
}

std::optional<std::string_view> first_of(std::span<const std::string_view> words, std::string_view text) {
  for (const std::string_view word : words) {
    const std::size_t at = text.find(word);
    for (std::size_t i = at; i != text.npos; i = text.find(word, i + 1)) {
      if (text[i - 1] == ' ' && text[i + word.size()] == ' ') return word;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string words_of(std::string_view name) {
  std::string words = " ";
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_letter_or_digit(c)) {
      if (words.back() != ' ') words += ' ';
      continue;
    }
    // orderId, HTTPServer: a word begins at a capital behind a small letter, and at the last of several
    // capitals.
    const bool begins =
        is_upper(c) && i > 0 &&
        ((is_letter_or_digit(name[i - 1]) && !is_upper(name[i - 1])) ||
         (is_upper(name[i - 1]) && i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z'));
    if (begins && words.back() != ' ') words += ' ';
    words += ascii_lower(c);
  }
  if (words.back() != ' ') words += ' ';
  return words;
}

std::optional<std::string_view> word_for(Purpose purpose, const openapi::Operation& operation) {
  // Parameters' names describe values, not the operation's purpose.
  std::string fixed;
  bool inside = false;
  for (const char c : operation.path) {
    if (c == '{') inside = true;
    if (!inside) fixed += c;
    if (c == '}') inside = false;
  }
  return first_of(words_for(purpose), words_of(operation.id) + words_of(fixed));
}

std::optional<std::string_view> changing_verb(const openapi::Operation& operation) {
  if (operation.method != openapi::Method::get) return std::nullopt;
  const std::string words = words_of(operation.id);
  for (const std::string_view verb : kChanging) {
    if (words.starts_with(" " + std::string(verb) + " ")) return verb;
  }
  return std::nullopt;
}

std::optional<std::string_view> secret_word(std::string_view name) {
  // `reset_token` and `passwordConfirmation` are; `secret_name` and `token_id` are about one.
  std::string words = words_of(name);
  for (const std::string_view last : {" value ", " confirmation ", " hash "}) {
    if (words.ends_with(last)) words.resize(words.size() - last.size() + 1);
  }
  const auto found = std::ranges::find_if(
      kSecret, [&](std::string_view word) { return words.ends_with(fmt::format(" {} ", word)); });
  if (found == std::end(kSecret)) return std::nullopt;
  return *found;
}

}  // namespace gatehouse::review
