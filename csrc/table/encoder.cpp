#include "table/encoder.h"

#include <cmath>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"

namespace echelon::table {
namespace {

int64_t size(int64_t rows, int64_t columns) {
  return rows * columns;
}

double checked_integer(double number) {
  if (number != std::floor(number))
    throw DataError(str_format("{} is not a whole number; make the feature a float", number));
  return number;
}

double finite(double number) {
  if (!std::isfinite(number)) throw DataError(str_format("{} is not finite", number));
  return number;
}

float encode_number(const EncodedFeature& feature, const Column& column, int64_t row) {
  double value = number_at(column, row);
  if (std::isnan(value)) {
    if (feature.settings.missing == Missing::kFail)
      throw DataError("the value is missing; set what stands in for it (missing: mean, or missing: fill)");
    value = feature.number.fill;
  } else if (feature.settings.kind == FeatureKind::kInteger) {
    value = checked_integer(value);
  }
  return static_cast<float>((finite(value) - feature.number.mean) / feature.number.deviation);
}

int64_t id_at(const Vocabulary& vocabulary, const Column& column, int64_t row) {
  if (column.type == ColumnType::kString || column.type == ColumnType::kBinary)
    return vocabulary.id_of(column.text(row));
  return vocabulary.id_of(category_at(column, row));
}

int32_t encode_category(const EncodedFeature& feature, const Column& column, int64_t row) {
  if (column.is_missing(row)) return Vocabulary::kUnknown;
  return static_cast<int32_t>(id_at(feature.vocabulary, column, row));
}

int32_t encode_class(const EncodedTarget& target, const Column& column, int64_t row) {
  if (column.is_missing(row)) throw DataError("the target is missing");
  const int64_t id = id_at(target.classes, column, row);
  if (id == Vocabulary::kUnknown) {
    throw DataError(str_format("\"{}\" is none of the {} classes of the training data",
                               category_at(column, row), target.classes.size() - 1));
  }
  return static_cast<int32_t>(id - 1);
}

float encode_target(const EncodedTarget& target, const Column& column, int64_t row) {
  const double value = number_at(column, row);
  if (std::isnan(value)) throw DataError("the target is missing");
  return static_cast<float>((finite(value) - target.number.mean) / target.number.deviation);
}

/// A constant column becomes 0.
NumberEncoding standardised(const Statistics& statistics) {
  const double deviation = statistics.standard_deviation();
  return {.mean = statistics.mean(), .deviation = deviation > 0 ? deviation : 1};
}

void require_finite(const Statistics& statistics, const std::string& column) {
  if (std::isfinite(statistics.mean()) && std::isfinite(statistics.standard_deviation())) return;
  throw DataError(str_format("column \"{}\" of the training data holds values that are not finite", column));
}

EncodedFeature learned(const FeatureSettings& settings, const FeatureFacts& facts) {
  require_finite(facts.statistics, settings.column);
  EncodedFeature feature{.settings = settings};
  if (settings.kind == FeatureKind::kCategorical) {
    feature.vocabulary = facts.values.finish(settings.min_count, settings.max_categories);
    return feature;
  }
  if (settings.standardise) feature.number = standardised(facts.statistics);
  feature.number.fill = settings.missing == Missing::kMean ? facts.statistics.mean() : settings.fill;
  return feature;
}

EncodedTarget learned(const TargetSettings& settings, const FeatureFacts& facts) {
  require_finite(facts.statistics, settings.column);
  EncodedTarget target{.settings = settings};
  target.training_mean = facts.statistics.mean();
  if (settings.kind == TargetKind::kClass) target.classes = facts.values.finish();
  if (settings.standardise) target.number = standardised(facts.statistics);
  return target;
}

/// Goes through a column row by row, and notes what is wrong with one.
template <class Action>
void for_each_row(EncodedRows& result, const std::string& column, Action action) {
  for (int64_t row = 0; row < result.rows; ++row) {
    try {
      action(row);
    } catch (const DataError& error) {
      result.problems.emplace(row, str_format("column \"{}\": {}", column, error.what()));
    }
  }
}

template <class T>
T* row_of(std::vector<T>& values, int64_t row, int64_t width) {
  return values.data() + static_cast<ptrdiff_t>(row * width);
}

}  // namespace

int64_t EncodedRows::bytes() const {
  auto total = static_cast<int64_t>((numbers.size() + targets.size()) * sizeof(float) +
                                    (categories.size() + classes.size()) * sizeof(int32_t));
  constexpr int64_t kNode = 64;  // of the map, about
  for (const auto& [row, problem] : problems) total += kNode + static_cast<int64_t>(problem.size());
  return total;
}

FeatureEncoder::FeatureEncoder(const FeatureFit& fit) {
  for (size_t i = 0; i < fit.features().size(); ++i)
    features_.push_back(learned(fit.features()[i], fit.facts(i)));
  if (fit.target()) target_ = learned(*fit.target(), fit.facts(features_.size()));
  count();
}

FeatureEncoder::FeatureEncoder(std::vector<EncodedFeature> features, std::optional<EncodedTarget> target)
    : features_(std::move(features)), target_(std::move(target)) {
  count();
}

void FeatureEncoder::count() {
  for (const EncodedFeature& feature : features_) {
    if (feature.settings.kind != FeatureKind::kCategorical) {
      ++numbers_;
      continue;
    }
    categories_.push_back(feature.vocabulary.size());
    if (feature.vocabulary.size() > std::numeric_limits<int32_t>::max())
      throw DataError(str_format("column \"{}\" has {} categories; set max_categories",
                                 feature.settings.column, feature.vocabulary.size() - 1));
  }
}

std::vector<std::string> FeatureEncoder::columns(bool inputs) const {
  std::vector<std::string> columns;
  if (inputs) {
    for (const EncodedFeature& feature : features_) columns.push_back(feature.settings.column);
  }
  if (target_) columns.push_back(target_->settings.column);
  return columns;
}

EncodedRows FeatureEncoder::encode(const TableFile& file, int64_t block, bool inputs) const {
  const StageScope scope(LoadStage::kConvert);
  const std::vector<Column> columns = read_columns(file, block, this->columns(inputs));
  EncodedRows result{.rows = file.blocks()[static_cast<size_t>(block)].rows};
  if (target_) encode_targets(columns.back(), result);
  if (inputs) encode_inputs(columns, result);
  return result;
}

EncodedRows FeatureEncoder::encode_inputs(std::span<const Column> columns) const {
  const StageScope scope(LoadStage::kConvert);
  EncodedRows result{.rows = columns.empty() ? 0 : columns.front().rows};
  encode_inputs(columns, result);
  return result;
}

void FeatureEncoder::encode_targets(const Column& column, EncodedRows& result) const {
  const std::string& name = target_->settings.column;
  if (has_classes()) {
    result.classes.resize(static_cast<size_t>(result.rows));
    for_each_row(result, name,
                 [&](int64_t row) { *row_of(result.classes, row, 1) = encode_class(*target_, column, row); });
  } else {
    result.targets.resize(static_cast<size_t>(result.rows));
    for_each_row(result, name, [&](int64_t row) {
      *row_of(result.targets, row, 1) = encode_target(*target_, column, row);
    });
  }
}

void FeatureEncoder::encode_inputs(std::span<const Column> columns, EncodedRows& result) const {
  const auto width = static_cast<int64_t>(categories_.size());
  result.numbers.resize(static_cast<size_t>(size(result.rows, numbers_)));
  result.categories.resize(static_cast<size_t>(size(result.rows, width)));
  int64_t number = 0, category = 0;
  for (size_t i = 0; i < features_.size(); ++i) {
    const EncodedFeature& feature = features_[i];
    if (feature.settings.kind == FeatureKind::kCategorical) {
      for_each_row(result, feature.settings.column, [&](int64_t row) {
        row_of(result.categories, row, width)[category] = encode_category(feature, columns[i], row);
      });
      ++category;
    } else {
      for_each_row(result, feature.settings.column, [&](int64_t row) {
        row_of(result.numbers, row, numbers_)[number] = encode_number(feature, columns[i], row);
      });
      ++number;
    }
  }
}

}  // namespace echelon::table
