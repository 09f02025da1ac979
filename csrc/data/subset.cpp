#include "data/subset.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"
#include "data/order/permutation.h"

namespace echelon::data {
namespace {

/// Rising numbers of blocks: a part of a dataset as another dataset. Immutable.
class Selection {
 public:
  virtual ~Selection() = default;
  virtual int64_t size() const = 0;
  virtual int64_t at(int64_t place) const = 0;
  virtual std::vector<int64_t> blocks() const = 0;
};

/// floor(of · part / whole) without overflow.
int64_t share(int64_t of, int64_t part, int64_t whole) {
  return static_cast<int64_t>(static_cast<__int128>(of) * part / whole);
}

/// The same share of every block, to a sample.
class ShareOfBlocks final : public Selection {
 public:
  ShareOfBlocks(const Dataset& dataset, int64_t wanted, uint64_t key)
      : wanted_(wanted), key_(key), from_(dataset.blocks()) {
    for (const int64_t start : from_) starts_.push_back(share(wanted, start, dataset.size()));
    from_.push_back(dataset.size());
  }
  int64_t size() const override { return wanted_; }
  int64_t at(int64_t place) const override {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), place);
    const auto block = static_cast<size_t>(after - starts_.begin() - 1);
    const Permutation within(from_[block + 1] - from_[block], derive_key(key_, block));
    return from_[block] + within(place - starts_[block]);
  }
  std::vector<int64_t> blocks() const override { return starts_; }

 private:
  int64_t wanted_;
  uint64_t key_;
  std::vector<int64_t> from_;    ///< starts of the blocks in the dataset, and its end
  std::vector<int64_t> starts_;  ///< of what is taken of them
};

/// Samples listed one by one.
class ListedSamples final : public Selection {
 public:
  ListedSamples(std::vector<int64_t> samples, const std::vector<int64_t>& blocks)
      : samples_(std::move(samples)) {
    for (const int64_t start : blocks)
      starts_.push_back(std::lower_bound(samples_.begin(), samples_.end(), start) - samples_.begin());
  }
  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  int64_t at(int64_t place) const override { return samples_[static_cast<size_t>(place)]; }
  std::vector<int64_t> blocks() const override { return starts_; }

 private:
  std::vector<int64_t> samples_;  ///< rising
  std::vector<int64_t> starts_;
};

class Subset final : public Dataset {
 public:
  Subset(std::shared_ptr<const Dataset> dataset, std::shared_ptr<const Selection> selection)
      : dataset_(std::move(dataset)), selection_(std::move(selection)) {}
  int64_t size() const override { return selection_->size(); }
  int64_t left_out() const override { return dataset_->left_out(); }
  std::vector<int64_t> blocks() const override { return selection_->blocks(); }
  std::optional<int64_t> label(int64_t index) const override {
    return dataset_->label(selection_->at(index));
  }
  std::string place(int64_t index) const override { return dataset_->place(selection_->at(index)); }
  std::vector<std::string> class_names() const override { return dataset_->class_names(); }
  bool ignores_targets() const override { return dataset_->ignores_targets(); }
  int64_t targets_per_sample() const override { return dataset_->targets_per_sample(); }
  int64_t rows_per_sample() const override { return dataset_->rows_per_sample(); }
  Batch allocate(int64_t samples, at::ScalarType dtype, bool pinned) const override {
    return dataset_->allocate(samples, dtype, pinned);
  }
  void load(int64_t index, uint64_t key, Batch& batch, int64_t row) const override {
    dataset_->load(selection_->at(index), key, batch, row);
  }
  std::shared_ptr<const Dataset> targets() const override {
    auto targets = dataset_->targets();
    return targets ? std::make_shared<Subset>(std::move(targets), selection_) : nullptr;
  }

 private:
  std::shared_ptr<const Dataset> dataset_;
  std::shared_ptr<const Selection> selection_;
};

std::map<int64_t, std::vector<int64_t>> samples_by_class(const Dataset& dataset) {
  std::map<int64_t, std::vector<int64_t>> classes;
  for (int64_t i = 0; i < dataset.size(); ++i) {
    const std::optional<int64_t> label = dataset.label(i);
    if (!label) throw DataError("a subset can be stratified only where every sample has a class");
    classes[*label].push_back(i);
  }
  return classes;
}

/// As many of each class as its share of the dataset; of the classes one after the other, to a sample.
std::vector<int64_t> stratified_samples(const Dataset& dataset, int64_t wanted, uint64_t key) {
  std::vector<int64_t> taken;
  int64_t passed = 0;
  for (const auto& [label, samples] : samples_by_class(dataset)) {
    const auto count = static_cast<int64_t>(samples.size());
    const int64_t quota =
        share(wanted, passed + count, dataset.size()) - share(wanted, passed, dataset.size());
    const Permutation order(count, derive_key(key, static_cast<uint64_t>(label)));
    for (int64_t i = 0; i < quota; ++i) taken.push_back(samples[static_cast<size_t>(order(i))]);
    passed += count;
  }
  std::ranges::sort(taken);
  return taken;
}

}  // namespace

std::shared_ptr<const Dataset> take_subset(std::shared_ptr<const Dataset> dataset,
                                           const SubsetSettings& settings, uint64_t seed) {
  const int64_t size = dataset->size();
  int64_t wanted = size;
  if (settings.fraction) wanted = std::llround(*settings.fraction * static_cast<double>(size));
  if (settings.limit) wanted = std::min(wanted, *settings.limit);
  if (wanted == size) return dataset;
  if (wanted == 0)
    throw DataError(str_format("a fraction of {} of {} samples leaves none", *settings.fraction, size));
  const uint64_t key = derive_key(seed, "subset");
  std::shared_ptr<const Selection> selection;
  if (settings.stratified) {
    selection = std::make_shared<ListedSamples>(stratified_samples(*dataset, wanted, key), dataset->blocks());
  } else {
    selection = std::make_shared<ShareOfBlocks>(*dataset, wanted, key);
  }
  return std::make_shared<Subset>(std::move(dataset), std::move(selection));
}

}  // namespace echelon::data
