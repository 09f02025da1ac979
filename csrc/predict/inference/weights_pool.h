// Weights of a model in the form in which products take them, for threads that use the model at once.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "nn/functional/product_weight.h"

namespace echelon::predict {

/// Weights as products take them, converted once for each thread that is at work at a time.
class WeightsPool {
 public:
  std::unique_ptr<nn::SharedWeights> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<nn::SharedWeights>(nn::SharedWeights::of_constants());
    auto weights = std::move(idle_.back());
    idle_.pop_back();
    return weights;
  }
  void give_back(std::unique_ptr<nn::SharedWeights> weights) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(weights));
  }

 private:
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
