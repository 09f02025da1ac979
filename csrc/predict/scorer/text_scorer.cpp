#include "predict/scorer/text_scorer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "models/text_embedding.h"
#include "predict/postprocess/postprocess.h"
#include "predict/scorer/length_batches.h"
#include "predict/scorer/text_columns.h"
#include "table/schema_check.h"
#include "tokenizer/bounded_encoder.h"

namespace echelon::predict {
namespace {

using table::Column;
using Ids = std::vector<uint32_t>;

models::Pooling pooling_of(const checkpoint::HuggingFaceModel& model, const PredictSettings& settings) {
  if (settings.postprocess.pooling) return *settings.postprocess.pooling;
  if (model.pooling()) return *model.pooling();
  throw ConfigError(
      str_format("postprocess.pooling: {} does not say how tokens become one vector; set mean, cls "
                 "or max",
                 model.folder().string()));
}

/// What else could be made of it needs a head, which such a folder has not.
PostprocessSettings postprocess_of(const checkpoint::HuggingFaceModel& model,
                                   const PredictSettings& settings) {
  PostprocessSettings postprocess = settings.postprocess;
  if (postprocess.as.value_or(PostprocessKind::kEmbedding) != PostprocessKind::kEmbedding)
    throw ConfigError(str_format("postprocess.as: of texts {} makes embeddings, and nothing else",
                                 model.folder().string()));
  if (!postprocess.normalise) postprocess.normalise = model.normalises();
  return postprocess;
}

class TextScorer final : public Scorer {
 public:
  TextScorer(const checkpoint::HuggingFaceModel& model, std::shared_ptr<const Inference> inference,
             const PredictSettings& settings)
      : inputs_(text_columns(settings, {"text"})),
        postprocess_(
            make_postprocess(postprocess_of(model, settings),
                             {.usual = PostprocessKind::kEmbedding, .values = model.settings().width},
                             settings.output.prefix)),
        pooling_(pooling_of(model, settings)),
        batch_tokens_(settings.batch_tokens),
        width_(model.settings().width),
        tokenizer_(tokenizer::load_tokenizer(model.tokenizer().string())),
        encoder_(*tokenizer_, static_cast<size_t>(model.max_tokens())),
        inference_(std::move(inference)) {
    if (tokenizer_->vocabulary() > model.settings().vocabulary)
      throw ConfigError(str_format("model: the tokenizer of {} has {} tokens, the model {}",
                                   model.folder().string(), tokenizer_->vocabulary(),
                                   model.settings().vocabulary));
  }

  const std::vector<std::string>& inputs() const override { return inputs_; }
  const table::Schema& outputs() const override { return postprocess_->outputs(); }
  Grain grain() const override { return {.unit_rows = 1 << 14, .chunk_rows = 1 << 9}; }

  void check(const std::string& file, const table::Schema& schema) const override {
    const std::vector<table::WantedColumn> wanted{{.name = inputs_[0], .need = table::Need::kText}};
    table::require_columns(file, schema, wanted, "; inputs.text says which column holds the texts");
  }

  Scores score(std::span<const Column> inputs) const override {
    const Column& texts = inputs[0];
    Scores scores{.columns = postprocess_->begin()};
    const std::vector<Ids> ids = encode(texts, scores.problems);
    const StageScope scope(LoadStage::kModel);
    std::vector<int64_t> lengths;
    for (const Ids& own : ids) lengths.push_back(static_cast<int64_t>(own.size()));
    const at::Tensor embeddings = at::zeros({texts.rows, width_});
    for (const std::vector<int64_t>& rows : length_batches(lengths, batch_tokens_))
      embed(ids, rows, embeddings.mutable_data_ptr<float>());
    postprocess_->append(embeddings, scores);
    return scores;
  }

 private:
  /// Of rows with a problem, none.
  std::vector<Ids> encode(const Column& texts, std::map<int64_t, std::string>& problems) const {
    const StageScope scope(LoadStage::kTokenise);
    std::vector<Ids> ids(static_cast<size_t>(texts.rows));
    for (int64_t row = 0; row < texts.rows; ++row) {
      if (texts.is_valid(row)) {
        ids[static_cast<size_t>(row)] = encoder_.encode(texts.text(row));
      } else {
        problems.emplace(row, str_format("column \"{}\": the value is missing", inputs_[0]));
      }
    }
    return ids;
  }

  void embed(const std::vector<Ids>& ids, std::span<const int64_t> rows, float* result) const {
    const auto count = static_cast<int64_t>(rows.size());
    const auto time = static_cast<int64_t>(ids[static_cast<size_t>(rows.back())].size());
    at::Tensor tokens = at::zeros({count, time}, at::kLong), lengths = at::empty({count}, at::kLong);
    for (int64_t i = 0; i < count; ++i) {
      const Ids& own = ids[static_cast<size_t>(rows[static_cast<size_t>(i)])];
      std::ranges::copy(own, tokens.mutable_data_ptr<int64_t>() + i * time);
      lengths.mutable_data_ptr<int64_t>()[i] = static_cast<int64_t>(own.size());
    }
    const at::Tensor vectors = pooled(tokens, lengths);
    const float* values = vectors.const_data_ptr<float>();
    for (int64_t i = 0; i < count; ++i)
      std::copy_n(values + i * width_, width_, result + rows[static_cast<size_t>(i)] * width_);
  }

  /// float32 [rows, width], on the CPU.
  at::Tensor pooled(const at::Tensor& tokens, const at::Tensor& lengths) const {
    const c10::InferenceMode no_gradients;
    const at::Tensor hidden = inference_->run({{"tokens", tokens}, {"lengths", lengths}});
    return models::pool(hidden, lengths.to(hidden.device()), pooling_).to(at::kCPU, at::kFloat).contiguous();
  }

  std::vector<std::string> inputs_;
  std::unique_ptr<const Postprocess> postprocess_;
  models::Pooling pooling_;
  int64_t batch_tokens_;
  int64_t width_;
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  tokenizer::BoundedEncoder encoder_;
  std::shared_ptr<const Inference> inference_;
};

}  // namespace

std::unique_ptr<Scorer> make_text_scorer(const checkpoint::HuggingFaceModel& model,
                                         std::shared_ptr<const Inference> inference,
                                         const PredictSettings& settings) {
  return std::make_unique<TextScorer>(model, std::move(inference), settings);
}

}  // namespace echelon::predict
