// What becomes of the planes of a decoded JPEG on their way into a batch, as numbers that a GPU understands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "image/filter.h"
#include "image/jpeg.h"
#include "image/normalise.h"
#include "image/placement.h"

namespace echelon::image {

/// Y, Cb and Cr as JPEG stores them: [height, width] of 8 bits each, those of Cb and Cr halved, rounded up,
/// by `half_across` and `half_down`.
struct YccPlanes {
  const uint8_t *luma, *blue, *red;
  int64_t pitch, chroma_pitch;  ///< bytes from row to row
  int32_t width, height, chroma_width, chroma_height;
  bool half_across, half_down;
};

/// FilterWeights in 32 bits; first pixels count from that of the part that is needed.
struct PlannedAxis {
  int32_t begin, end, taps;
  const int32_t *first, *count, *weights;
};

/// All that sample_arithmetic.h needs to know. Pointers are of where the arithmetic is done.
struct SamplePlan {
  YccPlanes planes;
  PixelBox part;                   ///< of the stored picture that is needed
  int64_t origin, step_x, step_y;  ///< pixel of the part that is upright (0, 0), and steps to its neighbours
  int32_t rows;                    ///< of the upright part
  int32_t channels;                ///< 1 or 3
  PlannedAxis across, down;
  int32_t window;               ///< pixels of the sample each way
  bool left_right, top_bottom;  ///< mirrored
  const void* table;            ///< [channels, 256] elements: what pixels become
  int32_t element_bytes;
};

/// A plan on its way to where it is carried out. Reuses its memory.
class PlannedSample {
 public:
  /// Of a JPEG with `layout`, which is not kOther, decoded at its full size. False where the sample shows no
  /// part of the picture.
  bool prepare(YccLayout layout, const Placement& placement, const Normalisation& normalisation,
               ElementType type);

  /// Sizes of the planes, and how they relate. Pointers and pitches are null.
  const YccPlanes& planes() const { return plan_.planes; }
  /// Bytes that sample_arithmetic.h needs between its steps.
  size_t colour_bytes() const;  ///< [part.height, part.width, channels]
  size_t narrow_bytes() const;  ///< [rows, across.end - across.begin, channels]

  /// What the pointers of the plan point into.
  std::span<const int32_t> numbers() const { return numbers_; }
  /// The plan where `numbers` is a copy of numbers(), aligned to 8 bytes.
  SamplePlan bind(const int32_t* numbers, const YccPlanes& planes) const;

 private:
  SamplePlan plan_{};
  WindowFilter filter_;
  std::vector<int32_t> numbers_;  ///< the table, and then three lists for each axis
  size_t table_numbers_ = 0;
};

}  // namespace echelon::image
