#include "predict/scorer/language_scorer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"
#include "generate/generator.h"
#include "generate/likelihood.h"
#include "predict/scorer/length_batches.h"
#include "predict/scorer/text_codec.h"
#include "predict/scorer/text_columns.h"
#include "table/schema_check.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

uint32_t start_of(const LoadedModel& model) {
  const auto& text = std::get<data::TextSettings>(model.training.data);
  const auto* pairs = std::get_if<data::Seq2SeqSettings>(&text.objective);
  return pairs != nullptr ? static_cast<uint32_t>(pairs->start_id) : 0;
}

/// What both kinds share. A row's tokens are encoded once; problems of rows are noted, and those rows left
/// out.
class LanguageScorer : public Scorer {
 public:
  LanguageScorer(LoadedModel model, const PredictSettings& settings, std::vector<std::string> columns,
                 table::Schema outputs)
      : codec_(model),
        start_(start_of(model)),
        model_([inference =
                    model.inference](nn::Activations inputs) { return inference->ask(std::move(inputs)); },
               model.training.model),
        batch_tokens_(settings.batch_tokens),
        columns_(std::move(columns)),
        outputs_(std::move(outputs)) {}

  const std::vector<std::string>& inputs() const override { return columns_; }
  const table::Schema& outputs() const override { return outputs_; }

  void check(const std::string& file, const table::Schema& schema) const override {
    std::vector<table::WantedColumn> wanted;
    for (const std::string& column : columns_) wanted.push_back({.name = column, .need = table::Need::kText});
    table::require_columns(file, schema, wanted, "; inputs says which columns hold the texts");
  }

  Scores score(std::span<const Column> inputs) const final {
    Scores scores{.columns = table::empty_columns(outputs_)};
    const auto count = static_cast<size_t>(inputs[0].rows);
    std::vector<Row> rows(count);
    std::vector<int64_t> lengths(count);
    for (size_t i = 0; i < count; ++i) {
      const std::string problem = encode(inputs, static_cast<int64_t>(i), rows[i]);
      if (problem.empty()) {
        lengths[i] = length_of(rows[i]);
      } else {
        scores.problems.emplace(static_cast<int64_t>(i), problem);
      }
    }
    {
      const StageScope scope(LoadStage::kModel);
      run(lengths, rows);
    }
    for (size_t i = 0; i < count; ++i) {
      const std::string problem = append(rows[i], scores.columns);
      if (!problem.empty()) scores.problems.try_emplace(static_cast<int64_t>(i), problem);
    }
    return scores;
  }

 protected:
  struct Row {
    std::vector<Ids> texts;  ///< of each input
    generate::Continuation written;
    generate::Likelihood likelihood;
  };

  /// Of one input, as the model takes it.
  virtual Ids encode_text(size_t input, std::string_view text) const = 0;
  /// Why the model cannot take the tokens of an input; empty: it can.
  virtual std::string problem_of(size_t input, const Ids& ids) const = 0;
  /// What a row takes in a batch, in tokens.
  virtual int64_t length_of(const Row& row) const = 0;
  /// Asks the model of the rows whose `lengths` are not 0.
  virtual void run(std::span<const int64_t> lengths, std::span<Row> rows) const = 0;
  /// Appends a value to each column, also of rows that did not run; why what the model said does not serve.
  virtual std::string append(const Row& row, std::vector<Column>& columns) const = 0;

  std::string too_long(const Ids& ids, const char* what) const {
    return str_format("{} tokens {} of {}", ids.size(), what, model_.context());
  }

  TextCodec codec_;
  uint32_t start_;
  generate::LanguageModel model_;
  int64_t batch_tokens_;

 private:
  /// Why the row has a problem; empty: it has none.
  std::string encode(std::span<const Column> inputs, int64_t row, Row& to) const {
    const StageScope scope(LoadStage::kTokenise);
    for (size_t input = 0; input < inputs.size(); ++input) {
      std::string problem = "the value is missing";
      if (inputs[input].is_valid(row)) {
        try {
          to.texts.push_back(encode_text(input, inputs[input].text(row)));
          problem = problem_of(input, to.texts.back());
        } catch (const DataError& error) {
          problem = error.what();
        }
      }
      if (!problem.empty()) return str_format("column \"{}\": {}", columns_[input], problem);
    }
    return {};
  }

  std::vector<std::string> columns_;
  table::Schema outputs_;
};

class Writer final : public LanguageScorer {
 public:
  Writer(LoadedModel model, const PredictSettings& settings)
      : LanguageScorer(model, settings, text_columns(settings, {"text"}),
                       {{.name = settings.output.prefix + "generated", .type = ColumnType::kString},
                        {.name = settings.output.prefix + "finish_reason", .type = ColumnType::kString},
                        {.name = settings.output.prefix + "tokens", .type = ColumnType::kInt64}}),
        options_(options_of(model, settings.generation.value_or(generate::GenerationSettings()))) {}

  Grain grain() const override { return {.unit_rows = 1 << 10, .chunk_rows = 1 << 8}; }

 private:
  generate::GenerationOptions options_of(const LoadedModel& model,
                                         const generate::GenerationSettings& settings) const {
    generate::GenerationOptions options{
        .max_new_tokens = settings.max_new_tokens,
        .sampling = {.temperature = settings.temperature, .top_k = settings.top_k, .top_p = settings.top_p},
        .seed = static_cast<uint64_t>(settings.seed),
        .vocabulary = codec_.vocabulary(),
        .start = start_};
    const auto& text = std::get<data::TextSettings>(model.training.data);
    std::vector<std::string> stops;
    if (text.end_of_document) stops = {*text.end_of_document};
    for (const std::string& stop : settings.stop.value_or(stops)) {
      options.stops.push_back(codec_.encode_plainly(stop));
      if (options.stops.back().empty())
        throw ConfigError(str_format("generation.stop: \"{}\" has no tokens", stop));
    }
    return options;
  }

