#include "checkpoint/hugging_face/bert_config.h"

#include <algorithm>
#include <array>

#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint::hugging_face {
namespace {

using tokenizer::JsonNode;

// Beside those of training, of generating text and of heads, keys that say how results are handed out.
const std::initializer_list<std::string_view> kKeys = {
    // read
    "model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
    "intermediate_size", "hidden_act", "max_position_embeddings", "type_vocab_size", "layer_norm_eps",
    "position_embedding_type", "is_decoder", "add_cross_attention", "is_encoder_decoder", "pruned_heads",
    // without effect on hidden states
    "_attn_implementation_autoset", "_commit_hash", "_name_or_path", "architectures",
    "attention_probs_dropout_prob", "bos_token_id", "chunk_size_feed_forward", "classifier_dropout",
    "cross_attention_hidden_size", "directionality", "dtype", "eos_token_id", "finetuning_task",
    "gradient_checkpointing", "hidden_dropout_prob", "id2label", "initializer_range", "label2id", "language",
    "name_or_path", "num_labels", "output_attentions", "output_hidden_states", "output_past", "pad_token_id",
    "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_size_per_head",
    "pooler_type", "problem_type", "return_dict", "sep_token_id", "task_specific_params",
    "tie_word_embeddings", "tokenizer_class", "torch_dtype", "torchscript", "transformers_version",
    "use_cache"};

constexpr int64_t kMostLayers = 1000, kLargestSize = int64_t{1} << 24;

int64_t size_or(const JsonNode& node, int64_t otherwise, int64_t most = kLargestSize) {
  if (node.is_null()) return otherwise;
  const uint64_t size = node.number();
  if (size < 1 || size > static_cast<uint64_t>(most)) node.refuse(str_format("no size from 1 to {}", most));
  return static_cast<int64_t>(size);
}

void require_false(const JsonNode& node) {
  if (node.flag_or(false)) node.refuse();
}

nn::Activation read_activation(const JsonNode& node) {
  struct Known {
    std::string_view name;
    nn::Activation activation;
  };
  constexpr std::array<Known, 6> kKnown = {{{"gelu", nn::Activation::kGelu},
                                            {"gelu_new", nn::Activation::kGeluTanh},
                                            {"gelu_pytorch_tanh", nn::Activation::kGeluTanh},
                                            {"relu", nn::Activation::kRelu},
                                            {"silu", nn::Activation::kSilu},
                                            {"swish", nn::Activation::kSilu}}};
  const std::string name = node.text_or("gelu");
  const auto* found = std::ranges::find(kKnown, name, &Known::name);
  if (found == kKnown.end()) {
    node.refuse("not supported; known are gelu, gelu_new, gelu_pytorch_tanh, relu, silu and swish");
  }
  return found->activation;
}

double read_epsilon(const JsonNode& node, double otherwise) {
  if (node.is_null()) return otherwise;
  const double epsilon = node.real();
  if (!(epsilon > 0 && epsilon < 1)) node.refuse("no number between 0 and 1");
  return epsilon;
}

}  // namespace

models::BertSettings read_bert_config(const JsonFile& file) {
  const JsonNode config = file.node();
  if (config["model_type"].text_or("") != "bert")
    config["model_type"].refuse("not supported; the model types known are: \"bert\"");
  config.allow_keys(kKeys);
  const JsonNode positions = config["position_embedding_type"];
  if (positions.text_or("absolute") != "absolute") positions.refuse("not supported; only \"absolute\" is");
  for (const char* key : {"is_decoder", "add_cross_attention", "is_encoder_decoder"})
    require_false(config[key]);
  const JsonNode pruned = config["pruned_heads"];
  if (!pruned.is_null() && !pruned.value().empty()) pruned.refuse();

  models::BertSettings settings;
  settings.layers = size_or(config["num_hidden_layers"], settings.layers, kMostLayers);
  settings.heads = size_or(config["num_attention_heads"], settings.heads);
  settings.width = size_or(config["hidden_size"], settings.width);
  settings.mlp_width = size_or(config["intermediate_size"], settings.mlp_width);
  settings.context = size_or(config["max_position_embeddings"], settings.context);
  settings.vocabulary = size_or(config["vocab_size"], settings.vocabulary);
  settings.token_types = size_or(config["type_vocab_size"], settings.token_types);
  settings.layer_norm_epsilon = read_epsilon(config["layer_norm_eps"], settings.layer_norm_epsilon);
  settings.activation = read_activation(config["hidden_act"]);
  if (settings.width % settings.heads != 0) {
    config["num_attention_heads"].refuse(str_format("no divisor of hidden_size, {}", settings.width));
  }
  return settings;
}

}  // namespace echelon::checkpoint::hugging_face
