// The batches of a loader by number.
#pragma once

#include <map>
#include <utility>

#include "data/loader.h"

namespace echelon::data {

/// For several stages, each of which asks for the batches in an order of its own. Loads when asked.
template <class Loader>
class NumberedBatches {
 public:
  /// Batch 0 is the next of `loader`.
  explicit NumberedBatches(Loader& loader) : loader_(loader) {}

  /// It may be taken apart. Not after take().
  Batch& at(int64_t number) {
    for (; loaded_ <= number; ++loaded_) batches_[loaded_] = loader_.next();
    return batches_.at(number);
  }
  Batch take(int64_t number) {
    at(number);
    return std::move(batches_.extract(number).mapped());
  }

 private:
  Loader& loader_;
  int64_t loaded_ = 0;
  std::map<int64_t, Batch> batches_;
};

}  // namespace echelon::data
