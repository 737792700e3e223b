#include "schema/unicode_properties.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <re2/re2.h>

namespace gatehouse::schema {
namespace {

using Range = std::pair<std::uint32_t, std::uint32_t>;

struct Category {
  std::string_view brief;
  std::string_view full;
};
constexpr Category kCategories[] = {
    {"L", "Letter"},
    {"Lu", "Uppercase_Letter"},
    {"Ll", "Lowercase_Letter"},
    {"Lt", "Titlecase_Letter"},
    {"Lm", "Modifier_Letter"},
    {"Lo", "Other_Letter"},
    {"M", "Mark"},
    {"M", "Combining_Mark"},
    {"Mn", "Nonspacing_Mark"},
    {"Mc", "Spacing_Mark"},
    {"Me", "Enclosing_Mark"},
    {"N", "Number"},
    {"Nd", "Decimal_Number"},
    {"Nd", "digit"},
    {"Nl", "Letter_Number"},
    {"No", "Other_Number"},
    {"P", "Punctuation"},
    {"P", "punct"},
    {"Pc", "Connector_Punctuation"},
    {"Pd", "Dash_Punctuation"},
    {"Ps", "Open_Punctuation"},
    {"Pe", "Close_Punctuation"},
    {"Pi", "Initial_Punctuation"},
    {"Pf", "Final_Punctuation"},
    {"Po", "Other_Punctuation"},
    {"S", "Symbol"},
    {"Sm", "Math_Symbol"},
    {"Sc", "Currency_Symbol"},
    {"Sk", "Modifier_Symbol"},
    {"So", "Other_Symbol"},
    {"Z", "Separator"},
    {"Zs", "Space_Separator"},
    {"Zl", "Line_Separator"},
    {"Zp", "Paragraph_Separator"},
    {"Cc", "Control"},
    {"Cc", "cntrl"},
    {"Cf", "Format"},
    {"Co", "Private_Use"},
    {"Cs", "Surrogate"},
};
// What RE2 cannot say: sets that contain unassigned code points, unions, and binary properties.
constexpr std::string_view kUnsupported[] = {
    "C",
    "Other",
    "Cn",
    "Unassigned",
    "LC",
    "Cased_Letter",
    "Assigned",
    "Alphabetic",
    "Alpha",
    "Bidi_Control",
    "Bidi_C",
    "Bidi_Mirrored",
    "Bidi_M",
    "Case_Ignorable",
    "CI",
    "Cased",
    "Changes_When_Casefolded",
    "CWCF",
    "Changes_When_Casemapped",
    "CWCM",
    "Changes_When_Lowercased",
    "CWL",
    "Changes_When_NFKC_Casefolded",
    "CWKCF",
    "Changes_When_Titlecased",
    "CWT",
    "Changes_When_Uppercased",
    "CWU",
    "Dash",
    "Default_Ignorable_Code_Point",
    "DI",
    "Deprecated",
    "Dep",
    "Diacritic",
    "Dia",
    "Emoji",
    "Emoji_Component",
    "EComp",
    "Emoji_Modifier",
    "EMod",
    "Emoji_Modifier_Base",
    "EBase",
    "Emoji_Presentation",
    "EPres",
    "Extended_Pictographic",
    "ExtPict",
    "Extender",
    "Ext",
    "Grapheme_Base",
    "Gr_Base",
    "Grapheme_Extend",
    "Gr_Ext",
    "Hex_Digit",
    "Hex",
    "IDS_Binary_Operator",
    "IDSB",
    "IDS_Trinary_Operator",
    "IDST",
    "ID_Continue",
    "IDC",
    "ID_Start",
    "IDS",
    "Ideographic",
    "Ideo",
    "Join_Control",
    "Join_C",
    "Logical_Order_Exception",
    "LOE",
    "Lowercase",
    "Lower",
    "Math",
    "Noncharacter_Code_Point",
    "NChar",
    "Pattern_Syntax",
    "Pat_Syn",
    "Pattern_White_Space",
    "Pat_WS",
    "Quotation_Mark",
    "QMark",
    "Radical",
    "Regional_Indicator",
    "RI",
    "Sentence_Terminal",
    "STerm",
    "Soft_Dotted",
    "SD",
    "Terminal_Punctuation",
    "Term",
    "Unified_Ideograph",
    "UIdeo",
    "Uppercase",
    "Upper",
    "Variation_Selector",
    "VS",
    "White_Space",
    "space",
    "XID_Continue",
    "XIDC",
    "XID_Start",
    "XIDS",
};
constexpr Range kAscii[] = {{0, 0x7F}};
constexpr Range kAsciiHex[] = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};

std::string_view category(std::string_view name) {
  for (const Category& c : kCategories) {
    if (name == c.brief || name == c.full) return c.brief;
  }
  return {};
}

bool is_script(std::string_view name) {
  if (name.size() < 3 || name == "Any") return false;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
  if (!plain) return false;
  RE2::Options quiet;
  quiet.set_log_errors(false);
  return RE2("\\p{" + std::string(name) + "}", quiet).ok();
}

}  // namespace

UnicodeProperty find_unicode_property(std::string_view name) {
  UnicodeProperty found;
  const std::size_t equals = name.find('=');
  if (equals != name.npos) {
    const std::string_view key = name.substr(0, equals);
    const std::string_view value = name.substr(equals + 1);
    if (key == "General_Category" || key == "gc") {
      found.re2 = category(value);
      found.exists = !found.re2.empty() || std::find(std::begin(kUnsupported), std::begin(kUnsupported) + 6,
                                                     value) != std::begin(kUnsupported) + 6;
    } else if (key == "Script" || key == "sc") {
      found.exists = is_script(value);
      if (found.exists) found.re2 = value;
    } else if (key == "Script_Extensions" || key == "scx") {
      found.exists = is_script(value);
    }
    return found;
  }
  if (name == "Any") return {.exists = true, .any = true, .re2 = {}, .ranges = {}};
  if (name == "ASCII") return {.exists = true, .any = false, .re2 = {}, .ranges = kAscii};
  if (name == "ASCII_Hex_Digit" || name == "AHex")
    return {.exists = true, .any = false, .re2 = {}, .ranges = kAsciiHex};
  found.re2 = category(name);
  found.exists = !found.re2.empty() ||
                 std::find(std::begin(kUnsupported), std::end(kUnsupported), name) != std::end(kUnsupported);
  return found;
}

}  // namespace gatehouse::schema
