#include "data/concatenation.h"

#include <algorithm>
#include <utility>

namespace echelon::data {
namespace {

class Concatenation final : public Dataset {
 public:
  Concatenation(std::vector<NamedDataset> parts, bool weighted)
      : parts_(std::move(parts)), weighted_(weighted) {
    for (const NamedDataset& part : parts_) {
      starts_.push_back(size_);
      size_ += part.dataset->size();
    }
  }

  int64_t size() const override { return size_; }

  int64_t left_out() const override {
    int64_t sum = 0;
    for (const NamedDataset& part : parts_) sum += part.dataset->left_out();
    return sum;
  }

  std::vector<int64_t> blocks() const override {
    std::vector<int64_t> all;
    for (size_t i = 0; i < parts_.size(); ++i) {
      for (const int64_t start : parts_[i].dataset->blocks()) all.push_back(starts_[i] + start);
    }
    return all;
  }

  std::vector<WeightedSource> sources() const override {
    std::vector<WeightedSource> sources;
    if (!weighted_) return sources;
    for (const NamedDataset& part : parts_) sources.push_back({part.name, part.dataset->size(), part.weight});
    return sources;
  }

  std::optional<int64_t> label(int64_t index) const override {
    const size_t part = part_of(index);
    return parts_[part].dataset->label(index - starts_[part]);
  }

  std::string place(int64_t index) const override {
    const size_t part = part_of(index);
    return parts_[part].dataset->place(index - starts_[part]);
  }

  std::vector<std::string> class_names() const override { return parts_.front().dataset->class_names(); }

  bool ignores_targets() const override {
    return std::ranges::any_of(parts_,
                               [](const NamedDataset& part) { return part.dataset->ignores_targets(); });
  }

  int64_t targets_per_sample() const override { return parts_.front().dataset->targets_per_sample(); }
  int64_t rows_per_sample() const override { return parts_.front().dataset->rows_per_sample(); }
  Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const override {
    return parts_.front().dataset->allocate(samples, dtype, pinned);
  }

  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override {
    const size_t part = part_of(index);
    parts_[part].dataset->load(index - starts_[part], key, batch, row);
  }

  std::shared_ptr<const Dataset> targets() const override {
    std::vector<NamedDataset> targets = parts_;
    for (NamedDataset& part : targets) {
      part.dataset = part.dataset->targets();
      if (!part.dataset) return nullptr;
    }
    return concatenate(std::move(targets), weighted_);
  }

 private:
  size_t part_of(int64_t index) const {
    return static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), index) - starts_.begin() - 1);
  }

  std::vector<NamedDataset> parts_;
  bool weighted_;
  std::vector<int64_t> starts_;
  int64_t size_ = 0;
};

}  // namespace

std::shared_ptr<const Dataset> concatenate(std::vector<NamedDataset> parts, bool weighted) {
  return std::make_shared<Concatenation>(std::move(parts), weighted);
}

}  // namespace echelon::data
