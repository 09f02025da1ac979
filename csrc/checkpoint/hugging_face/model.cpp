#include "checkpoint/hugging_face/model.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "checkpoint/hugging_face/bert_config.h"
#include "checkpoint/hugging_face/bert_names.h"
#include "checkpoint/hugging_face/sentence_config.h"
#include "checkpoint/wrap_errors.h"
#include "common/checksum.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint {
namespace {

using hugging_face::bert_names;
using hugging_face::JsonFile;
using hugging_face::Weights;

void check_tensor(const Weights& weights, const std::string& name, const std::vector<int64_t>& shape) {
  const TensorEntry& entry = weights.entry(name);
  if (entry.shape != shape) {
    throw CheckpointError(str_format("{}: tensor '{}' has shape {}, but by config.json it is {}",
                                     weights.path_of(name), name, format_shape(entry.shape),
                                     format_shape(shape)));
  }
  if (!c10::isFloatingType(entry.dtype)) {
    throw CheckpointError(str_format("{}: tensor '{}' is of type {}, which is not supported for weights",
                                     weights.path_of(name), name, dtype_name(entry.dtype)));
  }
}

/// That each parameter of the model is there, and nothing else.
void check_weights(const Weights& weights, const models::BertSettings& settings) {
  std::set<std::string> used;
  for (const auto& parameter : nn::without_memory(models::make_bert(settings)).parameters()) {
    const auto parts = bert_names(parameter.name);
    std::vector<int64_t> shape = parameter.tensor.sizes().vec();
    shape[0] /= static_cast<int64_t>(parts.size());
    for (const std::string& part : parts) {
      check_tensor(weights, part, shape);
      used.insert(part);
    }
  }
  std::vector<std::string> surplus;
  for (const std::string& name : weights.names()) {
    if (!used.contains(name) && !hugging_face::is_outside_encoder(name)) surplus.push_back(name);
  }
  if (surplus.empty()) return;
  throw CheckpointError(str_format("{} holds {} tensors that no part of the model by config.json takes: {}",
                                   weights.path_of(surplus[0]), surplus.size(), join(surplus)));
}

/// As sentence-transformers: what its own file says, else the tokenizer's, and never more than the positions.
int64_t read_max_tokens(const fs::path& folder, const hugging_face::SentenceConfig& sentence, int64_t context,
                        std::vector<fs::path>& files) {
  if (sentence.max_tokens) return std::min(*sentence.max_tokens, context);
  const auto file = JsonFile::open_if_there(folder / "tokenizer_config.json");
  if (!file) return context;
  files.push_back(file->path());
  const auto length = file->node()["model_max_length"];
  if (length.is_null()) return context;
  const double tokens = length.real();  // 1e30 where nobody has set it
  if (tokens < 1) length.refuse("no length");
  return tokens < static_cast<double>(context) ? static_cast<int64_t>(tokens) : context;
}

/// transformers puts what tokenizer_config.json says in place of what tokenizer.json does.
void check_normalizer(const fs::path& folder, const fs::path& tokenizer) {
  const auto config = JsonFile::open_if_there(folder / "tokenizer_config.json");
  if (!config) return;
  const JsonFile file(tokenizer);
  const auto normalizer = file.node()["normalizer"];
  if (normalizer.is_null() || normalizer["type"].text_or("") != "BertNormalizer") return;
  constexpr std::array<std::pair<const char*, const char*>, 3> kSame = {
      {{"do_lower_case", "lowercase"},
       {"strip_accents", "strip_accents"},
       {"tokenize_chinese_chars", "handle_chinese_chars"}}};
  for (const auto& [outer, inner] : kSame) {
    const auto wanted = config->node()[outer];
    if (wanted.is_null() || wanted.value() == normalizer[inner].value()) continue;
    wanted.refuse(
        str_format("not what {} says under normalizer.{}; save the tokenizer again with transformers",
                   tokenizer.string(), inner));
  }
}

}  // namespace

HuggingFaceModel open_hugging_face(const fs::path& folder) {
  return as_checkpoint_error([&] {
    if (!fs::is_directory(folder))
      throw CheckpointError(str_format("{} is no folder with a Hugging Face model", folder.string()));
    const JsonFile config(folder / "config.json");
    const models::BertSettings settings = hugging_face::read_bert_config(config);
    const auto sentence = hugging_face::read_sentence_config(folder, settings.width);

    HuggingFaceModel model(folder, Weights(folder));
    check_weights(model.weights_, settings);
    model.settings_ = settings;
    model.pooling_ = sentence.pooling;
    model.normalises_ = sentence.normalise;
    model.tokenizer_ = folder / "tokenizer.json";
    if (!fs::exists(model.tokenizer_)) {
      throw CheckpointError(str_format("{} is missing; transformers writes it when a fast tokenizer is saved",
                                       model.tokenizer_.string()));
    }
    check_normalizer(folder, model.tokenizer_);
    model.files_ = {config.path(), model.tokenizer_};
    model.files_.insert(model.files_.end(), sentence.files.begin(), sentence.files.end());
    model.max_tokens_ = read_max_tokens(folder, sentence, settings.context, model.files_);
    return model;
  });
}

void HuggingFaceModel::load(nn::LayeredModel& model) const {
  const at::NoGradGuard no_gradient;
  for (const auto& parameter : model.parameters()) {
    int64_t row = 0;
    for (const std::string& name : bert_names(parameter.name)) {
      const at::Tensor value = weights_.view(name);
      parameter.tensor.narrow(0, row, value.size(0)).copy_(value);
      row += value.size(0);
    }
  }
}

std::string HuggingFaceModel::digest() const {
  return as_checkpoint_error([&] {
    std::vector<fs::path> paths = files_;
    const std::vector<fs::path> weights = weights_.paths();
    paths.insert(paths.end(), weights.begin(), weights.end());
    std::ranges::sort(paths);
    Checksum checksum;
    for (const fs::path& path : paths) {
      const MappedFile file(path);
      const std::string head =
          str_format("{}\n{}\n", path.lexically_relative(folder_).generic_string(), file.bytes().size());
      checksum.update(std::as_bytes(std::span(head)));
      checksum.update(file.bytes());
    }
    return checksum.hex();
  });
}

}  // namespace echelon::checkpoint
