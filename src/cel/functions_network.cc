// The network extension: addresses (net.IP) and networks (net.CIDR).
#include <algorithm>
#include <charconv>

#include "cel/functions.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

Value bad_address() {
  return Value::error(Fault::invalid_argument,
                      "the text is not an IP address (zones and IPv4-mapped dotted forms are refused)");
}
Value bad_network() {
  return Value::error(Fault::invalid_argument, "the text is not a network address such as 10.0.0.0/8");
}

// "::ffff:192.168.0.1" is refused: two spellings of one address in a rule are a trap.
std::optional<IpAddress> parse_address(std::string_view text) {
  auto address = IpAddress::parse(text);
  const bool mixed = text.find(':') != std::string_view::npos && text.find('.') != std::string_view::npos;
  if (address && mixed && address->family() == IpAddress::Family::v4) return std::nullopt;
  return address;
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const bool plain = !digits.empty() && (digits[0] != '0' || digits.size() == 1);
  if (error != std::errc() || end != digits.data() + digits.size() || !plain) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const bool written_as_v6 = text.find(':') != std::string_view::npos;
  const bool v4 = address->family() == IpAddress::Family::v4;
  if (v4 && written_as_v6) {  // ::ffff:c0a8:0/112 is 192.168.0.0/16
    if (bits < 96 || bits > 128) return std::nullopt;
    bits -= 96;
  }
  if (bits > (v4 ? 32U : 128U)) return std::nullopt;
  return Network{*address, bits};
}

std::optional<IpAddress> address_argument(const Value& value) {
  return value.is(Kind::address) ? std::optional(value.address()) : parse_address(value.text());
}
std::optional<Network> network_argument(const Value& value) {
  return value.is(Kind::network) ? std::optional(value.network()) : parse_network(value.text());
}

bool charge_reading(Run& run, Arguments args) {
  return std::ranges::all_of(
      args, [&](const Value& from) { return !from.is(Kind::string) || run.charge_text(from.text()); });
}

Value ip(Run& run, Arguments args) {
  if (!charge_reading(run, args)) return run.exhaustion();
  if (args[0].is(Kind::network)) return run.address(args[0].network().address);
  if (args[0].is(Kind::address)) return args[0];
  if (!args[0].is(Kind::string)) return run.no_overload();
  const auto address = parse_address(args[0].text());
  return address ? run.address(*address) : bad_address();
}

Value cidr(Run& run, Arguments args) {
  if (!charge_reading(run, args)) return run.exhaustion();
  if (args[0].is(Kind::network)) return args[0];
  if (!args[0].is(Kind::string)) return run.no_overload();
  const auto network = parse_network(args[0].text());
  return network ? run.network(*network) : bad_network();
}

Value is_ip(Run& run, Arguments args) {
  if (!charge_reading(run, args)) return run.exhaustion();
  return args[0].is(Kind::string) ? Value::boolean(parse_address(args[0].text()).has_value())
                                  : run.no_overload();
}
Value is_cidr(Run& run, Arguments args) {
  if (!charge_reading(run, args)) return run.exhaustion();
  return args[0].is(Kind::string) ? Value::boolean(parse_network(args[0].text()).has_value())
                                  : run.no_overload();
}

Value is_canonical(Run& run, Arguments args) {
  if (!charge_reading(run, args)) return run.exhaustion();
  if (!args[0].is(Kind::string)) return run.no_overload();
  const auto address = parse_address(args[0].text());
  return address ? Value::boolean(address->text() == args[0].text()) : bad_address();
}

template <typename Question>
Value on_address(Run& run, Arguments args, Question question) {
  if (!args[0].is(Kind::address)) return run.no_overload();
  const IpAddress& address = args[0].address();
  return question(address, address.bytes(), address.family() == IpAddress::Family::v4);
}

