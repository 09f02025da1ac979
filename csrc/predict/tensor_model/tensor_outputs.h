// Tensors that a model makes → columns.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "predict/postprocess/postprocess.h"
#include "predict/settings.h"
#include "predict/tensor_model/tensor_model.h"

namespace echelon::predict {

/// Of one tensor, or of that which `model.output` chooses, what `postprocess` says, raw where it says
/// nothing; of several a column of lists each, by its name. Immutable; several threads call it at once.
class TensorOutputs {
 public:
  /// `names`: of the tensors; `values`: in a row of the one, 0 where that is not known. Throws ConfigError
  /// where the settings do not fit.
  TensorOutputs(const PredictSettings& settings, const std::vector<std::string>& names,
                const std::map<std::string, int64_t>& values);

  const table::Schema& schema() const { return schema_; }
  std::vector<table::Column> begin() const;
  /// Appends the `rows` rows of the model's `tensors`; notes rows that are not finite as Postprocess does.
  /// Throws ConfigError that begins with `signature` where the tensors are others than it was told, or have
  /// not a row each.
  void append(const std::vector<NamedTensor>& tensors, int64_t rows, const std::string& signature,
              Scores& scores) const;

 private:
  struct Output {
    std::string name;
    std::unique_ptr<const Postprocess> postprocess;
  };
  std::vector<Output> outputs_;
  table::Schema schema_;
};

/// Values of a row of [rows, …].
int64_t values_of_row(const at::Tensor& tensor);

}  // namespace echelon::predict
