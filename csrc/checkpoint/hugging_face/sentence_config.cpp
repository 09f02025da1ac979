#include "checkpoint/hugging_face/sentence_config.h"

#include <algorithm>
#include <array>

#include "checkpoint/hugging_face/json_file.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint::hugging_face {
namespace {

using models::Pooling;
using tokenizer::JsonNode;

struct NamedPooling {
  std::string_view name, key;  ///< under "pooling_mode", and the older flag
  std::optional<Pooling> pooling;
};
constexpr std::array<NamedPooling, 6> kPoolings = {
    {{"mean", "pooling_mode_mean_tokens", Pooling::kMean},
     {"cls", "pooling_mode_cls_token", Pooling::kCls},
     {"max", "pooling_mode_max_tokens", Pooling::kMax},
     {"mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", {}},
     {"weightedmean", "pooling_mode_weightedmean_tokens", {}},
     {"lasttoken", "pooling_mode_lasttoken", {}}}};

/// The names under "pooling_mode", or of the flags that are set.
std::vector<std::string> pooling_names(const JsonNode& config) {
  std::vector<std::string> names;
  const JsonNode modes = config["pooling_mode"];
  if (modes.value().is_array()) {
    for (const JsonNode& mode : modes.elements()) names.push_back(mode.text());
  } else if (!modes.is_null()) {
    names.push_back(modes.text());
  } else {
    for (const NamedPooling& known : kPoolings) {
      if (config[std::string(known.key).c_str()].flag_or(false)) names.emplace_back(known.name);
    }
    if (names.empty()) names.emplace_back("mean");
  }
  return names;
}

Pooling read_pooling(const JsonFile& file, int64_t width) {
  const JsonNode config = file.node();
  config.allow_keys({"word_embedding_dimension", "embedding_dimension", "pooling_mode", "include_prompt",
                     "pooling_mode_mean_tokens", "pooling_mode_cls_token", "pooling_mode_max_tokens",
                     "pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens",
                     "pooling_mode_lasttoken"});
  for (const char* key : {"word_embedding_dimension", "embedding_dimension"}) {
    const JsonNode dimension = config[key];
    if (!dimension.is_null() && dimension.number() != static_cast<uint64_t>(width))
      dimension.refuse(str_format("not the model's width, {}", width));
  }
  const std::vector<std::string> names = pooling_names(config);
  if (names.size() != 1) {
    throw DataError(str_format("{}: several poolings at once ({}) are not supported; leave one",
                               file.path().string(), join(names)));
  }
  const auto* found = std::ranges::find(kPoolings, names[0], &NamedPooling::name);
  if (found == kPoolings.end() || !found->pooling) {
    throw DataError(str_format("{}: pooling '{}' is not supported; known are mean, cls and max",
                               file.path().string(), names[0]));
  }
  return *found->pooling;
}

void check_normalise(const JsonFile& file) {
  const JsonNode config = file.node();
  config.allow_keys({"module_input_name", "module_output_name"});
  for (const char* key : {"module_input_name", "module_output_name"}) {
    if (config[key].text_or("sentence_embedding") != "sentence_embedding") config[key].refuse();
  }
}

/// "Pooling" of "sentence_transformers.models.Pooling".
std::string kind_of(const JsonNode& module) {
  const std::string type = module["type"].text();
  if (!type.starts_with("sentence_transformers.")) module["type"].refuse();
  return type.substr(type.rfind('.') + 1);
}

/// The file config.json of a module.
fs::path config_of(const fs::path& folder, const JsonNode& module) {
  const fs::path name = module["path"].text();
  if (name.empty() || name.is_absolute() || name.has_parent_path() || name == "..")
    module["path"].refuse("no folder in the model's");
  return folder / name / "config.json";
}

void read_modules(const JsonFile& file, const fs::path& folder, int64_t width, SentenceConfig& result) {
  constexpr std::array<std::string_view, 3> kOrder = {"Transformer", "Pooling", "Normalize"};
  size_t place = 0;
  for (const JsonNode& module : file.node().elements()) {
    module.allow_keys({"idx", "name", "path", "type", "kwargs"});
    const std::string kind = kind_of(module);
    const auto* found = std::find(kOrder.begin() + place, kOrder.end(), kind);
    if (found == kOrder.end() || (place == 0 && kind != kOrder[0])) {
      module["type"].refuse("not supported there; known are a Transformer, then a Pooling, then a Normalize");
    }
    place = static_cast<size_t>(found - kOrder.begin()) + 1;
    if (kind == "Transformer") {
      if (!module["path"].text_or("").empty())
        module["path"].refuse("not supported; the model's files must lie beside modules.json");
      continue;
    }
    const fs::path config = config_of(folder, module);
    if (kind == "Pooling") result.pooling = read_pooling(JsonFile(config), width);
    if (kind == "Normalize") {
      result.normalise = true;
      if (!fs::exists(config)) continue;
      check_normalise(JsonFile(config));
    }
    result.files.push_back(config);
  }
  if (result.normalise && !result.pooling) {
    throw DataError(str_format("{}: a Normalize without a Pooling is not supported", file.path().string()));
  }
}

std::optional<int64_t> read_transformer(const JsonFile& file) {
  const JsonNode config = file.node();
  config.allow_keys({"max_seq_length", "do_lower_case", "transformer_task", "modality_config",
                     "module_output_name", "processing_kwargs", "unpad_inputs"});
  if (config["do_lower_case"].flag_or(false)) config["do_lower_case"].refuse();
  if (config["transformer_task"].text_or("feature-extraction") != "feature-extraction")
    config["transformer_task"].refuse();
  if (config["module_output_name"].text_or("token_embeddings") != "token_embeddings")
    config["module_output_name"].refuse();
  const JsonNode processing = config["processing_kwargs"], modality = config["modality_config"];
  if (!processing.is_null() && !processing.value().empty()) processing.refuse();
  static const tokenizer::Json kText = {
      {"text", {{"method", "forward"}, {"method_output_name", "last_hidden_state"}}}};
  if (!modality.is_null() && modality.value() != kText) modality.refuse();
  const JsonNode length = config["max_seq_length"];
  if (length.is_null()) return std::nullopt;
  if (length.id() < 1) length.refuse("no length");
  return length.id();
}

void check_prompts(const JsonFile& file) {
  const JsonNode config = file.node();
  config.allow_keys(
      {"__version__", "prompts", "default_prompt_name", "similarity_fn_name", "model_type", "truncate_dim"});
  for (const char* key : {"default_prompt_name", "truncate_dim"}) {
    if (!config[key].is_null()) config[key].refuse();
  }
  if (config["model_type"].text_or("SentenceTransformer") != "SentenceTransformer")
    config["model_type"].refuse();
}

}  // namespace

SentenceConfig read_sentence_config(const fs::path& folder, int64_t width) {
  SentenceConfig result;
  const auto modules = JsonFile::open_if_there(folder / "modules.json");
  if (!modules) return result;
  result.files.push_back(modules->path());
  read_modules(*modules, folder, width, result);
  if (const auto file = JsonFile::open_if_there(folder / "sentence_bert_config.json")) {
    result.files.push_back(file->path());
    result.max_tokens = read_transformer(*file);
  }
  if (const auto file = JsonFile::open_if_there(folder / "config_sentence_transformers.json"))
    check_prompts(*file);
  return result;
}

}  // namespace echelon::checkpoint::hugging_face