  Ids encode_text(size_t /*input*/, std::string_view text) const override {
    return model_.reads_source() ? codec_.encode(text) : codec_.encode_beginning(text);
  }

  std::string problem_of(size_t /*input*/, const Ids& ids) const override {
    const auto tokens = static_cast<int64_t>(ids.size());
    if (tokens == 0) return "there is no text to begin with";
    if (model_.reads_source() && tokens > model_.context())
      return too_long(ids, "are more than the model's context");
    if (room_after(model_, ids.size(), options_) < 1)
      return too_long(ids, "leave no room for more in the model's context");
    return {};
  }

  int64_t length_of(const Row& row) const override {
    const size_t tokens = row.texts[0].size();
    return static_cast<int64_t>(tokens) + room_after(model_, tokens, options_);
  }

  void run(std::span<const int64_t> lengths, std::span<Row> rows) const override {
    for (const std::vector<int64_t>& group : length_groups(lengths)) {
      std::vector<Ids> prompts;
      for (const int64_t row : group) prompts.push_back(rows[static_cast<size_t>(row)].texts[0]);
      const int64_t longest = lengths[static_cast<size_t>(group.back())];
      const int64_t places = std::max<int64_t>(1, batch_tokens_ / longest);
      std::vector<generate::Continuation> written = continue_prompts(model_, prompts, options_, places);
      for (size_t i = 0; i < group.size(); ++i)
        rows[static_cast<size_t>(group[i])].written = std::move(written[i]);
    }
  }

  std::string append(const Row& row, std::vector<Column>& columns) const override {
    const bool stopped = row.written.reason == generate::FinishReason::kStop;
    table::append_text(columns[0], codec_.decode(row.written.tokens));
    table::append_text(columns[1], stopped ? "stop" : "length");
    columns[2].integers.push_back(static_cast<int64_t>(row.written.tokens.size()));
    ++columns[2].rows;
    return row.written.finite ? "" : "the model's output is not finite";
  }

  generate::GenerationOptions options_;
};

class Reader final : public LanguageScorer {
 public:
  Reader(LoadedModel model, const PredictSettings& settings)
      : LanguageScorer(model, settings, text_columns(settings, inputs_of(model)),
                       {{.name = settings.output.prefix + "log_probability", .type = ColumnType::kFloat64},
                        {.name = settings.output.prefix + "tokens", .type = ColumnType::kInt64},
                        {.name = settings.output.prefix + "perplexity", .type = ColumnType::kFloat64}}) {}

  Grain grain() const override { return {.unit_rows = 1 << 14, .chunk_rows = 1 << 9}; }

 private:
  static std::vector<std::string> inputs_of(const LoadedModel& model) {
    return models::interface_of(model.training.model).source ? std::vector<std::string>{"text", "target"}
                                                             : std::vector<std::string>{"text"};
  }

  Ids encode_text(size_t /*input*/, std::string_view text) const override { return codec_.encode(text); }

  std::string problem_of(size_t /*input*/, const Ids& ids) const override {
    const auto tokens = static_cast<int64_t>(ids.size());
    if (model_.reads_source() && tokens == 0) return "the text is empty";
    if (!model_.reads_source() && tokens < 2) return "a text of one token or none has nothing to predict";
    return tokens > model_.context() ? too_long(ids, "are more than the model's context") : "";
  }

  int64_t length_of(const Row& row) const override {
    size_t tokens = 0;
    for (const Ids& text : row.texts) tokens += text.size();
    return static_cast<int64_t>(tokens);
  }

  void run(std::span<const int64_t> lengths, std::span<Row> rows) const override {
    for (const std::vector<int64_t>& batch : length_batches(lengths, batch_tokens_)) {
      std::vector<generate::GivenText> texts;
      for (const int64_t row : batch) {
        const std::vector<Ids>& own = rows[static_cast<size_t>(row)].texts;
        texts.push_back({model_.reads_source() ? own[0] : Ids(), own.back()});
      }
      const std::vector<generate::Likelihood> found = likelihoods(model_, texts, start_);
      for (size_t i = 0; i < batch.size(); ++i) rows[static_cast<size_t>(batch[i])].likelihood = found[i];
    }
  }

  std::string append(const Row& row, std::vector<Column>& columns) const override {
    const auto& [log_probability, tokens] = row.likelihood;
    columns[0].doubles.push_back(log_probability);
    columns[1].integers.push_back(tokens);
    columns[2].doubles.push_back(std::exp(-log_probability / static_cast<double>(tokens)));
    for (Column& column : columns) ++column.rows;
    return std::isfinite(log_probability) ? "" : "the model's output is not finite";
  }
};

}  // namespace

std::unique_ptr<Scorer> make_language_scorer(LoadedModel model, const PredictSettings& settings) {
  switch (settings.postprocess.as.value_or(PostprocessKind::kText)) {
    case PostprocessKind::kText:
      return std::make_unique<Writer>(std::move(model), settings);
    case PostprocessKind::kPerplexity:
      return std::make_unique<Reader>(std::move(model), settings);
    default:
      throw ConfigError(
          str_format("postprocess.as: {} is a language model; set text, for what it writes, or "
                     "perplexity, for how probable it finds a text",
                     model.origin));
  }
}

}  // namespace echelon::predict
