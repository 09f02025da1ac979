#include "checkpoint/hugging_face/model.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "temporary_folder.h"

namespace echelon::checkpoint {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

const fs::path kGolden = fs::path(ECHELON_SOURCE_DIR) / "tests/golden/bert";

void write_text(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

/// A copy of the golden folder, to be spoiled.
class HuggingFace : public testing::Test {
 protected:
  HuggingFace() {
    for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"})
      fs::copy_file(kGolden / name, folder_ / name);
  }

  void set(const std::string& file, const std::string& key, const json& value) {
    json content = fs::exists(folder_ / file) ? json::parse(read_file(folder_ / file)) : json::object();
    content[key] = value;
    write_text(folder_ / file, content.dump());
  }
  void write_modules(std::vector<std::pair<std::string, std::string>> types_and_paths) {
    json modules = json::array();
    for (const auto& [type, path] : types_and_paths)
      modules.push_back({{"idx", modules.size()},
                         {"name", ""},
                         {"path", path},
                         {"type", "sentence_transformers.models." + type}});
    write_text(folder_ / "modules.json", modules.dump());
  }
  NamedTensors weights() {
    NamedTensors copies;
    for (const auto& [name, tensor] : SafetensorsFile(folder_ / "model.safetensors").views())
      copies[name] = tensor.clone();
    return copies;
  }
  void replace(const NamedTensors& weights) { write_safetensors(folder_ / "model.safetensors", weights); }
  HuggingFaceModel open() { return open_hugging_face(folder_.path()); }
  /// The message with which the folder is refused.
  std::string refusal() {
    try {
      open();
    } catch (const CheckpointError& error) {
      return error.what();
    }
    return "accepted";
  }
  NamedTensors loaded() {
    const HuggingFaceModel folder = open();
    nn::LayeredModel model(models::make_bert(folder.settings(), nn::init::zeros()), at::TensorOptions(), 0);
    folder.load(model);
    NamedTensors tensors;
    for (const auto& parameter : model.parameters()) tensors[parameter.name] = parameter.tensor.detach();
    return tensors;
  }

  TemporaryFolder folder_;
};

TEST_F(HuggingFace, SettingsAreThoseOfTheFile) {
  const models::BertSettings expected{
      .layers = 2, .heads = 4, .width = 32, .mlp_width = 64, .context = 16, .vocabulary = 60};
  EXPECT_EQ(open().settings(), expected);
  EXPECT_EQ(open().pooling(), std::nullopt);
  EXPECT_FALSE(open().normalises());
  EXPECT_EQ(open().max_tokens(), 16);
  set("config.json", "hidden_act", "gelu_new");
  EXPECT_EQ(open().settings().activation, nn::Activation::kGeluTanh);
}

TEST_F(HuggingFace, QueriesKeysAndValuesAreOneProduct) {
  const NamedTensors theirs = weights(), ours = loaded();
  const std::string prefix = "encoder.layer.1.attention.self.";
  const at::Tensor joined = at::cat({theirs.at(prefix + "query.weight"), theirs.at(prefix + "key.weight"),
                                     theirs.at(prefix + "value.weight")});
  EXPECT_TRUE(at::equal(ours.at("block.1.attention.qkv.weight"), joined));
  EXPECT_TRUE(at::equal(ours.at("embedding.token_type.weight"),
                        theirs.at("embeddings.token_type_embeddings.weight")));
}

TEST_F(HuggingFace, NamesMayBeThoseOfPreTraining) {
  const NamedTensors expected = loaded();
  NamedTensors renamed;
  for (const auto& [key, tensor] : weights()) {
    std::string name = key;
    if (name.ends_with("LayerNorm.weight")) name.replace(name.rfind('.'), std::string::npos, ".gamma");
    if (name.ends_with("LayerNorm.bias")) name.replace(name.rfind('.'), std::string::npos, ".beta");
    renamed["bert." + name] = tensor;
  }
  renamed["cls.predictions.bias"] = at::zeros({60});
  renamed["bert.embeddings.position_ids"] = at::arange(16).unsqueeze(0);
  replace(renamed);
  for (const auto& [name, tensor] : loaded()) EXPECT_TRUE(at::equal(tensor, expected.at(name))) << name;
}

TEST_F(HuggingFace, WeightsMayLieInSeveralFiles) {
  const NamedTensors expected = loaded();
  NamedTensors parts[2];
  json map;
  for (const auto& [name, tensor] : weights()) {
    parts[map.size() % 2][name] = tensor;
    map[name] = map.size() % 2 == 0 ? "a.safetensors" : "b.safetensors";
  }
  write_safetensors(folder_ / "a.safetensors", parts[0]);
  write_safetensors(folder_ / "b.safetensors", parts[1]);
  fs::remove(folder_ / "model.safetensors");
  set("model.safetensors.index.json", "weight_map", {{"x", "../a.safetensors"}});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("index.json.weight_map.x"), HasSubstr("no name of a file beside")));
  set("model.safetensors.index.json", "weight_map", {{"x", "a.safetensors"}});
  EXPECT_THAT(refusal(), HasSubstr("a.safetensors has no tensor 'x'"));
  set("model.safetensors.index.json", "weight_map", map);
  for (const auto& [name, tensor] : loaded()) EXPECT_TRUE(at::equal(tensor, expected.at(name))) << name;
  fs::remove(folder_ / "b.safetensors");
  EXPECT_THAT(refusal(), HasSubstr("b.safetensors"));
}

