// What is made of a model's outputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/declare.h"
#include "models/pooling.h"

namespace echelon::predict {

enum class PostprocessKind {
  kClass,       ///< the most probable class and its probability
  kArgmax,      ///< the most probable class
  kTopK,        ///< the most probable classes and their probabilities
  kSoftmax,     ///< the probabilities of all classes, which exclude each other
  kSigmoid,     ///< the probabilities of labels that do not exclude each other
  kRegression,  ///< numbers, in the unit of the training data
  kEmbedding,   ///< a vector
  kText,        ///< what a language model writes after a text
  kPerplexity,  ///< how probable a language model finds a text
  kRaw,         ///< the outputs as they are
};

struct PostprocessSettings {
  std::optional<PostprocessKind> as;     ///< not set: what is usual for the model
  int64_t top = 5;                       ///< of kTopK
  std::vector<std::string> class_names;  ///< empty: as the model knows them
  std::optional<models::Pooling> pooling;
  std::optional<bool> normalise;
};
void describe(config::Fields<PostprocessSettings>& f);

}  // namespace echelon::predict
