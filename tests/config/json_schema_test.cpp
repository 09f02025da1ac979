// What an editor shows. That the schema accepts the right texts is the business of schema_agreement.py.
#include "config/json_schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/config.h"
#include "config/sample_settings.h"

namespace echelon::config {
namespace {

class JsonSchema : public testing::Test {
 protected:
  const nlohmann::json schema_ = nlohmann::json::parse(json_schema<sample::Settings>("Sample"));
  const nlohmann::json& properties_ = schema_["properties"];
};

TEST_F(JsonSchema, NamesItselfAndItsDialect) {
  EXPECT_EQ(schema_["$schema"], "http://json-schema.org/draft-07/schema#");
  EXPECT_EQ(schema_["title"], "Sample");
  EXPECT_EQ(schema_["additionalProperties"], false);
}

TEST_F(JsonSchema, FieldsCarryHelpUnitDefaultAndExamples) {
  EXPECT_EQ(properties_["global_batch"]["description"], "Samples an optimizer step. [samples]");
  EXPECT_EQ(properties_["global_batch"]["default"], 32);
  EXPECT_EQ(properties_["global_batch"]["minimum"], 1);
  EXPECT_EQ(properties_["run"]["default"], "first");
  EXPECT_EQ(properties_["finish"]["default"], nullptr);
  EXPECT_FALSE(properties_["data"]["properties"]["train"].contains("default"));
  const auto& mlp = properties_["model"]["oneOf"][0];
  EXPECT_EQ(mlp["properties"]["widths"]["examples"], nlohmann::json::parse("[[64, 64]]"));
  EXPECT_EQ(mlp["properties"]["dropout"]["default"].dump(), "0.1");
  EXPECT_EQ(mlp["properties"]["dropout"]["exclusiveMaximum"], 1);
}

TEST_F(JsonSchema, ChoicesOfferTheirNames) {
  const auto& optimizer = properties_["optimizer"]["oneOf"];
  ASSERT_EQ(optimizer.size(), 2u);
  EXPECT_EQ(optimizer[1]["title"], "adamw");
  EXPECT_EQ(optimizer[1]["description"], "Adam with decoupled weight decay.");
  EXPECT_EQ(optimizer[1]["properties"]["name"]["const"], "adamw");
  EXPECT_FALSE(optimizer[0].contains("required"));  // sgd is the default
}

TEST_F(JsonSchema, CompactChoicesOfferNamesAndForms) {
  const auto& stop = properties_["stop"];
  EXPECT_EQ(stop["default"], nlohmann::json::parse(R"({"after": {"steps": 50, "repeats": 1}})"));
  ASSERT_EQ(stop["oneOf"].size(), 4u);
  EXPECT_EQ(stop["oneOf"][3]["anyOf"][0]["enum"], (std::vector<std::string>{"never", "after"}));
  const auto& after = stop["oneOf"][1]["properties"]["after"];
  EXPECT_EQ(after["description"], "After some steps.");
  EXPECT_EQ(after["anyOf"][0]["properties"]["steps"]["default"], 50);  // of the field, not of the struct
  EXPECT_EQ(after["anyOf"][1]["$ref"], "#/properties/stop/oneOf/1/properties/after/anyOf/0/properties/steps");
}

TEST_F(JsonSchema, SectionsWithinThemselvesAreReferences) {
  const std::string pointer =
      "/properties/model/oneOf/1/properties/layers/items/oneOf/2/properties/residual/anyOf/0";
  const auto& residual = schema_[nlohmann::json::json_pointer(pointer)];
  const auto& within = residual["properties"]["layers"]["items"]["oneOf"][2]["properties"]["residual"];
  EXPECT_EQ(within["anyOf"][0]["$ref"], "#" + pointer);
  EXPECT_EQ(within["anyOf"][1]["$ref"], "#" + pointer + "/properties/layers");
}

}  // namespace
}  // namespace echelon::config
