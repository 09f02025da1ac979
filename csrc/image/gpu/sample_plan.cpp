#include "image/gpu/sample_plan.h"

#include <algorithm>
#include <cstring>

#include "image/element.h"
#include "image/orientation.h"

namespace echelon::image {
namespace {

YccPlanes plane_sizes(YccLayout layout, ImageSize stored) {
  YccPlanes planes{};
  planes.half_across = layout != YccLayout::k444;
  planes.half_down = layout == YccLayout::k420;
  planes.width = static_cast<int32_t>(stored.width);
  planes.height = static_cast<int32_t>(stored.height);
  planes.chroma_width = planes.half_across ? (planes.width + 1) / 2 : planes.width;
  planes.chroma_height = planes.half_down ? (planes.height + 1) / 2 : planes.height;
  return planes;
}

PlannedAxis add_axis(const FilterWeights& weights, int64_t start, std::vector<int32_t>& numbers) {
  for (const int64_t first : weights.first) numbers.push_back(static_cast<int32_t>(first - start));
  for (const int64_t count : weights.count) numbers.push_back(static_cast<int32_t>(count));
  numbers.insert(numbers.end(), weights.values.begin(), weights.values.end());
  return {static_cast<int32_t>(weights.begin),
          static_cast<int32_t>(weights.end),
          static_cast<int32_t>(weights.taps),
          nullptr,
          nullptr,
          nullptr};
}

/// Sets the pointers of an axis; returns what lies behind its numbers.
const int32_t* bind_axis(PlannedAxis& axis, const int32_t* numbers) {
  const int32_t targets = axis.end - axis.begin;
  axis.first = numbers;
  axis.count = axis.first + targets;
  axis.weights = axis.count + targets;
  return axis.weights + int64_t{targets} * axis.taps;
}

}  // namespace

bool PlannedSample::prepare(YccLayout layout, const Placement& placement, const Normalisation& normalisation,
                            ElementType type) {
  const Geometry& geometry = placement.geometry;
  const int orientation = placement.orientation;
  const PixelBox needed = filter_.prepare(turned(placement.stored, orientation), geometry);
  if (filter_.is_empty()) return false;
  plan_.planes = plane_sizes(layout, placement.stored);
  plan_.part = stored_box(needed, placement.stored, orientation);
  const auto place = [&](int64_t x, int64_t y) {
    const PixelBox pixel = stored_box({needed.left + x, needed.top + y, 1, 1}, placement.stored, orientation);
    return (pixel.top - plan_.part.top) * plan_.part.width + pixel.left - plan_.part.left;
  };
  plan_.origin = place(0, 0);
  plan_.step_x = place(1, 0) - plan_.origin;
  plan_.step_y = place(0, 1) - plan_.origin;
  plan_.rows = static_cast<int32_t>(needed.height);
  plan_.channels = normalisation.channels();
  plan_.window = static_cast<int32_t>(geometry.size);
  plan_.left_right = geometry.flip;
  plan_.top_bottom = geometry.upside_down;
  plan_.element_bytes = static_cast<int32_t>(element_size(type));

  const std::span<const std::byte> table = normalisation.table(type);
  table_numbers_ = table.size() / sizeof(int32_t);
  numbers_.resize(table_numbers_);
  std::memcpy(numbers_.data(), table.data(), table.size());
  plan_.across = add_axis(filter_.columns, needed.left, numbers_);
  plan_.down = add_axis(filter_.rows, needed.top, numbers_);
  return true;
}

size_t PlannedSample::colour_bytes() const {
  return static_cast<size_t>(plan_.part.height * plan_.part.width * plan_.channels);
}

size_t PlannedSample::narrow_bytes() const {
  return static_cast<size_t>(plan_.rows) * (plan_.across.end - plan_.across.begin) * plan_.channels;
}

SamplePlan PlannedSample::bind(const int32_t* numbers, const YccPlanes& planes) const {
  SamplePlan plan = plan_;
  plan.planes = planes;
  plan.table = numbers;
  bind_axis(plan.down, bind_axis(plan.across, numbers + table_numbers_));
  return plan;
}

}  // namespace echelon::image
