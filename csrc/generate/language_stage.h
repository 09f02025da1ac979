// One pass through a language model, by the rank that has it or by each of those that have a part of it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "nn/decoding.h"
#include "nn/layered_model.h"

namespace echelon::generate {

/// What a pass runs. It travels with the activations, as one of them.
struct Pass {
  enum class Kind : int64_t {
    kWhole,     ///< sequences that are given, whole
    kBegin,     ///< the first tokens of sequences that will be written on
    kContinue,  ///< one token more of each
    kEnd,       ///< nothing: what is kept of the session goes
  };
  Kind kind = Kind::kWhole;
  // Of sequences that are written:
  int64_t session = 0;                     ///< which of them are kept together
  nn::DecodingState::Shape shape{};        ///< of all that the session keeps
  std::vector<int64_t> rows{}, lengths{};  ///< of those that run (DecodingState::set_rows())
};

/// Names of activations that a pass has beside the model's own.
inline constexpr const char* kPass = "pass";
/// int64 [rows]: of which places of hidden states [batch · time, width] logits are wanted.
inline constexpr const char* kPicked = "picked";
/// int64 [rows], or not there: the tokens whose log-probabilities are wanted in place of logits.
inline constexpr const char* kTargets = "targets";
inline constexpr int64_t kActivationsOfAPass = 3;
/// What the last rank makes: of the places that were picked float32 or float64 [rows, vocabulary], or float64
/// [rows], natural.
inline constexpr const char* kLogits = "logits";
inline constexpr const char* kLogProbabilities = "log_probabilities";

/// int64; pass_of() reads it.
at::Tensor to_tensor(const Pass& pass);
Pass pass_of(const at::Tensor& tensor);

/// The parts in which LanguageStage wants the layers: the encoder, if there is one, what makes hidden states,
/// and what makes logits of them.
std::vector<nn::LayerRange> parts_of(const nn::ModelSpec& spec);

/// Keeps what the layers of one rank know of the sequences that are being written. Thread-safe, as long as a
/// session belongs to one thread.
class LanguageStage {
 public:
  /// `spec`: of the model, of `vocabulary` tokens.
  LanguageStage(const nn::ModelSpec& spec, at::Device device, int64_t vocabulary)
      : parts_(parts_of(spec)), device_(device), vocabulary_(vocabulary) {}

  /// In which parts run() wants the layers.
  const std::vector<nn::LayerRange>& parts() const { return parts_; }

  /// `model`: of each of parts() all layers, or those of this rank. `inputs`: the model's, of the new
  /// tokens, and those of a pass; or what the rank before this one made. Those of the encoder are undefined
  /// or not there where sequences continue. Returns what the next rank gets; the last makes kLogits or
  /// kLogProbabilities.
  nn::Activations run(nn::LayeredModel& model, nn::Activations inputs);

 private:
  std::shared_ptr<nn::DecodingState> state_of(const Pass& pass);

  std::vector<nn::LayerRange> parts_;
  at::Device device_;
  int64_t vocabulary_;
  std::mutex mutex_;
  std::map<int64_t, std::shared_ptr<nn::DecodingState>> sessions_;
};

}  // namespace echelon::generate
