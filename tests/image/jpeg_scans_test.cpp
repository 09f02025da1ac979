#include "image/jpeg_scans.h"

#include <gtest/gtest.h>

#include "image/pixels.h"

namespace echelon::image {
namespace {

/// Where the n-th marker of that kind stands.
size_t find_marker(const Bytes& encoded, uint8_t marker, int n = 0) {
  for (size_t at = 0; at + 1 < encoded.size(); ++at) {
    if (encoded[at] == 0xff && encoded[at + 1] == marker && n-- == 0) return at;
  }
  return encoded.size();
}

TEST(HasAllScans, SeesWholePictures) {
  for (const char* name : {"colour.jpg", "progressive.jpg", "restarts.jpg", "grey.jpg", "cmyk.jpg",
                           "uneven_420.jpg", "two_pictures.jpg", "turned_6.jpg"})
    EXPECT_TRUE(has_all_scans(golden(name))) << name;
}

TEST(HasAllScans, SeesThatAProgressiveFileEndsEarly) {
  EXPECT_FALSE(has_all_scans(golden("progressive_early.jpg")));
  // Each scan of this file brings something: without the ones from any on, bits are missing.
  const Bytes whole = golden("progressive.jpg");
  int scans = 0;
  while (find_marker(whole, 0xda, scans) < whole.size()) ++scans;
  ASSERT_GT(scans, 3);
  for (int scan = 0; scan < scans; ++scan) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<int64_t>(find_marker(whole, 0xda, scan)));
    cut.insert(cut.end(), {0xff, 0xd9});
    EXPECT_FALSE(has_all_scans(cut)) << scan;
  }
}

TEST(HasAllScans, RefusesBytesBetweenSegmentsAndAMissingEnd) {
  EXPECT_FALSE(has_all_scans(golden("extraneous.jpg")));
  Bytes open_ended = golden("colour.jpg");
  open_ended.resize(find_marker(open_ended, 0xd9));
  EXPECT_FALSE(has_all_scans(open_ended));
}

TEST(HasAllScans, SurvivesEveryCut) {
  const Bytes whole = golden("progressive.jpg");
  const size_t end = find_marker(whole, 0xd9) + 2;
  for (size_t size = 0; size < end; ++size) EXPECT_FALSE(has_all_scans(std::span(whole).first(size))) << size;
}

// Names that no component has, coefficients out of range, and lengths that contradict their lists.
TEST(HasAllScans, RefusesHeadersThatContradictThemselves) {
  const Bytes whole = golden("progressive.jpg");
  const size_t frame = find_marker(whole, 0xc2), scan = find_marker(whole, 0xda);
  for (const size_t at : {frame + 9, scan + 4, scan + 5}) {
    Bytes changed = whole;
    changed[at] = 99;
    EXPECT_FALSE(has_all_scans(changed)) << at;
  }
}

}  // namespace
}  // namespace echelon::image
