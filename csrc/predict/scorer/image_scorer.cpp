#include "predict/scorer/image_scorer.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "data/image/dataset.h"
#include "image/transform.h"
#include "models/settings.h"
#include "predict/inference/batch_size.h"
#include "predict/postprocess/postprocess.h"
#include "predict/source/open_source.h"
#include "predict/source/read_path.h"
#include "storage/storage.h"
#include "table/schema_check.h"
#include "train/precision.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

constexpr int64_t kMostRows = 64;

void check_inputs(const PredictSettings& settings, const LoadedModel& model) {
  for (const auto& [input, columns] : settings.inputs) {
    if (input != "image")
      throw ConfigError(str_format("inputs.{}: a model of images has one input, image", input));
    if (columns.size() != 1) throw ConfigError("inputs.image: one column holds the images");
  }
  if (!settings.rename.empty())
    throw ConfigError("rename: for a model of images, inputs.image names the column");
  if (const auto& fields = std::get<data::ImageSettings>(model.training.data).fields; !fields.empty())
    throw ConfigError(
        str_format("model: {} reads \"{}\" of each sample besides its image (data.fields); only models of "
                   "the image alone can score",
                   model.origin, fields.begin()->first));
}

/// As many as there are classes, UTF-8; none where the data that the model was trained on have no names.
std::vector<std::string> class_names_of(const LoadedModel& model, int64_t classes) {
  std::vector<std::string> names = model.class_names;
  if (names.empty()) return names;
  for (auto i = static_cast<int64_t>(names.size()); i < classes; ++i) names.push_back(std::to_string(i));
  return names;
}

ModelOutput output_of(const LoadedModel& model) {
  const int64_t classes = models::interface_of(model.training.model).output_limit;
  return {.usual = PostprocessKind::kClass, .values = classes, .class_names = class_names_of(model, classes)};
}

/// Convolutions compute with the channels of a pixel side by side, and need not be brought there and back.
bool put_channels_last(nn::LayeredModel& model) {
  bool any = false;
  for (const nn::NamedParameter& parameter : model.parameters()) {
    if (parameter.tensor.dim() != 4) continue;
    at::Tensor tensor = parameter.tensor;
    tensor.set_data(tensor.detach().contiguous(at::MemoryFormat::ChannelsLast));
    any = true;
  }
  return any;
}

class ImageScorer final : public Scorer {
 public:
  ImageScorer(LoadedModel model, const PredictSettings& settings)
      : model_(std::move(model)),
        transform_(data::transform_options(std::get<data::ImageSettings>(model_.training.data),
                                           /*augment=*/false)),
        type_(train::storage_type(model_.precision)),
        postprocess_(make_postprocess(settings.postprocess, output_of(model_), settings.output.prefix)),
        batch_(settings.batch.value_or(
            choose_batch(model_.inference->spec(), {{"image", allocate(1)}}, kMostRows))),
        layout_(put_channels_last(model_.inference->model()) ? at::MemoryFormat::ChannelsLast
                                                             : at::MemoryFormat::Contiguous),
        inputs_{image_column(settings)},
        storage_(settings.storage) {}

  const std::vector<std::string>& inputs() const override { return inputs_; }
  const table::Schema& outputs() const override { return postprocess_->outputs(); }
  Grain grain() const override { return {.unit_rows = 1 << 12, .chunk_rows = std::max(batch_, kMostRows)}; }

  void check(const std::string& file, const table::Schema& schema) const override {
    const table::Field* field = table::find_field(schema, inputs_[0]);
    if (field != nullptr && field->type == ColumnType::kString) return;  // paths
    const std::vector<table::WantedColumn> wanted{{.name = inputs_[0], .need = table::Need::kBytes}};
    table::require_columns(file, schema, wanted,
                           " of images, or their paths; inputs.image says which column holds them");
  }

  Scores score(std::span<const Column> inputs) const override {
    const Column& images = inputs[0];
    Scores scores{.columns = postprocess_->begin()};
    for (int64_t begin = 0; begin < images.rows; begin += batch_) {
      const int64_t end = std::min(begin + batch_, images.rows);
      const at::Tensor batch = decode(images, begin, end, scores.problems);
      const StageScope scope(LoadStage::kModel);
      const at::Tensor outputs = model_.inference->run({{"image", batch.contiguous(layout_)}});
      postprocess_->append(outputs.to(at::kCPU, type_), scores);
    }
    return scores;
  }

 private:
  /// [rows, channel, height, width]
  at::Tensor allocate(int64_t rows) const {
    return at::empty({rows, transform_.channels(), transform_.size(), transform_.size()}, type_);
  }

  /// As allocate(); rows with a problem are zero.
  at::Tensor decode(const Column& images, int64_t begin, int64_t end,
                    std::map<int64_t, std::string>& problems) const {
    at::Tensor batch = allocate(end - begin);
    for (int64_t row = begin; row < end; ++row) {
      const at::Tensor sample = batch[row - begin];
      try {
        decode(images, row, sample.mutable_data_ptr());
      } catch (const DataError& error) {
        problems.emplace(row, str_format("column \"{}\": {}", inputs_[0], error.what()));
        sample.zero_();
      }
    }
    return batch;
  }

  void decode(const Column& images, int64_t row, void* sample) const {
    if (!images.is_valid(row)) throw DataError("the value is missing");
    std::string_view encoded = images.text(row);
    std::string content;
    if (images.type == ColumnType::kString)
      encoded = content = read_path(storage_, std::string(encoded), data::kMaxEncodedImage);
    if (static_cast<int64_t>(encoded.size()) > data::kMaxEncodedImage)
      throw DataError(str_format("an image of {} bytes", encoded.size()));
    transform_({reinterpret_cast<const uint8_t*>(encoded.data()), encoded.size()}, /*key=*/0,
               data::element_type(type_), sample);
  }

  LoadedModel model_;
  image::ImageTransform transform_;
  at::ScalarType type_;
  std::unique_ptr<const Postprocess> postprocess_;
  int64_t batch_;
  at::MemoryFormat layout_;  ///< of batches
  std::vector<std::string> inputs_;
  mutable storage::Storage storage_;  ///< thread-safe
};

}  // namespace

std::unique_ptr<Scorer> make_image_scorer(LoadedModel model, const PredictSettings& settings) {
  check_inputs(settings, model);
  return std::make_unique<ImageScorer>(std::move(model), settings);
}

}  // namespace echelon::predict
