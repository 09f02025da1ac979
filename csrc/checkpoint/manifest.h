// manifest.json: what a checkpoint is, and what its files must be. Format: docs/formats/checkpoint.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::checkpoint {

/// The version of the format that this program writes, and the newest it reads.
inline constexpr int64_t kFormatVersion = 1;

struct StoredFile {
  std::string name;  ///< beside the manifest, without a folder
  uint64_t bytes = 0;
  std::string checksum;  ///< XXH3-128, 32 hexadecimal digits
};

struct Manifest {
  std::string echelon_version;  ///< of the program that wrote it; filled in by Store::save
  std::string created;          ///< UTC, "2026-01-31T23:59:59Z"; filled in by Store::save
  int64_t step = 0;             ///< optimizer steps done
  double epoch = 0;             ///< passes over the training data done, with the part of the present one
  int64_t consumed_samples = 0;
  uint64_t seed =
      0;  ///< with step and consumed_samples all of the random state: everything random derives from them
  int64_t world_size = 1;
  std::string model_family;
  std::map<std::string, double> metrics;  ///< of the newest evaluation; not a number is stored as null
  std::string config;                     ///< the resolved configuration, YAML
  std::vector<StoredFile> files;          ///< filled in by Store::save
};

/// JSON, with a checksum over itself.
std::string render_manifest(const Manifest& manifest);

/// Strict: every field, of its type, no other, and the checksum must fit. Throws CheckpointError that names
/// `path`.
Manifest parse_manifest(std::string_view text, std::string_view path);

}  // namespace echelon::checkpoint
