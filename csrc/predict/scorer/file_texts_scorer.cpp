#include "predict/scorer/file_texts_scorer.h"

#include "common/error.h"
#include "common/format.h"
#include "predict/source/read_path.h"
#include "storage/storage.h"
#include "table/schema_check.h"
#include "tokenizer/utf8.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;

constexpr int64_t kMaxFile = int64_t{16} << 20;
constexpr size_t kBytesAtOnce = size_t{32} << 20;

void append(Scores& all, Scores&& some) {
  const int64_t first = all.columns.front().rows;
  for (size_t i = 0; i < all.columns.size(); ++i)
    table::append_rows(all.columns[i], some.columns[i], 0, some.columns[i].rows);
  for (auto& [row, problem] : some.problems) all.problems.try_emplace(first + row, std::move(problem));
}

class FileTextsScorer final : public Scorer {
 public:
  FileTextsScorer(std::unique_ptr<Scorer> texts, const PredictSettings& settings)
      : texts_(std::move(texts)), inputs_{"path"}, storage_(settings.storage) {}

  const std::vector<std::string>& inputs() const override { return inputs_; }
  const table::Schema& outputs() const override { return texts_->outputs(); }
  Grain grain() const override { return texts_->grain(); }

  void check(const std::string& file, const table::Schema& schema) const override {
    const std::vector<table::WantedColumn> wanted{{.name = inputs_[0], .need = table::Need::kText}};
    table::require_columns(file, schema, wanted);
  }

  Scores score(std::span<const Column> inputs) const override {
    const Column& paths = inputs[0];
    Scores scores{.columns = table::empty_columns(outputs())};
    for (int64_t row = 0; row < paths.rows;) {
      const std::vector<Column> texts{read(paths, row, scores.problems)};
      row += texts[0].rows;
      append(scores, texts_->score(texts));
    }
    return scores;
  }

 private:
  /// The texts of rows from `row` on, as many as are read at once. Of those with a problem, none.
  Column read(const Column& paths, int64_t row, std::map<int64_t, std::string>& problems) const {
    Column texts = table::empty_column(ColumnType::kString);
    for (; row < paths.rows && texts.bytes.size() < kBytesAtOnce; ++row) {
      try {
        table::append_text(texts, text_of(paths, row));
      } catch (const DataError& error) {
        problems.emplace(row, str_format("column \"path\": {}", error.what()));
        table::append_text(texts, "");
      }
    }
    return texts;
  }

  std::string text_of(const Column& paths, int64_t row) const {
    if (!paths.is_valid(row)) throw DataError("the value is missing");
    const std::string path(paths.text(row));
    std::string text = read_path(storage_, path, kMaxFile);
    const size_t invalid = tokenizer::first_invalid_utf8(text);
    if (invalid < text.size()) throw DataError(str_format("{}, offset {}: no UTF-8", path, invalid));
    return text;
  }

  std::unique_ptr<Scorer> texts_;
  std::vector<std::string> inputs_;
  mutable storage::Storage storage_;  ///< thread-safe
};

}  // namespace

std::unique_ptr<Scorer> make_file_texts_scorer(std::unique_ptr<Scorer> texts,
                                               const PredictSettings& settings) {
  return std::make_unique<FileTextsScorer>(std::move(texts), settings);
}

}  // namespace echelon::predict
