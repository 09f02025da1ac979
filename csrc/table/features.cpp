#include "table/features.h"

#include <cmath>
#include <cstring>

#include "common/error.h"
#include "common/format.h"

namespace echelon::table {
namespace {

bool needs_statistics(const FeatureSettings& feature) {
  return feature.kind == FeatureKind::kFloat && (feature.standardise || feature.missing == Missing::kMean);
}

bool needs_values(const FeatureSettings& feature) {
  return feature.kind == FeatureKind::kCategorical;
}

std::vector<std::string> columns_of(const std::vector<FeatureSettings>& features) {
  std::vector<std::string> columns;
  for (const FeatureSettings& feature : features) columns.push_back(feature.column);
  return columns;
}

void append_part(std::string& bytes, const std::string& part) {
  const auto size = static_cast<int64_t>(part.size());
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes += part;
}

std::string_view take_part(std::string_view& bytes) {
  int64_t size = 0;
  if (bytes.size() < sizeof size) throw InternalError("packed facts of features end early");
  std::memcpy(&size, bytes.data(), sizeof size);
  bytes.remove_prefix(sizeof size);
  const std::string_view part = bytes.substr(0, static_cast<size_t>(size));
  bytes.remove_prefix(part.size());
  return part;
}

/// Adds where it was to what went wrong.
template <class Action>
auto at_place(const TableFile& file, int64_t row, const std::string& column, Action action) {
  try {
    return action();
  } catch (const DataError& error) {
    throw DataError(str_format("{}, row {}, column \"{}\": {}", file.name(), row, column, error.what()));
  }
}

int64_t to_integer(double number) {
  if (number != std::floor(number) || std::fabs(number) > 9007199254740992.0)
    throw DataError(str_format("{} is not a whole number; make the feature a float", number));
  return static_cast<int64_t>(number);
}

[[noreturn]] void fail_missing() {
  throw DataError("the value is missing; set what stands in for it (missing: mean, or a number)");
}

}  // namespace

FeatureFit::FeatureFit(std::vector<FeatureSettings> features)
    : features_(std::move(features)), facts_(features_.size()) {}

void FeatureFit::add(const TableFile& file, int64_t block) {
  std::vector<std::string> columns;
  std::vector<size_t> numbers;
  for (size_t i = 0; i < features_.size(); ++i) {
    if (!needs_statistics(features_[i]) && !needs_values(features_[i])) continue;
    columns.push_back(features_[i].column);
    numbers.push_back(i);
  }
  if (columns.empty()) return;
  const std::vector<Column> read = file.read(block, columns);
  for (size_t i = 0; i < numbers.size(); ++i) {
    FeatureFacts& facts = facts_[numbers[i]];
    at_place(file, file.blocks()[static_cast<size_t>(block)].first_row, columns[i], [&] {
      if (needs_statistics(features_[numbers[i]])) facts.statistics.add(read[i]);
      if (needs_values(features_[numbers[i]])) facts.values.add(read[i]);
    });
  }
}

void FeatureFit::merge(const FeatureFit& other) {
  for (size_t i = 0; i < facts_.size(); ++i) {
    facts_[i].statistics.merge(other.facts_[i].statistics);
    facts_[i].values.merge(other.facts_[i].values);
  }
}

std::string FeatureFit::pack() const {
  std::string bytes;
  for (const FeatureFacts& facts : facts_) {
    append_part(bytes, facts.statistics.pack());
    append_part(bytes, facts.values.pack());
  }
  return bytes;
}

void FeatureFit::merge_packed(std::string_view bytes) {
  for (FeatureFacts& facts : facts_) {
    facts.statistics.merge(Statistics::unpack(take_part(bytes)));
    facts.values.merge(VocabularyBuilder::unpack(take_part(bytes)));
  }
}

FeatureEncoder::FeatureEncoder(const FeatureFit& fit) : features_(fit.features_) {
  for (size_t i = 0; i < features_.size(); ++i) {
    const FeatureSettings& feature = features_[i];
    const Statistics& statistics = fit.facts_[i].statistics;
    Numeric numeric{.fill = feature.missing == Missing::kMean ? statistics.mean() : feature.fill};
    if (feature.standardise) {
      numeric.shift = statistics.mean();
      const double deviation = statistics.standard_deviation();
      numeric.scale = deviation > 0 ? 1 / deviation : 1;  // a constant column becomes 0
    }
    numerics_.push_back(numeric);
    vocabularies_.push_back(fit.facts_[i].values.finish(feature.min_count, feature.max_categories));
  }
}

EncodedRows FeatureEncoder::encode(const TableFile& file, int64_t block) const {
  const std::vector<Column> columns = file.read(block, columns_of(features_));
  const Block& place = file.blocks()[static_cast<size_t>(block)];
  EncodedRows result{.rows = place.rows};
  const auto number = [&](size_t i, int64_t row) {
    const double value = number_at(columns[i], row);
    if (std::isnan(value) && features_[i].missing == Missing::kFail) fail_missing();
    return std::isnan(value) ? numerics_[i].fill : value;
  };
  const auto encode_one = [&](size_t i, int64_t row) {
    if (features_[i].kind == FeatureKind::kFloat) {
      const double value = (number(i, row) - numerics_[i].shift) * numerics_[i].scale;
      result.floats.push_back(static_cast<float>(value));
    } else if (features_[i].kind == FeatureKind::kInteger) {
      const bool exact = columns[i].type == ColumnType::kInt64 && columns[i].is_valid(row);
      result.integers.push_back(exact ? columns[i].integers[static_cast<size_t>(row)]
                                      : to_integer(number(i, row)));
    } else {
      result.integers.push_back(columns[i].is_valid(row)
                                    ? vocabularies_[i].id_of(category_at(columns[i], row))
                                    : Vocabulary::kUnknown);
    }
  };
  for (int64_t row = 0; row < place.rows; ++row) {
    for (size_t i = 0; i < features_.size(); ++i)
      at_place(file, place.first_row + row, features_[i].column, [&] { encode_one(i, row); });
  }
  return result;
}

}  // namespace echelon::table
