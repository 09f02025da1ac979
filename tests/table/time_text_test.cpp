#include "table/time_text.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/error.h"

namespace echelon::table {
namespace {

constexpr int64_t kSecond = 1'000'000;

// Seconds of: date -u -d '2024-02-29 12:00' +%s, and so on.
TEST(TimeText, IsTheDateOfTheCalendar) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(iso_time(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(iso_time(1709208000 * kSecond + 42), "2024-02-29T12:00:00.000042Z");
  EXPECT_EQ(iso_time(253402300799 * kSecond + 999'999), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(iso_time(-62167219200 * kSecond), "0000-01-01T00:00:00.000000Z");
  EXPECT_EQ(hive_time(1709164800 * kSecond), "2024-02-29");
  EXPECT_EQ(hive_time(1709208000 * kSecond), "2024-02-29 12:00:00");
  EXPECT_EQ(hive_time(1709208000 * kSecond + 42), "2024-02-29 12:00:00.000042");
  EXPECT_EQ(hive_time(1709164800 * kSecond + 42), "2024-02-29 00:00:00.000042");
}

TEST(TimeText, RefusesYearsOfMoreThanFourDigits) {
  EXPECT_THROW(iso_time(253402300800 * kSecond), DataError);
  EXPECT_THROW(iso_time(-62167219200 * kSecond - 1), DataError);
  EXPECT_THROW(hive_time(std::numeric_limits<int64_t>::max()), DataError);
  EXPECT_THROW(hive_time(std::numeric_limits<int64_t>::min()), DataError);
}

}  // namespace
}  // namespace echelon::table
