// A model as Hugging Face's libraries (transformers, sentence-transformers) save it in a folder. What a
// folder must hold: docs/models.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/hugging_face/weights.h"
#include "models/bert.h"
#include "models/text_embedding.h"

namespace echelon::checkpoint {

/// Copies share the mapped weights.
class HuggingFaceModel {
 public:
  const fs::path& folder() const { return folder_; }
  const models::BertSettings& settings() const { return settings_; }
  /// tokenizer.json; it is there.
  const fs::path& tokenizer() const { return tokenizer_; }
  /// Nothing: the folder says of none, and the hidden states are the result.
  std::optional<models::Pooling> pooling() const { return pooling_; }
  bool normalises() const { return normalises_; }  ///< the pooled vectors
  /// Of a text, special tokens included; longer ones are cut (tokenizer/bounded_encoder.h). At most the
  /// context.
  int64_t max_tokens() const { return max_tokens_; }

  /// Copies the weights into a model of models::make_bert(settings()), or the part of it that is built, of
  /// any floating-point type and on any device. Weights are read here for the first time.
  void load(nn::LayeredModel& model) const;

  /// XXH3-128 of all files that decide what the model makes of a text: configuration, weights, tokenizer.
  /// Reads all of them.
  std::string digest() const;

 private:
  friend HuggingFaceModel open_hugging_face(const fs::path& folder);
  HuggingFaceModel(const fs::path& folder, hugging_face::Weights weights)
      : folder_(folder), weights_(std::move(weights)) {}

  fs::path folder_;
  hugging_face::Weights weights_;
  models::BertSettings settings_;
  fs::path tokenizer_;
  std::optional<models::Pooling> pooling_;
  bool normalises_ = false;
  int64_t max_tokens_ = 0;
  std::vector<fs::path> files_;  ///< that decide, but for the weights
};

/// Reads the configuration, and checks that the weights are those of the model, each with its shape and none
/// besides (the pooler, heads of pre-training and stored positions are left out). Throws CheckpointError that
/// names the file and what is wrong with it.
HuggingFaceModel open_hugging_face(const fs::path& folder);

}  // namespace echelon::checkpoint
