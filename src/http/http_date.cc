#include "http/http_date.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "http/value_cursor.h"

namespace gatehouse::http {
namespace {

// RFC 9110 section 5.6.7: IMF-fixdate, and the obsolete forms of RFC 850 and asctime().
struct DateReader {
  ValueCursor in;
  int day = 0;
  int month = 0;

  bool two_digits(int& value, int least, int most) {
    const std::string_view digits = in.take_while(is_digit);
    if (digits.size() != 2) return false;
    value = (digits[0] - '0') * 10 + (digits[1] - '0');
    return value >= least && value <= most;
  }
  bool digits(std::size_t count) { return in.take_while(is_digit).size() == count; }
  bool month_name() {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto found = std::ranges::find_if(kMonths, [&](std::string_view name) { return in.take(name); });
    month = static_cast<int>(found - kMonths.begin()) + 1;
    return found != kMonths.end();
  }
  bool time_of_day() {
    int part = 0;
    return two_digits(part, 0, 23) && in.take(':') && two_digits(part, 0, 59) && in.take(':') &&
           two_digits(part, 0, 60);
  }
  bool day_fits() const {
    constexpr std::array<int, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return day <= kDays[static_cast<std::size_t>(month - 1)];
  }
  bool fixdate() {
    return two_digits(day, 1, 31) && in.take(' ') && month_name() && in.take(' ') && digits(4) &&
           in.take(' ') && time_of_day() && in.take(" GMT");
  }
  bool rfc850() {
    return two_digits(day, 1, 31) && in.take('-') && month_name() && in.take('-') && digits(2) &&
           in.take(' ') && time_of_day() && in.take(" GMT");
  }
  bool asctime() {
    if (!month_name() || !in.take(' ')) return false;
    if (in.take(' ')) {
      const std::string_view one = in.take_while(is_digit);
      if (one.size() != 1 || one[0] == '0') return false;
      day = one[0] - '0';
    } else if (!two_digits(day, 10, 31)) {
      return false;
    }
    return in.take(' ') && time_of_day() && in.take(' ') && digits(4);
  }
  bool whole() {
    constexpr std::array<std::string_view, 7> kLong = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                       "Friday", "Saturday", "Sunday"};
    constexpr std::array<std::string_view, 7> kShort = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const std::string_view name = in.take_while(is_letter);
    const auto is_in = [&](std::span<const std::string_view> names) {
      return std::ranges::find(names, name) != names.end();
    };
    bool read = false;
    if (is_in(kLong)) {
      read = in.take(", ") && rfc850();
    } else if (is_in(kShort)) {
      read = in.take(", ") ? fixdate() : in.take(' ') && asctime();
    }
    return read && in.at_end() && day_fits();
  }
};

}  // namespace

bool is_http_date(std::string_view text) { return DateReader{ValueCursor(text)}.whole(); }

}  // namespace gatehouse::http
