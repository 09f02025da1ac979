// Sample images of a shard in one picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inspect/subjects.h"

namespace echelon::inspect {

/// Where an encoded image lies in a file.
struct ImagePlace {
  int64_t offset = 0, size = 0;
};

/// Writes a contact sheet of `count` of the images, taken at equal distances from the first on, as PNG, in
/// the order of the file. What cannot be decoded is grey. Returns how many there are. Throws Error when the
/// file cannot be written.
size_t write_sheet(const storage::RandomAccessFile& file, const std::vector<ImagePlace>& images, size_t count,
                   const std::string& path);

}  // namespace echelon::inspect
