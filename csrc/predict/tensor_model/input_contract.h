// What a package that PyTorch compiled takes: code that was made for certain tensors and reads memory as if
// it had got them, so that others must never reach it.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace echelon::predict {

/// A size of a tensor.
struct Dimension {
  int64_t least = 0;
  int64_t most = std::numeric_limits<int64_t>::max();
  bool is_fixed() const { return least == most; }
  struct Place {
    size_t input = 0, dimension = 0;
  };
  /// The sizes that it is as large as.
  std::vector<Place> equals;
};

struct ContractedInput {
  c10::ScalarType type = c10::ScalarType::Float;
  std::vector<Dimension> dimensions;
  std::vector<std::optional<int64_t>> strides;  ///< in elements; null: those of a contiguous tensor
};

/// Immutable.
class InputContract {
 public:
  /// Of the C++ that PyTorch generated and lays into the package: its checks of the inputs (`check_input_0`,
  /// …) and the sizes that its run_impl() names. A size that is another's has no name there; it is taken for
  /// that with the same bounds: the number of rows for a first dimension, else a length. Throws ConfigError
  /// that begins with `origin` where that does not say what the tensors are, or their first dimension is not
  /// a number of rows.
  InputContract(std::string_view source, const std::string& origin);

  const std::vector<ContractedInput>& inputs() const { return inputs_; }
  /// The rows that a call takes at least and at most.
  int64_t least_rows() const { return least_rows_; }
  int64_t most_rows() const { return most_rows_; }

  /// Why the package cannot take the tensors, [rows, …] of any number of rows, called `names`; empty: it can.
  std::string problem(const std::vector<at::Tensor>& tensors, const std::vector<std::string>& names) const;
  /// `tensor`, [rows, …], laid out in memory as input `input` is.
  at::Tensor laid_out(const at::Tensor& tensor, size_t input) const;

 private:
  void find_rows(const std::string& origin);

  std::vector<ContractedInput> inputs_;
  int64_t least_rows_ = 0, most_rows_ = 0;
};

}  // namespace echelon::predict
