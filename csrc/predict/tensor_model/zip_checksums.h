// The checksums that a zip archive holds of its files, which LibTorch's reader of archives does not compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace echelon::predict {

/// CRC-32 of each file of the archive, by its name there, read from its central directory (PKWARE's
/// APPNOTE.TXT, 4.3.12, with 4.3.14 for archives beyond 4 GB). Throws DataError where that does not lie where
/// the archive says.
std::map<std::string, uint32_t> zip_checksums(std::span<const std::byte> archive);

/// CRC-32 (ISO 3309) of bytes.
uint32_t crc32_of(std::span<const std::byte> bytes);

}  // namespace echelon::predict
