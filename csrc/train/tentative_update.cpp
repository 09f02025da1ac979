#include "train/tentative_update.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

namespace echelon::train {

TentativeUpdate::TentativeUpdate(optim::Optimizer& optimizer, double learning_rate)
    : optimizer_(optimizer), learning_rate_(learning_rate) {}

bool TentativeUpdate::advance(int64_t most_bytes) {
  if (next_part_ == optimizer_.parts()) return false;
  const std::vector<at::Tensor> tensors = optimizer_.tensors_of_part(next_part_);
  int64_t bytes = 0;
  for (const at::Tensor& tensor : tensors) bytes += static_cast<int64_t>(tensor.nbytes());
  if (bytes > most_bytes) return false;
  for (const at::Tensor& tensor : tensors) {
    changed_.push_back(tensor);
    kept_.push_back(tensor.clone());
  }
  bytes_kept_ += bytes;
  optimizer_.update_part(next_part_++, learning_rate_);
  return true;
}

void TentativeUpdate::undo() {
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < changed_.size(); ++i) changed_[i].copy_(kept_[i]);
  forget();
  next_part_ = 0;
}

void TentativeUpdate::finish() {
  forget();
  while (next_part_ < optimizer_.parts()) optimizer_.update_part(next_part_++, learning_rate_);
  optimizer_.end_step();
}

void TentativeUpdate::forget() {
  changed_.clear();
  kept_.clear();
  bytes_kept_ = 0;
}

}  // namespace echelon::train
