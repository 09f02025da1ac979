// What is read and what is made, as manifests and records say it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace echelon::work {

using Counts = std::map<std::string, int64_t>;

struct InputFile {
  std::string name;       ///< as the user would write it
  int64_t bytes = 0;      ///< as it is stored
  std::string version{};  ///< RandomAccessFile::version(), which changes with a copy
};

struct StoredFile {
  std::string name;  ///< within the output folder
  int64_t bytes = 0;
  std::string checksum;  ///< XXH3-128, 32 hexadecimal digits
  Counts counts{};       ///< what is in it: "samples", "tokens", …
};

void add_counts(Counts& sum, const Counts& counts);
/// "1,200 documents, 3.41 M tokens".
std::string describe_counts(const Counts& counts);

}  // namespace echelon::work