TEST_F(HuggingFace, DigestIsOfAllThatDecides) {
  const std::string digest = open().digest();
  EXPECT_EQ(digest.size(), 32);
  write_text(folder_ / "README.md", "changes nothing");
  EXPECT_EQ(open().digest(), digest);
  NamedTensors changed = weights();
  changed["pooler.dense.bias"][0] += 1;
  replace(changed);
  const std::string of_weights = open().digest();
  EXPECT_NE(of_weights, digest);
  set("config.json", "layer_norm_eps", 1e-5);
  EXPECT_NE(open().digest(), of_weights);
}

TEST_F(HuggingFace, MissingFilesAreNamed) {
  EXPECT_THAT([] { open_hugging_face("/no/such/folder"); },
              testing::ThrowsMessage<CheckpointError>(HasSubstr("/no/such/folder is no folder")));
  for (const char* name : {"tokenizer.json", "model.safetensors", "config.json"}) {
    fs::remove(folder_ / name);
    EXPECT_THAT(refusal(), HasSubstr(name));
  }
}

TEST_F(HuggingFace, WhatChangesTheResultIsRefusedByName) {
  const std::vector<std::pair<std::string, json>> changes = {{"model_type", "roberta"},
                                                             {"hidden_act", "mish"},
                                                             {"position_embedding_type", "relative_key"},
                                                             {"is_decoder", true},
                                                             {"add_cross_attention", true},
                                                             {"pruned_heads", {{"0", {1}}}},
                                                             {"num_attention_heads", 5},
                                                             {"num_hidden_layers", 1 << 20},
                                                             {"hidden_size", -32},
                                                             {"layer_norm_eps", "small"},
                                                             {"quantization_config", {{"bits", 8}}}};
  const std::string original = read_file(folder_ / "config.json");
  for (const auto& [key, value] : changes) {
    set("config.json", key, value);
    EXPECT_THAT(refusal(), AllOf(HasSubstr("config.json"), HasSubstr(key)));
    write_text(folder_ / "config.json", original);
  }
  EXPECT_EQ(refusal(), "accepted");
}

TEST_F(HuggingFace, MalformedJsonIsRefused) {
  const std::string original = read_file(folder_ / "config.json");
  for (const std::string& content :
       {std::string(), original.substr(0, original.size() / 2), std::string("3"), std::string("[]")}) {
    write_text(folder_ / "config.json", content);
    EXPECT_THAT(refusal(), HasSubstr("config.json")) << content;
  }
}

