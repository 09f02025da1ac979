// A model from outside, of which nothing is known but that it makes tensors of tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace echelon::predict {

/// What the model says of tensors that it cannot take. Which rows those are is known to who asked.
struct RefusedTensors : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct NamedTensor {
  std::string name;  ///< empty where the model makes one tensor
  at::Tensor value;
};

/// Thread-safe, and what it says of rows does not depend on what it was asked before.
class TensorModel {
 public:
  virtual ~TensorModel() = default;

  /// What it is, for messages: "model.pt: forward(Tensor x, int sr)".
  const std::string& signature() const { return signature_; }
  /// The tensors that run() takes, in order.
  const std::vector<std::string>& inputs() const { return inputs_; }
  /// Of what numbers they are; empty: not known.
  const std::vector<at::ScalarType>& types() const { return types_; }
  /// Those that run() makes, in order; null: not known before it runs.
  const std::optional<std::vector<std::string>>& outputs() const { return outputs_; }
  /// Contiguous tensors on the CPU, [rows, …] each. Throws RefusedTensors; ConfigError where what it makes is
  /// no tensors.
  virtual std::vector<NamedTensor> run(const std::vector<at::Tensor>& inputs) const = 0;

 protected:
  std::string signature_;
  std::vector<std::string> inputs_;
  std::vector<at::ScalarType> types_;
  std::optional<std::vector<std::string>> outputs_;
};

struct TensorModelOptions {
  std::string path;
  std::string method;              ///< empty: forward; of a package: the model in it, empty: the only one
  std::vector<std::string> given;  ///< the inputs that are given, in any order
  std::map<std::string, std::string> constants;  ///< of arguments that are no tensors
  int calls_at_once = 1;                         ///< of a package: how many threads it serves at a time
};

/// "output_0", … : what the outputs of a model that has no names for them are called; of one alone, "".
std::vector<std::string> number_outputs(size_t count);

/// What LibTorch says went wrong, without where in its sources: the last line, which is where TorchScript
/// puts it.
std::string reason_of(const std::exception& error);

}  // namespace echelon::predict
