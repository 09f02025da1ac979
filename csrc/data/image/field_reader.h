// One further field of a sample → inputs of the model.
#pragma once

#include <memory>
#include <string>

#include "data/dataset.h"
#include "data/image/field_settings.h"
#include "image/placement.h"

namespace echelon::data {

/// Immutable and safe for several threads.
class FieldReader {
 public:
  virtual ~FieldReader() = default;
  /// Adds the inputs of `name` for `samples` rows. `options` are those of real numbers.
  virtual void allocate(const std::string& name, int64_t samples, const at::TensorOptions& options,
                        Batch& batch) const = 0;
  /// Fills their row `row` from the text of the field. Throws DataError that says what is wrong with it.
  virtual void read(const std::string& name, const std::string& text, const image::Placement& placement,
                    Batch& batch, int64_t row) const = 0;
};

/// Throws DataError for a tokenizer that cannot be loaded.
std::unique_ptr<FieldReader> make_reader(const TokensFieldSettings& settings);
std::unique_ptr<FieldReader> make_reader(const BoxesFieldSettings& settings);
std::unique_ptr<FieldReader> make_reader(const NumbersFieldSettings& settings);

}  // namespace echelon::data
