// Where data lie: a path, or a URI of an object store.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace echelon::storage {

enum class Scheme { kLocal, kS3, kGoogle };

/// A name taken apart. Local: `shards/a.tar`, `file:///data/a.tar`. Object stores: `s3://bucket/key`,
/// `gs://bucket/key`, with options behind `?` as in `s3://bucket/key?region=eu-west-1&scheme=http`. A `?`
/// that does not begin `name=value` belongs to the key, where it is a wildcard.
struct Location {
  Scheme scheme = Scheme::kLocal;
  std::string path;  ///< local path, or bucket/key
  std::map<std::string, std::string> options{};

  /// The name again, with the options sorted: equal for equal locations.
  std::string text() const;
  /// The same store and options with another path.
  Location with_path(std::string other) const { return {scheme, std::move(other), options}; }
  bool remote() const { return scheme != Scheme::kLocal; }
};

/// Throws DataError: an unknown scheme, a location without a bucket, an option that the store does not have
/// (the nearest is named).
Location parse_location(std::string_view text);

/// Whether a name begins with the scheme of an object store.
bool is_remote(std::string_view text);

/// The ending of a name, without those of compression and in lower case: "x.CSV.gz" → ".csv".
std::string ending_of(std::string_view name);

/// Whether a name ends as those of Parquet files do.
bool is_parquet_name(std::string_view name);

}  // namespace echelon::storage
