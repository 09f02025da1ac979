// Timestamps as text.
#pragma once

#include <cstdint>
#include <string>

namespace echelon::table {

/// "2024-01-31T12:00:00.000000Z" (ISO 8601, RFC 3339) of microseconds since 1970 in UTC. Throws DataError,
/// without saying where, for what is not of the years 0 to 9999.
std::string iso_time(int64_t microseconds);

/// As Hive, Spark, Arrow and DuckDB write values of partitions: "2024-01-31" at midnight, else
/// "2024-01-31 12:00:00", with six digits behind a point where it is no whole second. Throws as iso_time().
std::string hive_time(int64_t microseconds);

}  // namespace echelon::table
