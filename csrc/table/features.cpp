#include "table/features.h"

#include <cstring>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"

namespace echelon::table {
namespace {

/// What has to be known of a column.
struct Need {
  std::string column;
  bool statistics = false;
  bool values = false;
};

Need need_of(const FeatureSettings& feature) {
  const bool number = feature.kind != FeatureKind::kCategorical;
  return {feature.column, number && (feature.standardise || feature.missing == Missing::kMean), !number};
}

/// The statistics of a number are known even where it is not standardised: metrics are taken around its mean.
Need need_of(const TargetSettings& target) {
  const bool number = target.kind == TargetKind::kNumber;
  return {target.column, number, !number};
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

}  // namespace

FeatureFit::FeatureFit(std::vector<FeatureSettings> features, std::optional<TargetSettings> target)
    : features_(std::move(features)),
      target_(std::move(target)),
      facts_(features_.size() + (target_ ? 1 : 0)) {}

void FeatureFit::add(const TableFile& file, int64_t block) {
  const StageScope scope(LoadStage::kConvert);
  std::vector<std::string> columns;
  std::vector<std::pair<size_t, Need>> needs;
  for (size_t i = 0; i < facts_.size(); ++i) {
    Need need = i < features_.size() ? need_of(features_[i]) : need_of(*target_);
    if (!need.statistics && !need.values) continue;
    columns.push_back(need.column);
    needs.emplace_back(i, std::move(need));
  }
  if (columns.empty()) return;
  const std::vector<Column> read = read_columns(file, block, columns);
  for (size_t i = 0; i < needs.size(); ++i) {
    const auto& [index, need] = needs[i];
    try {
      if (need.statistics) facts_[index].statistics.add(read[i]);
      if (need.values) facts_[index].values.add(read[i]);
    } catch (const DataError& error) {
      const Block& place = file.blocks()[static_cast<size_t>(block)];
      throw DataError(str_format("{}, rows {} to {}, column \"{}\": {}", file.name(), place.first_row,
                                 place.first_row + place.rows - 1, need.column, error.what()));
    }
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

}  // namespace echelon::table
