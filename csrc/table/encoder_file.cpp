#include "table/encoder_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/error.h"
#include "common/format.h"

namespace echelon::table {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "echelon features";
constexpr int64_t kFormatVersion = 1;

template <class Value>
using Names = std::vector<std::pair<Value, const char*>>;

const Names<FeatureKind> kKinds = {{FeatureKind::kFloat, "float"},
                                   {FeatureKind::kInteger, "integer"},
                                   {FeatureKind::kCategorical, "categorical"}};
const Names<Missing> kMissing = {
    {Missing::kFail, "fail"}, {Missing::kMean, "mean"}, {Missing::kFill, "fill"}};
const Names<TargetKind> kTargetKinds = {{TargetKind::kClass, "class"}, {TargetKind::kNumber, "number"}};

template <class Value>
const char* name_of(const Names<Value>& names, Value value) {
  return std::ranges::find(names, value, &std::pair<Value, const char*>::first)->second;
}

template <class Value>
Value value_of(const Names<Value>& names, const std::string& name) {
  for (const auto& [value, known] : names) {
    if (name == known) return value;
  }
  throw CheckpointError(str_format("\"{}\" is unknown", name));
}

Json to_json(const EncodedFeature& feature) {
  const FeatureSettings& settings = feature.settings;
  Json json = {{"column", settings.column}, {"type", name_of(kKinds, settings.kind)}};
  if (settings.kind == FeatureKind::kCategorical) {
    json["min_count"] = settings.min_count;
    json["max_categories"] = settings.max_categories;
    json["categories"] = feature.vocabulary.values();
    return json;
  }
  json["missing"] = name_of(kMissing, settings.missing);
  json["fill"] = feature.number.fill;
  json["standardise"] = settings.standardise;
  json["mean"] = feature.number.mean;
  json["deviation"] = feature.number.deviation;
  return json;
}

Json to_json(const EncodedTarget& target) {
  Json json = {{"column", target.settings.column}, {"type", name_of(kTargetKinds, target.settings.kind)}};
  if (target.settings.kind == TargetKind::kClass) {
    json["classes"] = target.classes.values();
    return json;
  }
  json["standardise"] = target.settings.standardise;
  json["mean"] = target.number.mean;
  json["deviation"] = target.number.deviation;
  json["training_mean"] = target.training_mean;
  return json;
}

EncodedFeature feature_from(const Json& json) {
  EncodedFeature feature{
      .settings = {.column = json.at("column"), .kind = value_of(kKinds, json.at("type"))}};
  FeatureSettings& settings = feature.settings;
  if (settings.kind == FeatureKind::kCategorical) {
    settings.min_count = json.at("min_count");
    settings.max_categories = json.at("max_categories");
    feature.vocabulary = Vocabulary(json.at("categories").get<std::vector<std::string>>());
    return feature;
  }
  settings.missing = value_of(kMissing, json.at("missing"));
  settings.standardise = json.at("standardise");
  feature.number = {json.at("fill"), json.at("mean"), json.at("deviation")};
  if (settings.missing == Missing::kFill) settings.fill = feature.number.fill;
  return feature;
}

EncodedTarget target_from(const Json& json) {
  EncodedTarget target{
      .settings = {.column = json.at("column"), .kind = value_of(kTargetKinds, json.at("type"))}};
  if (target.settings.kind == TargetKind::kClass) {
    target.classes = Vocabulary(json.at("classes").get<std::vector<std::string>>());
    return target;
  }
  target.settings.standardise = json.at("standardise");
  target.number = {.mean = json.at("mean"), .deviation = json.at("deviation")};
  target.training_mean = json.at("training_mean");
  return target;
}

FeatureEncoder encoder_from(const Json& json) {
  if (json.value("format", "") != kFormat) throw CheckpointError("is no file of features");
  if (json.at("format_version") != kFormatVersion) {
    throw CheckpointError(str_format("has version {}, this program reads {}; take a newer one",
                                     json.at("format_version").dump(), kFormatVersion));
  }
  std::vector<EncodedFeature> features;
  for (const Json& feature : json.at("features")) features.push_back(feature_from(feature));
  std::optional<EncodedTarget> target;
  if (json.contains("target")) target = target_from(json.at("target"));
  return {std::move(features), std::move(target)};
}

/// "type is float, and was categorical"; empty where they agree.
template <class Value>
std::string difference(const char* key, const Value& now, const Value& before) {
  return now == before ? "" : str_format("{} is {}, and was {}", key, now, before);
}

std::string first_of(std::initializer_list<std::string> differences) {
  for (const std::string& text : differences) {
    if (!text.empty()) return text;
  }
  return "";
}

std::string difference(const FeatureSettings& now, const FeatureSettings& before) {
  const std::string kind =
      difference<std::string_view>("type", name_of(kKinds, now.kind), name_of(kKinds, before.kind));
  if (!kind.empty()) return kind;
  if (now.kind == FeatureKind::kCategorical) {
    return first_of({difference("min_count", now.min_count, before.min_count),
                     difference("max_categories", now.max_categories, before.max_categories)});
  }
  return first_of({difference<std::string_view>("missing", name_of(kMissing, now.missing),
                                                name_of(kMissing, before.missing)),
                   difference("standardise", now.standardise, before.standardise),
                   now.missing == Missing::kFill ? difference("fill", now.fill, before.fill) : ""});
}

std::string difference(const TargetSettings& now, const TargetSettings& before) {
  return first_of({difference("column", now.column, before.column),
                   difference<std::string_view>("type", name_of(kTargetKinds, now.kind),
                                                name_of(kTargetKinds, before.kind)),
                   difference("standardise", now.standardise, before.standardise)});
}

std::vector<std::string> columns_of(const std::vector<FeatureSettings>& features) {
  std::vector<std::string> columns;
  for (const FeatureSettings& feature : features) columns.push_back(feature.column);
  return columns;
}

}  // namespace

std::string render_encoder(const FeatureEncoder& encoder) {
  Json json = {{"format", kFormat}, {"format_version", kFormatVersion}, {"features", Json::array()}};
  for (const EncodedFeature& feature : encoder.features()) json["features"].push_back(to_json(feature));
  if (encoder.target()) json["target"] = to_json(*encoder.target());
  std::string text = json.dump(2);
  text += '\n';
  return text;
}

FeatureEncoder parse_encoder(std::string_view text, const std::string& path) {
  try {
    return encoder_from(Json::parse(text));
  } catch (const Json::exception& error) {
    throw CheckpointError(str_format("{}: {}", path, error.what()));
  } catch (const CheckpointError& error) {
    throw CheckpointError(str_format("{}: {}", path, error.what()));
  }
}

std::string find_contradiction(const FeatureEncoder& encoder, const std::vector<FeatureSettings>& features,
                               const TargetSettings& target) {
  if (!encoder.target()) return "there is no target";
  const std::string of_target = difference(target, encoder.target()->settings);
  if (!of_target.empty()) return str_format("the target's {}", of_target);
  if (features.empty()) return "";
  std::vector<FeatureSettings> before;
  for (const EncodedFeature& feature : encoder.features()) before.push_back(feature.settings);
  if (columns_of(features) != columns_of(before)) {
    return str_format("the features are {}, and were {}", join(columns_of(features)),
                      join(columns_of(before)));
  }
  for (size_t i = 0; i < features.size(); ++i) {
    const std::string text = difference(features[i], before[i]);
    if (!text.empty()) return str_format("of \"{}\" {}", features[i].column, text);
  }
  return "";
}

}  // namespace echelon::table
