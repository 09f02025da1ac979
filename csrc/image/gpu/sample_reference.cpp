#include "image/gpu/sample_reference.h"

#include "image/gpu/sample_arithmetic.h"

namespace echelon::image {

void make_sample(const PlannedSample& sample, const YccPlanes& planes, void* target) {
  const SamplePlan plan = sample.bind(sample.numbers().data(), planes);
  std::vector<uint8_t> colours(sample.colour_bytes()), narrow(sample.narrow_bytes());
  for (int y = 0; y < plan.part.height; ++y) {
    for (int x = 0; x < plan.part.width; ++x) make_colour(plan, x, y, colours.data());
  }
  for (int y = 0; y < plan.rows; ++y) {
    for (int x = 0; x < plan.across.end - plan.across.begin; ++x)
      make_narrow(plan, colours.data(), x, y, narrow.data());
  }
  with_element(plan.element_bytes, [&]<class Element>(Element*) {
    auto* elements = static_cast<Element*>(target);
    for (int channel = 0; channel < plan.channels; ++channel) {
      for (int y = 0; y < plan.window; ++y) {
        for (int x = 0; x < plan.window; ++x) make_element(plan, narrow.data(), x, y, channel, elements);
      }
    }
  });
}

}  // namespace echelon::image
