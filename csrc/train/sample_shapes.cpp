#include "train/sample_shapes.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "train/precision.h"

namespace echelon::train {
namespace {

at::Tensor random_labels(int64_t limit, at::IntArrayRef shape, at::Device device) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kLong).device(device);
  return device.is_meta() ? at::empty(shape, options) : at::randint(limit, shape, options);
}

SampleBatch make_table_batch(const models::TableInput& table, int64_t rows,
                             const at::TensorOptions& options) {
  const at::Device device = options.device();
  const auto real = [&](std::vector<int64_t> shape) {
    return device.is_meta() ? at::empty(shape, options) : at::randn(shape, options);
  };
  SampleBatch batch;
  if (table.numbers > 0) batch.inputs["features"] = real({rows, table.numbers});
  if (!table.categories.empty()) {
    const int64_t least = *std::ranges::min_element(table.categories);
    batch.inputs["categories"] =
        random_labels(least, {rows, static_cast<int64_t>(table.categories.size())}, device);
  }
  batch.targets = table.classes > 0 ? random_labels(table.classes, {rows}, device) : real({rows});
  return batch;
}

/// One distribution over the classes a sample, as Mixup and CutMix make of labels.
at::Tensor random_probabilities(int64_t classes, int64_t samples, at::Device device) {
  const at::TensorOptions options = at::TensorOptions().dtype(at::kFloat).device(device);
  const std::vector<int64_t> shape = {samples, classes};
  return device.is_meta() ? at::empty(shape, options) : at::randn(shape, options).softmax(1);
}

}  // namespace

SampleBatch make_sample_batch(const TrainSettings& settings, int64_t micro_batch, at::Device device) {
  const models::ModelInterface model = models::interface_of(settings.model);
  if (const auto* text = std::get_if<data::TextSettings>(&settings.data)) {
    const int64_t rows = text->packing == data::Packing::kBuckets
                             ? data::bucket_tokens(*text) / text->sequence_length
                             : micro_batch;
    const std::vector<int64_t> shape = {rows, text->sequence_length};
    SampleBatch batch{{{model.input, random_labels(model.output_limit, shape, device)}},
                      random_labels(model.output_limit, shape, device)};
    if (const auto* pairs = std::get_if<data::Seq2SeqSettings>(&text->objective)) {
      const std::vector<int64_t> source = {rows, pairs->source_length};
      batch.inputs["source"] = random_labels(model.output_limit, source, device);
      batch.inputs["source_starts"] = at::zeros(source, batch.targets.options());
    }
    if (model.document_starts) batch.inputs["document_starts"] = at::zeros(shape, batch.targets.options());
    return batch;
  }
  const at::TensorOptions options =
      at::TensorOptions().dtype(storage_type(settings.precision)).device(device);
  if (model.table) return make_table_batch(*model.table, micro_batch, options);
  const auto* images = std::get_if<data::ImageSettings>(&settings.data);
  const bool mixes = images != nullptr && images->augment.mixes();
  std::vector<int64_t> shape = {micro_batch};
  shape.insert(shape.end(), model.input_shape.begin(), model.input_shape.end());
  return {{{model.input, device.is_meta() ? at::empty(shape, options) : at::randn(shape, options)}},
          mixes ? random_probabilities(model.output_limit, micro_batch, device)
                : random_labels(model.output_limit, {micro_batch}, device)};
}

}  // namespace echelon::train