Value family(Run& run, Arguments args) {
  return on_address(run, args,
                    [](const IpAddress&, const auto&, bool v4) { return Value::integer(v4 ? 4 : 6); });
}
Value is_unspecified(Run& run, Arguments args) {
  return on_address(run, args, [](const IpAddress& address, const auto&, bool) {
    return Value::boolean(address.prefix(0) == address);
  });
}
Value is_loopback(Run& run, Arguments args) {
  return on_address(run, args, [](const IpAddress& address, const auto&, bool) {
    return Value::boolean(address.is_loopback());
  });
}
Value is_multicast(Run& run, Arguments args) {
  return on_address(run, args, [](const IpAddress&, const auto& bytes, bool v4) {
    return Value::boolean(v4 ? (bytes[0] & 0xF0U) == 0xE0 : bytes[0] == 0xFF);
  });
}
Value is_link_local_multicast(Run& run, Arguments args) {
  return on_address(run, args, [](const IpAddress&, const auto& bytes, bool v4) {
    return Value::boolean(v4 ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0
                             : bytes[0] == 0xFF && (bytes[1] & 0x0FU) == 0x02);
  });
}
Value is_link_local_unicast(Run& run, Arguments args) {
  return on_address(run, args, [](const IpAddress&, const auto& bytes, bool v4) {
    return Value::boolean(v4 ? bytes[0] == 169 && bytes[1] == 254
                             : bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80);
  });
}
Value is_global_unicast(Run& run, Arguments args) {
  for (const Implementation other : {is_unspecified, is_loopback, is_multicast, is_link_local_unicast}) {
    const Value answer = other(run, args);
    if (!answer.is_false()) return answer.is_error() ? answer : Value::boolean(false);
  }
  return on_address(run, args, [](const IpAddress&, const auto& bytes, bool v4) {
    const bool broadcast = v4 && bytes[0] == 255 && bytes[1] == 255 && bytes[2] == 255 && bytes[3] == 255;
    return Value::boolean(!broadcast);
  });
}

Value contains_ip(Run& run, Arguments args) {
  if (!charge_reading(run, args)) return run.exhaustion();
  if (!args[0].is(Kind::network) || (!args[1].is(Kind::address) && !args[1].is(Kind::string)))
    return run.no_overload();
  const auto address = address_argument(args[1]);
  return address ? Value::boolean(args[0].network().contains(*address)) : bad_address();
}

Value contains_cidr(Run& run, Arguments args) {
  if (!charge_reading(run, args)) return run.exhaustion();
  if (!args[0].is(Kind::network) || (!args[1].is(Kind::network) && !args[1].is(Kind::string)))
    return run.no_overload();
  const auto inner = network_argument(args[1]);
  if (!inner) return bad_network();
  const Network& outer = args[0].network();
  return Value::boolean(outer.bits <= inner->bits && outer.contains(inner->address));
}

Value masked(Run& run, Arguments args) {
  if (!args[0].is(Kind::network)) return run.no_overload();
  const Network& network = args[0].network();
  return run.network({network.address.prefix(network.bits), network.bits});
}

Value prefix_length(Run& run, Arguments args) {
  return args[0].is(Kind::network) ? Value::integer(args[0].network().bits) : run.no_overload();
}

constexpr Definition kNetworkFunctions[] = {
    {"ip", "string -> net.IP; net.IP -> net.IP; .net.CIDR -> net.IP", ip},
    {"cidr", "string -> net.CIDR; net.CIDR -> net.CIDR", cidr},
    {"isIP", "string -> bool", is_ip},
    {"isCIDR", "string -> bool", is_cidr},
    {"ip.isCanonical", "string -> bool", is_canonical},
    {"family", ".net.IP -> int", family},
    {"isUnspecified", ".net.IP -> bool", is_unspecified},
    {"isLoopback", ".net.IP -> bool", is_loopback},
    {"isGlobalUnicast", ".net.IP -> bool", is_global_unicast},
    {"isLinkLocalMulticast", ".net.IP -> bool", is_link_local_multicast},
    {"isLinkLocalUnicast", ".net.IP -> bool", is_link_local_unicast},
    {"containsIP", ".net.CIDR, net.IP -> bool; .net.CIDR, string -> bool", contains_ip},
    {"containsCIDR", ".net.CIDR, net.CIDR -> bool; .net.CIDR, string -> bool", contains_cidr},
    {"masked", ".net.CIDR -> net.CIDR", masked},
    {"prefixLength", ".net.CIDR -> int", prefix_length},
};

}  // namespace

std::span<const Definition> network_functions() { return kNetworkFunctions; }

}  // namespace gatehouse::cel
