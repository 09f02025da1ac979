#include "models/settings.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"
#include "common/format.h"
#include "config/fields.h"

namespace echelon::models {
namespace {

const char* const kImageHelp = "Shape of an image: [channels, height, width].";
const char* const kHeadsHelp = "Attention heads; divides the width.";
const char* const kWidthHelp = "Numbers that describe a token inside the model.";

template <class Settings>
void check_heads(const Settings& s, config::Checks& checks) {
  if (s.width % s.heads != 0)
    checks.problem("heads", str_format("{} does not divide width = {}", s.heads, s.width));
}

}  // namespace

void describe(config::Fields<MlpSettings>& f) {
  f.about("Linear layers with a non-linearity between them, for tables and small images.");
  f.add("input", &MlpSettings::input, "Shape of an image: [channels, height, width]. Not for tables.")
      .min_items(3)
      .max_items(3)
      .at_least(1);
  f.add("hidden", &MlpSettings::hidden, "Widths of the hidden layers.").at_least(1);
  f.add("classes", &MlpSettings::classes, "Classes to tell apart. Not for tables, whose data say it.")
      .at_least(2);
  f.add("activation", &MlpSettings::activation, "Non-linearity.").one_of({"relu", "gelu", "silu"});
  f.add("dropout", &MlpSettings::dropout, "Share of hidden values zeroed in training.").at_least(0).below(1);
  f.add("embedding", &MlpSettings::embedding,
        "Of tables: numbers that describe a category; not set: for each feature 1.6 * categories^0.56, at "
        "most 600 (the rule of fastai).")
      .at_least(1);
}

void describe(config::Fields<ConvnetSettings>& f) {
  f.about("A small convolutional network for small images.");
  f.add("input", &ConvnetSettings::input, kImageHelp).min_items(3).max_items(3).at_least(1);
  f.add("channels", &ConvnetSettings::channels,
        "Channels of each convolution; after each, height and width halve.")
      .at_least(1)
      .min_items(1);
  f.add("hidden", &ConvnetSettings::hidden, "Width of the linear layer before the last.").at_least(1);
  f.add("classes", &ConvnetSettings::classes, "Classes to tell apart.").at_least(2);
  f.add("norm", &ConvnetSettings::norm, "Normalisation after each convolution.")
      .one_of({"none", "batch", "group"});
  f.add("norm_groups", &ConvnetSettings::norm_groups, "Groups of `norm: group`.").at_least(1);
  f.add("dropout", &ConvnetSettings::dropout, "Share of values zeroed in training before the linear layers.")
      .at_least(0)
      .below(1);
  f.check([](const ConvnetSettings& s, config::Checks& checks) {
    const int64_t halvings = static_cast<int64_t>(s.channels.size());
    if ((s.input[1] >> halvings) < 1 || (s.input[2] >> halvings) < 1) {
      checks.problem("channels", str_format("{} halvings leave nothing of an image of {} x {}", halvings,
                                            s.input[1], s.input[2]));
    }
    for (const int64_t channels : s.channels) {
      if (s.norm == "group" && channels % s.norm_groups != 0) {
        checks.problem("norm_groups", str_format("{} does not divide {} channels", s.norm_groups, channels));
      }
    }
  });
}

void describe(config::Fields<ResnetSettings>& f) {
  f.about("Residual network (He et al., 1512.03385), strides placed as in torchvision.");
  f.add("depth", &ResnetSettings::depth, "Layers with weights.").one_of({18, 34, 50});
  f.add("input", &ResnetSettings::input, kImageHelp).min_items(3).max_items(3).at_least(1);
  f.add("classes", &ResnetSettings::classes, "Classes to tell apart.").at_least(2);
  f.add("base_width", &ResnetSettings::base_width, "Channels of the first stage; 64 in the paper.")
      .at_least(1);
  f.add("norm", &ResnetSettings::norm, "Normalisation.").one_of({"batch", "group"});
  f.add("norm_groups", &ResnetSettings::norm_groups, "Groups of `norm: group`.").at_least(1);
  f.add("zero_init_residual", &ResnetSettings::zero_init_residual,
        "Each block starts as the identity (Goyal et al., 1706.02677, section 5.1).");
  f.check([](const ResnetSettings& s, config::Checks& checks) {
    if (s.norm == "group" && s.base_width % s.norm_groups != 0) {
      checks.problem("norm_groups",
                     str_format("{} does not divide base_width = {}", s.norm_groups, s.base_width));
    }
  });
}

void describe(config::Fields<EncoderDecoderSettings>& f) {
  f.about(
      "A transformer that reads one sequence and writes another (Vaswani et al., 1706.03762), for "
      "data.objective: seq2seq.");
  f.add("encoder_layers", &EncoderDecoderSettings::encoder_layers, "Transformer blocks that read the source.")
      .at_least(1);
  f.add("decoder_layers", &EncoderDecoderSettings::decoder_layers, "Transformer blocks that write.")
      .at_least(1);
  f.add("heads", &EncoderDecoderSettings::heads, kHeadsHelp).at_least(1);
  f.add("width", &EncoderDecoderSettings::width, kWidthHelp).at_least(1);
  f.add("context", &EncoderDecoderSettings::context, "Tokens of a source, and of what is written, at most.")
      .at_least(1);
  f.add("vocabulary", &EncoderDecoderSettings::vocabulary, "Number of different tokens.").at_least(2);
  f.add("dropout", &EncoderDecoderSettings::dropout,
        "Share of values zeroed in training; 0.1 in the paper's base model.")
      .at_least(0)
      .below(1);
  f.check(check_heads<EncoderDecoderSettings>);
}

void describe(config::Fields<GptSettings>& f) {
  f.about("GPT-2 architecture (Radford et al., 2019).");
  f.add("layers", &GptSettings::layers, "Transformer blocks.").at_least(1);
  f.add("heads", &GptSettings::heads, kHeadsHelp).at_least(1);
  f.add("width", &GptSettings::width, kWidthHelp).at_least(1);
  f.add("context", &GptSettings::context, "Tokens that the model sees at once.").at_least(1);
  f.add("vocabulary", &GptSettings::vocabulary, "Number of different tokens.").at_least(2);
  f.add("document_mask", &GptSettings::document_mask,
        "Let a token see only its own document where several share a sequence, and count positions from its "
        "start.");
  f.add("causal", &GptSettings::causal,
        "Let a token see only those before it; false: all, for data.objective: masked.");
  f.add("dropout", &GptSettings::dropout, "Share of values zeroed in training; GPT-2 used 0.1.")
      .at_least(0)
      .below(1);
  f.check(check_heads<GptSettings>);
}

void describe(config::Fields<ModelSettings>& f) {
  f.about("The model.");
  f.choice<MlpSettings>("mlp", "Linear layers for tables and small images.");
  f.choice<ConvnetSettings>("convnet", "Small convolutional network for small images.");
  f.choice<ResnetSettings>("resnet", "Residual network for images.");
  f.choice<GptSettings>("gpt", "GPT-2 architecture for text.");
  f.choice<EncoderDecoderSettings>("encoder_decoder", "Transformer from sequence to sequence, for text.");
  f.choice<SequentialSettings>("sequential", "Layers spelled out one by one.");
}

ModelInterface interface_of(const ModelSettings& settings) {
  if (const auto* gpt = std::get_if<GptSettings>(&settings)) {
    return {Task::kLanguageModelling, "tokens", {gpt->context}, gpt->vocabulary, gpt->document_mask};
  }
  if (const auto* pairs = std::get_if<EncoderDecoderSettings>(&settings)) {
    return {.task = Task::kLanguageModelling,
            .input = "tokens",
            .input_shape = {pairs->context},
            .output_limit = pairs->vocabulary,
            .source = true};
  }
  if (const auto* sequential = std::get_if<SequentialSettings>(&settings)) {
    return {Task::kClassification, "image", sequential->input, sequential_shapes(*sequential).back()[0]};
  }
  if (const auto* mlp = std::get_if<MlpSettings>(&settings)) {
    if (mlp->table) {
      const Task task = mlp->table->classes > 0 ? Task::kClassification : Task::kRegression;
      return {.task = task, .output_limit = mlp->table->classes, .table = mlp->table};
    }
    return {Task::kClassification, "image", mlp->input, mlp->classes};
  }
  if (const auto* convnet = std::get_if<ConvnetSettings>(&settings)) {
    return {Task::kClassification, "image", convnet->input, convnet->classes};
  }
  const auto& resnet = std::get<ResnetSettings>(settings);
  return {Task::kClassification, "image", resnet.input, resnet.classes};
}

int64_t embedding_width(int64_t categories) {
  constexpr double kMost = 600;
  return std::llround(std::min(kMost, 1.6 * std::pow(static_cast<double>(categories), 0.56)));
}

ModelSettings with_table(ModelSettings settings, const TableInput& table) {
  auto* mlp = std::get_if<MlpSettings>(&settings);
  if (mlp == nullptr) {
    throw ConfigError(str_format("model.name: {} does not read tables; use mlp", family_of(settings)));
  }
  mlp->table = table;
  return settings;
}

std::string family_of(const ModelSettings& settings) {
  static const char* const families[] = {"mlp", "convnet", "resnet", "gpt", "encoder_decoder", "sequential"};
  static_assert(std::size(families) == std::variant_size_v<ModelSettings>);
  return families[settings.index()];
}

}  // namespace echelon::models
