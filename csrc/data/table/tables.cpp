#include "data/table/tables.h"

#include <set>

#include "common/error.h"
#include "common/format.h"
#include "data/open_files.h"
#include "table/encoder_file.h"
#include "table/schema_check.h"
#include "work/share_work.h"

namespace echelon::data {
namespace {

using table::ColumnType;
using table::FeatureKind;
using table::FeatureSettings;
using table::TableFile;

void require(const TableFile& file, const std::string& column, bool category, std::string_view way_out) {
  const table::Field& field = table::require_column(file.name(), file.schema(), column);
  if (category ? table::is_category(field.type) : table::is_number(field.type)) return;
  throw DataError(str_format("{}: column \"{}\" holds {}, which is no {}{}", file.name(), column,
                             type_name(field.type), category ? "category" : "number", way_out));
}

}  // namespace

table::TableOptions table_options(const TableReading& reading) {
  table::TableOptions options{.format = reading.format};
  for (const auto& [column, type] : reading.types) options.types[column] = table::parse_type(type);
  if (!reading.csv.delimiter.empty()) options.delimiter = reading.csv.delimiter.front();
  options.header = reading.csv.header;
  options.column_names = reading.csv.columns;
  if (!reading.csv.missing.empty()) {
    options.missing = reading.csv.missing;
    options.missing.emplace_back();
  }
  return options;
}

Tables::Tables(const TableSettings& settings, const OpenRequest& request, const StoredFeatures& stored)
    : skips_(settings.on_error == OnError::kSkip),
      options_(table_options(settings)),
      features_(listed_features(settings)),
      target_(settings.target),
      training_inputs_(data::training_inputs(settings)),
      storage_(request.storage) {
  if (stored.text.empty()) {
    learn(request);
  } else {
    take(stored);
  }
}

void Tables::take(const StoredFeatures& stored) {
  encoder_ = std::make_shared<table::FeatureEncoder>(table::parse_encoder(stored.text, stored.path));
  const std::string contradiction = table::find_contradiction(*encoder_, features_, target_);
  if (!contradiction.empty()) {
    throw CheckpointError(
        str_format("{} does not fit the settings of data: {}; set it back, or start anew with "
                   "checkpoint.resume: never",
                   stored.path, contradiction));
  }
  features_.clear();
  for (const table::EncodedFeature& feature : encoder_->features()) features_.push_back(feature.settings);
}

std::vector<FeatureSettings> Tables::features_of(const TableFile& file) const {
  std::vector<FeatureSettings> features;
  for (const table::Field& field : file.schema()) {
    if (field.name == target_.column) continue;
    if (!table::is_category(field.type)) {
      throw DataError(
          str_format("{}: column \"{}\" holds {}, which is neither a number nor a category; list "
                     "the columns to use under data.features",
                     file.name(), field.name, type_name(field.type)));
    }
    const bool category = field.type == ColumnType::kString || field.type == ColumnType::kBool;
    features.push_back(
        {.column = field.name, .kind = category ? FeatureKind::kCategorical : FeatureKind::kFloat});
  }
  std::ranges::sort(features, {}, &FeatureSettings::column);
  if (features.empty())
    throw DataError(str_format("{} has no column besides the target \"{}\"", file.name(), target_.column));
  return features;
}

void Tables::check_columns(const TableFile& file) const {
  for (const FeatureSettings& feature : features_) {
    const bool category = feature.kind == FeatureKind::kCategorical;
    const bool text = !category && table::find_field(file.schema(), feature.column) != nullptr &&
                      table::find_field(file.schema(), feature.column)->type == ColumnType::kString;
    require(file, feature.column, category,
            text ? "; make the feature categorical, or set what the column holds (data.types)" : "");
  }
  require(file, target_.column, target_.kind == table::TargetKind::kClass,
          target_.kind == table::TargetKind::kNumber ? "; a target of text is of type class" : "");
}

std::shared_ptr<const TableFile> Tables::open(const std::string& name) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = files_.find(name); found != files_.end()) return found->second;
  }
  std::shared_ptr<const TableFile> file = table::open_table(*storage_, name, options_);
  check_columns(*file);
  const std::lock_guard lock(mutex_);
  return files_.emplace(name, std::move(file)).first->second;
}

Tables::Opened Tables::open_all(const std::vector<std::string>& names, const OpenRequest& request) const {
  const auto try_one = [&](int64_t i) -> std::string {
    try {
      open(names[static_cast<size_t>(i)]);
      return "";
    } catch (const DataError& error) {
      if (!skips_) throw;
      return error.what();
    }
  };
  const std::vector<std::string> problems =
      work::share_work(static_cast<int64_t>(names.size()), try_one, request.communicator);
  Opened opened;
  for (size_t i = 0; i < names.size(); ++i) {
    if (problems[i].empty()) {
      opened.files.push_back(open(names[i]));
    } else if (opened.left_out++ == 0) {
      opened.first_problem = problems[i];
    }
  }
  return opened;
}

void Tables::learn(const OpenRequest& request) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const Inputs& inputs : training_inputs_) {
    for (std::string& name : expand(inputs, request)) {
      if (seen.insert(name).second) names.push_back(std::move(name));
    }
  }
  if (features_.empty() && !names.empty())
    features_ = features_of(*table::open_table(*storage_, names.front(), options_));
  const Opened opened = open_all(names, request);
  std::vector<std::pair<const TableFile*, int64_t>> blocks;
  for (const auto& file : opened.files) {
    for (size_t block = 0; block < file->blocks().size(); ++block)
      blocks.emplace_back(file.get(), static_cast<int64_t>(block));
  }
  const auto fit_one = [&](int64_t i) {
    const auto& [file, block] = blocks[static_cast<size_t>(i)];
    table::FeatureFit part(features_, target_);
    try {
      part.add(*file, block);
    } catch (const DataError&) {
      if (!skips_) throw;
      part = table::FeatureFit(features_, target_);  // the block is left out where its rows are
    }
    return part.pack();
  };
  table::FeatureFit fit(features_, target_);
  for (const std::string& part :
       work::share_work(static_cast<int64_t>(blocks.size()), fit_one, request.communicator))
    fit.merge_packed(part);
  encoder_ = std::make_shared<table::FeatureEncoder>(fit);
  if (target_.kind == table::TargetKind::kClass && encoder_->classes() < 2) {
    throw DataError(str_format("column \"{}\" of the training data has {} class{}; at least two are needed",
                               target_.column, encoder_->classes(), encoder_->classes() == 1 ? "" : "es"));
  }
}

}  // namespace echelon::data
