// All that a sample holds for the model besides image and class.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/image/field_reader.h"
#include "data/image/source.h"

namespace echelon::data {

/// The extensions of the files that the fields are read from, each once, in lower case.
std::vector<std::string> field_extensions(const FieldsSettings& settings);

/// Immutable and safe for several threads.
class SampleFields {
 public:
  /// Loads tokenizers. Throws DataError where one cannot be loaded.
  explicit SampleFields(const FieldsSettings& settings);

  /// Adds the inputs of all fields for `samples` rows. Real numbers are float64 where `dtype` is, else
  /// float32.
  void allocate(int64_t samples, at::ScalarType dtype, bool pinned, Batch& batch) const;
  /// Reads the fields of sample `index` into row `row`. `placement` says what became of its image. Throws
  /// DataError that names the field; the place of the sample is the caller's to add.
  void load(const ImageSource& source, int64_t index, const image::Placement& placement, Batch& batch,
            int64_t row) const;

 private:
  struct Field {
    std::string name, extension;
    std::unique_ptr<FieldReader> reader;
  };
  std::vector<Field> fields_;  ///< those of one file lie together, so that it is read once
};

}  // namespace echelon::data
