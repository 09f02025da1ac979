// Weights of a model in the form in which products take them, for threads that use the model at once.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "nn/functional/product_weight.h"

namespace echelon::predict {

/// Weights as products take them, converted once for each thread that is at work at a time.
class WeightsPool {
 public:
  /// `uses`: of each weight by one loan, about; where they are many, weights are packed (nn::SharedWeights).
  explicit WeightsPool(int64_t uses = kManyUses) : uses_(uses) {}

  std::unique_ptr<nn::SharedWeights> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<nn::SharedWeights>(uses_);
    auto weights = std::move(idle_.back());
    idle_.pop_back();
    return weights;
  }
  void give_back(std::unique_ptr<nn::SharedWeights> weights) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(weights));
  }

 private:
  static constexpr int64_t kManyUses = 1'000;
  int64_t uses_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<nn::SharedWeights>> idle_;
};

class WeightsLoan {
 public:
  explicit WeightsLoan(WeightsPool& pool) : pool_(pool), weights_(pool.take()) {}
  ~WeightsLoan() { pool_.give_back(std::move(weights_)); }
  WeightsLoan(const WeightsLoan&) = delete;
  WeightsLoan& operator=(const WeightsLoan&) = delete;
  nn::SharedWeights& get() { return *weights_; }

 private:
  WeightsPool& pool_;
  std::unique_ptr<nn::SharedWeights> weights_;
};

}  // namespace echelon::predict
