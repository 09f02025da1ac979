#include "checkpoint/safetensors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

#include "checkpoint/wrap_errors.h"
#include "common/checksum.h"
#include "common/error.h"
#include "common/format.h"
#include "common/output_file.h"

namespace echelon::checkpoint {
namespace {

/// Widest types first, so that every tensor is aligned to its elements; then by name.
std::vector<TensorEntry> lay_out(const NamedTensors& tensors) {
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : tensors)
    entries.push_back({name, tensor.scalar_type(), tensor.sizes().vec()});
  const auto wider = [](const TensorEntry& a, const TensorEntry& b) {
    return c10::elementSize(a.dtype) > c10::elementSize(b.dtype);
  };
  std::stable_sort(entries.begin(), entries.end(), wider);
  uint64_t position = 0;
  for (TensorEntry& entry : entries) {
    entry.begin = position;
    position += tensors.at(entry.name).nbytes();
    entry.end = position;
  }
  return entries;
}

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

std::shared_ptr<const MappedFile> map_file(const fs::path& path) {
  return as_checkpoint_error([&] { return std::make_shared<const MappedFile>(path); });
}

void check_bool_bytes(std::span<const std::byte> bytes, const TensorEntry& entry, const fs::path& path) {
  const auto wrong = std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; });
  if (wrong == bytes.end()) return;
  throw CheckpointError(str_format("{} cannot be read: tensor '{}' is BOOL, but byte {} of it is {}",
                                   path.string(), entry.name, wrong - bytes.begin(),
                                   std::to_integer<int>(*wrong)));
}

}  // namespace

WrittenFile write_safetensors(const fs::path& path, const NamedTensors& tensors,
                              const std::map<std::string, std::string>& metadata) {
  const std::vector<TensorEntry> entries = lay_out(tensors);
  const std::string header = render_header(entries, metadata);
  return as_checkpoint_error([&]() -> WrittenFile {
    OutputFile file(path);
    file.write(std::as_bytes(std::span(header)));
    for (const TensorEntry& entry : entries)
      file.write(bytes_of(tensors.at(entry.name).detach().to(at::kCPU).contiguous()));
    file.sync();
    return {file.bytes(), file.checksum()};
  });
}

SafetensorsFile::SafetensorsFile(const fs::path& path)
    : mapped_(map_file(path)),
      header_(std::make_shared<const SafetensorsHeader>(parse_header(mapped_->bytes(), path.string()))) {
  auto index = std::make_shared<std::map<std::string, size_t>>();
  for (size_t i = 0; i < header_->tensors.size(); ++i) (*index)[header_->tensors[i].name] = i;
  index_ = std::move(index);
}

bool SafetensorsFile::contains(const std::string& name) const {
  return index_->count(name) > 0;
}

const TensorEntry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = index_->find(name);
  if (found != index_->end()) return header_->tensors[found->second];
  std::vector<std::string> names;
  for (const TensorEntry& entry : header_->tensors) names.push_back(entry.name);
  const std::string nearest = nearest_name(name, names);
  throw CheckpointError(
      str_format("{} has no tensor '{}'{}", path().string(), name,
                 nearest.empty() ? "" : str_format("; the nearest name in it is '{}'", nearest)));
}

at::Tensor SafetensorsFile::view(const std::string& name) const {
  const TensorEntry& found = entry(name);
  const auto options = at::TensorOptions().dtype(found.dtype);
  const auto bytes = mapped_->bytes().subspan(header_->data_start + found.begin, found.end - found.begin);
  if (bytes.empty()) return at::empty(found.shape, options);
  if (found.dtype == at::kBool) check_bool_bytes(bytes, found, path());
  if (reinterpret_cast<uintptr_t>(bytes.data()) % c10::elementSize(found.dtype) != 0) {
    at::Tensor copy = at::empty(found.shape, options);
    std::copy(bytes.begin(), bytes.end(), static_cast<std::byte*>(copy.mutable_data_ptr()));
    return copy;
  }
  // from_blob takes memory that may be written to; the contract of view() forbids it.
  return at::from_blob(
      const_cast<std::byte*>(bytes.data()), found.shape, [mapped = mapped_](void*) {}, options);
}

NamedTensors SafetensorsFile::views() const {
  NamedTensors views;
  for (const TensorEntry& entry : header_->tensors) views[entry.name] = view(entry.name);
  return views;
}

std::string SafetensorsFile::checksum() const {
  return checksum_of(mapped_->bytes());
}

}  // namespace echelon::checkpoint
