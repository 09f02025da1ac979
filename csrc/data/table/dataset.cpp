#include "data/table/dataset.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"

namespace echelon::data {
namespace {

template <class To, class From>
void copy_row(const std::vector<From>& from, int64_t row, int64_t width, at::Tensor& tensor, int64_t to) {
  std::copy_n(from.begin() + row * width, width, tensor.mutable_data_ptr<To>() + to * width);
}

/// Numbers, in the type of the tensor.
void copy_numbers(const std::vector<float>& from, int64_t row, int64_t width, at::Tensor& tensor,
                  int64_t to) {
  if (tensor.scalar_type() == at::kFloat) return copy_row<float>(from, row, width, tensor, to);
  if (tensor.scalar_type() == at::kDouble) return copy_row<double>(from, row, width, tensor, to);
  throw InternalError(str_format("rows of type {}", c10::toString(tensor.scalar_type())));
}

}  // namespace

TableDataset::TableDataset(std::vector<TableBlock> blocks,
                           std::shared_ptr<const table::FeatureEncoder> encoder, TableDatasetOptions options,
                           bool inputs)
    : blocks_(std::move(blocks)),
      starts_{0},
      encoder_(std::move(encoder)),
      options_(options),
      inputs_(inputs),
      cache_(options.memory_bytes, [this](int64_t block) {
        auto encoded = encode(static_cast<size_t>(block));
        const int64_t bytes = encoded->rows.bytes() + static_cast<int64_t>(sizeof(Encoded));
        return BlockCache<Encoded>::Decoded{std::move(encoded), bytes};
      }) {
  for (const TableBlock& block : blocks_) starts_.push_back(starts_.back() + block.rows());
}

TableDataset::Place TableDataset::place_of(int64_t index) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), index);
  const auto block = static_cast<size_t>(after - starts_.begin() - 1);
  return {block, index - starts_[block]};
}

std::shared_ptr<const TableDataset::Encoded> TableDataset::encode(size_t block) const {
  const TableBlock& place = blocks_[block];
  auto encoded = std::make_shared<Encoded>();
  try {
    encoded->rows = encoder_->encode(*place.file, place.block, inputs_);
  } catch (const DataError& error) {
    encoded->failure = error.what();  // kept: each of its rows will be asked for
  }
  return encoded;
}

int64_t TableDataset::bytes_a_row() const {
  constexpr int64_t kValue = 4;
  const int64_t inputs = encoder_->numbers() + static_cast<int64_t>(encoder_->categories().size());
  return kValue * (1 + (inputs_ ? inputs : 0));
}

std::optional<int64_t> TableDataset::label(int64_t index) const {
  if (!encoder_->has_classes()) return std::nullopt;
  const Place place = place_of(index);
  const std::shared_ptr<const Encoded> block = cache_.get(static_cast<int64_t>(place.block));
  if (!block->failure.empty() || block->rows.problems.contains(place.row)) return std::nullopt;
  return block->rows.classes[static_cast<size_t>(place.row)];
}

std::string TableDataset::place(int64_t index) const {
  const Place place = place_of(index);
  const TableBlock& block = blocks_[place.block];
  const int64_t first = block.file->blocks()[static_cast<size_t>(block.block)].first_row;
  return str_format("{}, row {}", block.file->name(), first + place.row);
}

std::vector<std::string> TableDataset::class_names() const {
  return encoder_->has_classes() ? encoder_->target()->classes.values() : std::vector<std::string>{};
}

Batch TableDataset::allocate(int64_t samples, at::ScalarType dtype, bool pinned) const {
  const at::TensorOptions options = at::TensorOptions().pinned_memory(pinned);
  const auto categories = static_cast<int64_t>(encoder_->categories().size());
  Batch batch;
  if (inputs_ && encoder_->numbers() > 0)
    batch.inputs["features"] = at::empty({samples, encoder_->numbers()}, options.dtype(dtype));
  if (inputs_ && categories > 0)
    batch.inputs["categories"] = at::empty({samples, categories}, options.dtype(at::kLong));
  batch.target = at::empty({samples}, options.dtype(encoder_->has_classes() ? at::kLong : dtype));
  return batch;
}

void TableDataset::load(int64_t index, uint64_t /*key*/, Batch& batch, int64_t row) const {
  const Place place = place_of(index);
  const std::shared_ptr<const Encoded> block = cache_.get(static_cast<int64_t>(place.block));
  if (!block->failure.empty()) throw DataError(block->failure);
  const table::EncodedRows& rows = block->rows;
  if (const auto problem = rows.problems.find(place.row); problem != rows.problems.end())
    throw DataError(str_format("{}, {}", this->place(index), problem->second));
  if (encoder_->has_classes()) {
    copy_row<int64_t>(rows.classes, place.row, 1, batch.target, row);
  } else {
    copy_numbers(rows.targets, place.row, 1, batch.target, row);
  }
  for (auto& [name, tensor] : batch.inputs) {
    if (name == "features") copy_numbers(rows.numbers, place.row, tensor.size(1), tensor, row);
    if (name == "categories") copy_row<int64_t>(rows.categories, place.row, tensor.size(1), tensor, row);
  }
}

std::shared_ptr<const Dataset> TableDataset::targets() const {
  return std::make_shared<TableDataset>(blocks_, encoder_, options_, /*inputs=*/false);
}

}  // namespace echelon::data
