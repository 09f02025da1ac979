#include "data/image/sample_fields.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "common/error.h"
#include "common/format.h"
#include "common/stage_clock.h"

namespace echelon::data {
namespace {

std::string extension_of(const FieldSettings& settings) {
  std::string extension = std::visit([](const auto& chosen) { return chosen.field; }, settings);
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension;
}

std::string read_field(const ImageSource& source, int64_t index, const std::string& extension) {
  const StageScope scope(LoadStage::kRead);
  std::string text = source.read_field(index, extension);
  count_bytes_read(static_cast<int64_t>(text.size()));
  return text;
}

}  // namespace

std::vector<std::string> field_extensions(const FieldsSettings& settings) {
  std::set<std::string> extensions;
  for (const auto& [name, field] : settings) extensions.insert(extension_of(field));
  return {extensions.begin(), extensions.end()};
}

SampleFields::SampleFields(const FieldsSettings& settings) {
  for (const auto& [name, field] : settings) {
    auto reader = std::visit([](const auto& chosen) { return make_reader(chosen); }, field);
    fields_.push_back({name, extension_of(field), std::move(reader)});
  }
  std::ranges::stable_sort(fields_, {}, &Field::extension);
}

void SampleFields::allocate(int64_t samples, at::ScalarType dtype, bool pinned, Batch& batch) const {
  const auto options =
      at::TensorOptions().dtype(dtype == at::kDouble ? at::kDouble : at::kFloat).pinned_memory(pinned);
  for (const Field& field : fields_) field.reader->allocate(field.name, samples, options, batch);
}

void SampleFields::load(const ImageSource& source, int64_t index, const image::Placement& placement,
                        Batch& batch, int64_t row) const {
  if (fields_.empty()) return;
  const StageScope scope(LoadStage::kFields);
  std::string text;
  const Field* previous = nullptr;
  for (const Field& field : fields_) {
    try {
      if (previous == nullptr || previous->extension != field.extension)
        text = read_field(source, index, field.extension);
      previous = &field;
      field.reader->read(field.name, text, placement, batch, row);
    } catch (const DataError& error) {
      throw DataError(str_format("field \"{}\": .{} {}", field.name, field.extension, error.what()));
    }
  }
}

}  // namespace echelon::data
