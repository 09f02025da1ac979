// The framing of TensorFlow's record files: length, CRC-32C of it, data, CRC-32C of that.
// https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace echelon::train {

/// CRC-32C (Castagnoli), as in RFC 3720 (iSCSI).
uint32_t crc32c(std::string_view bytes);

/// One record as it stands in the file.
std::string frame_tfrecord(std::string_view data);

}  // namespace echelon::train
