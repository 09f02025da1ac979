#include "train/record/tfrecord.h"

#include <gtest/gtest.h>

namespace echelon::train {
namespace {

// RFC 3720, B.4, and the check value of CRC-32C in Koopman's and Williams' catalogues.
TEST(Tfrecord, Crc32cOfPublishedVectors) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(""), 0U);
}

// The first record of every file that TensorFlow writes with a wall time of 0: Event{file_version:
// "brain.Event:2"} framed by tensorboard's own RecordWriter.
TEST(Tfrecord, FramesLikeTensorboard) {
  const std::string event = std::string("\x09\0\0\0\0\0\0\0\0\x1a\x0d", 11) + "brain.Event:2";
  const std::string expected =
      std::string("\x18\0\0\0\0\0\0\0", 8) + "\xa3\x7f\x4b\x22" + event + "\xee\xdf\x28\xa3";
  EXPECT_EQ(frame_tfrecord(event), expected);
}

}  // namespace
}  // namespace echelon::train
