// Columns of a table → one of the tensors that a model takes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "predict/tensor_model/settings.h"
#include "table/column.h"
#include "table/schema_check.h"

namespace echelon::predict {

/// Several columns of numbers: a row has one value of each. One column: of numbers the same, of lists the
/// values of the list. Immutable; several threads call it at once.
class TensorInput {
 public:
  /// Throws ConfigError where there are no columns, or they do not fit the shape.
  TensorInput(const std::string& name, std::vector<std::string> columns, TensorSettings settings);

  const std::vector<std::string>& columns() const { return columns_; }
  at::ScalarType type() const;
  /// What a file of this schema must have.
  std::vector<table::WantedColumn> wanted(const table::Schema& schema) const;

  using Columns = std::span<const table::Column* const>;  ///< of columns()
  /// Why row `row` makes no tensor; empty: it does.
  std::string problem(Columns columns, int64_t row) const;
  /// Values of a row without a problem.
  int64_t values(Columns columns, int64_t row) const;
  /// What a row's values are shaped as; null: as long as the list is that holds them.
  std::optional<std::vector<int64_t>> row_shape() const;

  /// [rows, …], contiguous, on the CPU. `rows`: without a problem, and of as many values each.
  at::Tensor make(Columns columns, std::span<const int64_t> rows) const;
  /// The same of `rows` rows of zeros; row_shape() must be known.
  at::Tensor zeros(int64_t rows) const;

 private:
  at::Tensor shaped(const at::Tensor& values) const;

  std::vector<std::string> columns_;
  TensorSettings settings_;
};

}  // namespace echelon::predict
