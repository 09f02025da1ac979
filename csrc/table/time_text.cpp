#include "table/time_text.h"

#include <chrono>

#include "common/error.h"
#include "common/format.h"

namespace echelon::table {
namespace {

using namespace std::chrono;

struct Time {
  std::string date;
  std::string clock;  ///< to the second
  int64_t microseconds = 0;
  bool is_midnight = false;
};

Time parts_of(int64_t since_1970) {
  const auto day = floor<days>(microseconds(since_1970));
  constexpr auto kFirst = sys_days(year(0) / 1 / 1).time_since_epoch();
  constexpr auto kEnd = sys_days(year(10000) / 1 / 1).time_since_epoch();
  if (day < kFirst || day >= kEnd)
    throw DataError(str_format("{} microseconds since 1970 are not within the years 0 to 9999", since_1970));
  const year_month_day date{sys_days(day)};
  const int64_t rest = since_1970 - microseconds(day).count();
  const int64_t seconds = rest / 1'000'000;
  return {.date = str_format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                             static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())),
          .clock = str_format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
          .microseconds = rest % 1'000'000,
          .is_midnight = rest == 0};
}

}  // namespace

std::string iso_time(int64_t microseconds) {
  const Time time = parts_of(microseconds);
  return str_format("{}T{}.{:06}Z", time.date, time.clock, time.microseconds);
}

std::string hive_time(int64_t microseconds) {
  const Time time = parts_of(microseconds);
  if (time.is_midnight) return time.date;
  const std::string text = time.date + " " + time.clock;
  return time.microseconds == 0 ? text : str_format("{}.{:06}", text, time.microseconds);
}

}  // namespace echelon::table
