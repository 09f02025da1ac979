// The `model:` part of the configuration: which architecture, and its sizes. Free of LibTorch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/declare.h"
#include "models/sequential_settings.h"

namespace echelon::models {

/// What the columns of a table are to a model. Not written by users: it is what the data turn out to be.
struct TableInput {
  int64_t numbers = 0;                ///< "features" real [batch, numbers], where there are any
  std::vector<int64_t> categories{};  ///< of each feature of "categories" int64 [batch, …], with the unknown
  int64_t classes = 0;                ///< to tell apart; 0: the target is a number
};

/// Linear layers with a non-linearity between them.
struct MlpSettings {
  std::vector<int64_t> input{1, 28, 28};  ///< [channel, height, width]
  std::vector<int64_t> hidden{128};       ///< widths
  int64_t classes = 10;
  std::string activation = "relu";
  double dropout = 0.0;
  std::optional<int64_t> embedding = {};  ///< width of the vector of a category; not set: embedding_width()
  std::optional<TableInput> table = {};   ///< set: `input` and `classes` have no part
};

/// min(600, 1.6 · categories^0.56), rounded: the rule of thumb of fastai (Howard and Gugger, 2002.04688;
/// emb_sz_rule in fastai.tabular.model).
int64_t embedding_width(int64_t categories);

/// Convolutions, each followed by a ReLU and a halving of height and width, then two linear layers.
struct ConvnetSettings {
  std::vector<int64_t> input{1, 28, 28};  ///< [channel, height, width]
  std::vector<int64_t> channels{32, 64};  ///< of each convolution
  int64_t hidden = 128;                   ///< width of the linear layer before the last
  int64_t classes = 10;
  std::string norm = "none";
  int64_t norm_groups = 8;
  double dropout = 0.0;
};

/// He et al., "Deep Residual Learning for Image Recognition" (1512.03385).
struct ResnetSettings {
  int64_t depth = 50;
  std::vector<int64_t> input{3, 224, 224};  ///< [channel, height, width]
  int64_t classes = 1000;
  int64_t base_width = 64;  ///< channels of the first stage
  std::string norm = "batch";
  int64_t norm_groups = 32;
  bool zero_init_residual = false;
};

/// Radford et al., "Language Models are Unsupervised Multitask Learners" (2019); without `causal` the encoder
/// of Devlin et al., "BERT" (1810.04805), with normalisation before each half of a block.
struct GptSettings {
  int64_t layers = 12;
  int64_t heads = 12;
  int64_t width = 768;
  int64_t context = 1024;
  int64_t vocabulary = 50257;
  double dropout = 0.0;
  bool document_mask = false;
  bool causal = true;
};

/// Vaswani et al., "Attention Is All You Need" (1706.03762); sizes are those of its base model.
struct EncoderDecoderSettings {
  int64_t encoder_layers = 6;
  int64_t decoder_layers = 6;
  int64_t heads = 8;
  int64_t width = 512;
  int64_t context = 512;
  int64_t vocabulary = 37000;
  double dropout = 0.0;
};

using ModelSettings = std::variant<MlpSettings, ConvnetSettings, ResnetSettings, GptSettings,
                                   EncoderDecoderSettings, SequentialSettings>;

void describe(config::Fields<MlpSettings>& f);
void describe(config::Fields<ConvnetSettings>& f);
void describe(config::Fields<ResnetSettings>& f);
void describe(config::Fields<GptSettings>& f);
void describe(config::Fields<EncoderDecoderSettings>& f);
void describe(config::Fields<ModelSettings>& f);

enum class Task { kClassification, kLanguageModelling, kRegression };

/// What the data has to provide for a model.
struct ModelInterface {
  Task task;
  std::string input;                     ///< name of the activation: "image" or "tokens"
  std::vector<int64_t> input_shape;      ///< of one sample: [channel, height, width], or [context] at most
  int64_t output_limit;                  ///< classes or vocabulary: every label or token is below it
  bool document_starts = false;          ///< "document_starts" is an input, too: [context], of the same kind
  std::optional<TableInput> table = {};  ///< set: the inputs are those, and not `input`
  bool source = false;  ///< "source" and "source_starts" are inputs, too: [context] at most, of the same kind
};

/// Throws ConfigError when the shapes of a `sequential` model do not fit.
ModelInterface interface_of(const ModelSettings& settings);

/// The settings of a model that reads a table like this. Throws ConfigError where the family cannot.
ModelSettings with_table(ModelSettings settings, const TableInput& table);

/// "gpt", "resnet", …: the key `name` in the configuration.
std::string family_of(const ModelSettings& settings);

}  // namespace echelon::models