TEST_F(HuggingFace, WeightsThatDoNotFitAreRefused) {
  const NamedTensors original = weights();
  NamedTensors changed = original;
  changed.erase("encoder.layer.0.output.dense.bias");
  replace(changed);
  EXPECT_THAT(refusal(), HasSubstr("model.safetensors has no tensor 'encoder.layer.0.output.dense.bias'"));

  changed = original;
  changed["encoder.layer.0.intermediate.dense.weight"] = at::zeros({32, 64});
  replace(changed);
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("intermediate.dense.weight' has shape [32, 64]"), HasSubstr("[64, 32]")));

  changed = original;
  changed["embeddings.LayerNorm.bias"] = at::zeros({32}, at::kLong);
  replace(changed);
  EXPECT_THAT(refusal(), HasSubstr("'embeddings.LayerNorm.bias' is of type I64"));

  changed = original;
  changed["classifier.weight"] = at::zeros({2, 32});
  changed["encoder.layer.2.output.dense.bias"] = at::zeros({32});
  replace(changed);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("holds 2 tensors"),
                               HasSubstr("classifier.weight, encoder.layer.2.output.dense.bias")));

  changed = original;
  changed["bert.pooler.dense.bias"] = at::zeros({32});
  replace(changed);
  EXPECT_THAT(refusal(), HasSubstr("is the same tensor as"));

  const std::string bytes = read_file(kGolden / "model.safetensors");
  write_text(folder_ / "model.safetensors", bytes.substr(0, bytes.size() - 100));
  EXPECT_THAT(refusal(), HasSubstr("model.safetensors"));
}

TEST_F(HuggingFace, SentenceModulesAreRead) {
  write_modules({{"Transformer", ""}, {"Pooling", "1_Pooling"}, {"Normalize", "2_Normalize"}});
  EXPECT_THAT(refusal(), HasSubstr("1_Pooling/config.json"));
  const std::string pooling = "1_Pooling/config.json";
  write_text(folder_ / pooling, R"({"word_embedding_dimension": 32, "pooling_mode_cls_token": true})");
  set("sentence_bert_config.json", "max_seq_length", 12);
  EXPECT_EQ(open().pooling(), models::Pooling::kCls);
  EXPECT_TRUE(open().normalises());
  EXPECT_EQ(open().max_tokens(), 12);
  write_text(folder_ / pooling,
             R"({"embedding_dimension": 32, "pooling_mode": "max", "include_prompt": true})");
  EXPECT_EQ(open().pooling(), models::Pooling::kMax);

  set(pooling, "pooling_mode", {"mean", "cls"});
  EXPECT_THAT(refusal(), AllOf(HasSubstr(pooling), HasSubstr("several poolings at once (mean, cls)")));
  set(pooling, "pooling_mode", "weightedmean");
  EXPECT_THAT(refusal(), HasSubstr("'weightedmean' is not supported"));
  set(pooling, "pooling_mode", "mean");
  set(pooling, "embedding_dimension", 31);
  EXPECT_THAT(refusal(), HasSubstr("not the model's width, 32"));
}

TEST_F(HuggingFace, OtherModulesAndPromptsAreRefused) {
  write_modules({{"Transformer", ""}, {"Dense", "1_Dense"}});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("modules.json"), HasSubstr("sentence_transformers.models.Dense")));
  write_modules({{"Transformer", ""}});
  set("sentence_bert_config.json", "do_lower_case", true);
  EXPECT_THAT(refusal(), HasSubstr("do_lower_case"));
  set("sentence_bert_config.json", "do_lower_case", false);
  set("config_sentence_transformers.json", "default_prompt_name", "query");
  EXPECT_THAT(refusal(), HasSubstr("default_prompt_name"));
}

TEST_F(HuggingFace, TheTokenizerBoundsTextsWhereNothingElseDoes) {
  set("tokenizer_config.json", "model_max_length", 10);
  EXPECT_EQ(open().max_tokens(), 10);
  set("tokenizer_config.json", "model_max_length", 1e30);
  EXPECT_EQ(open().max_tokens(), 16);
}

TEST_F(HuggingFace, ATokenizerThatTransformersWouldChangeIsRefused) {
  const bool lowercase =
      json::parse(read_file(folder_ / "tokenizer.json")).at("normalizer").at("lowercase").get<bool>();
  set("tokenizer_config.json", "do_lower_case", lowercase);
  set("tokenizer_config.json", "strip_accents", nullptr);
  open();
  set("tokenizer_config.json", "do_lower_case", !lowercase);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("tokenizer_config.json"), HasSubstr("do_lower_case"),
                               HasSubstr("normalizer.lowercase")));
}

}  // namespace
}  // namespace echelon::checkpoint
