#include "checkpoint/inspect.h"

#include <algorithm>

#include "checkpoint/checkpoint.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint {
namespace {

std::string render_metrics(const std::map<std::string, double>& metrics) {
  std::string text;
  for (const auto& [name, value] : metrics)
    text += str_format("{}{} {:.6g}", text.empty() ? "" : ", ", name, value);
  return text.empty() ? "none" : text;
}

std::string render_manifest_summary(const Checkpoint& checkpoint) {
  const Manifest& m = checkpoint.manifest();
  std::string text = str_format("checkpoint {}\n", checkpoint.folder().string());
  const auto row = [&](const char* name, const std::string& value) {
    text += str_format("  {:<10}  {}\n", name, value);
  };
  row("written", str_format("{} by Echelon {}", m.created, m.echelon_version));
  row("step", str_format("{} (epoch {:.2f}, {} samples consumed)", m.step, m.epoch, m.consumed_samples));
  row("seed", str_format("{}", m.seed));
  row("world size", str_format("{}", m.world_size));
  row("model", m.model_family);
  row("metrics", render_metrics(m.metrics));
  row("config", str_format("{} lines of YAML in {}", std::count(m.config.begin(), m.config.end(), '\n'),
                           kManifestFile));
  return text;
}

std::string render_file(const SafetensorsFile& file, const char* verdict) {
  int64_t elements = 0;
  size_t name_width = 0;
  size_t shape_width = 0;
  const auto shape = [](const TensorEntry& entry) { return format_shape(entry.shape); };
  for (const TensorEntry& entry : file.tensors()) {
    const uint64_t bytes = entry.end - entry.begin;
    elements += static_cast<int64_t>(bytes / c10::elementSize(entry.dtype));
    name_width = std::max(name_width, entry.name.size());
    shape_width = std::max(shape_width, shape(entry).size());
  }
  std::string text = str_format("{}: {}, {} tensors, {} elements, {}\n", file.path().filename().string(),
                                human_bytes(static_cast<double>(file.bytes())), file.tensors().size(),
                                human_count(static_cast<double>(elements)), verdict);
  for (const auto& [key, value] : file.metadata()) text += str_format("  {} = {}\n", key, value);
  for (const TensorEntry& entry : file.tensors()) {
    text += str_format("  {:<{}}  {:<4}  {:<{}}  {}\n", entry.name, name_width, dtype_name(entry.dtype),
                       shape(entry), shape_width, human_bytes(static_cast<double>(entry.end - entry.begin)));
  }
  return text;
}

std::string inspect_file(const fs::path& path) {
  const SafetensorsFile file(path);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (fs::exists(folder / kManifestFile)) {
    const Checkpoint checkpoint(folder);
    if (checkpoint.has(path.filename().string())) {
      checkpoint.verify();
      return render_file(file, "checksum verified");
    }
  }
  return render_file(file, "structure verified (no manifest beside it, so no checksum)");
}

std::string inspect_checkpoint(const fs::path& path) {
  const Checkpoint checkpoint = open_checkpoint(path);
  std::string text = render_manifest_summary(checkpoint);
  for (const StoredFile& file : checkpoint.manifest().files) {
    text += '\n';
    text += fs::path(file.name).extension() == ".safetensors"
                ? render_file(checkpoint.open(file.name), "checksum verified")
                : str_format("{}: {}, checksum verified\n", file.name,
                             human_bytes(static_cast<double>(file.bytes)));
  }
  return text;
}

}  // namespace

bool can_inspect(const fs::path& path) {
  if (!fs::is_directory(path)) return path.extension() == ".safetensors" || path.filename() == kManifestFile;
  return fs::exists(path / kManifestFile) || fs::is_directory(path / "checkpoints") ||
         !list_step_folders(path).empty();
}

std::string inspect(const fs::path& path) {
  if (fs::is_directory(path)) return inspect_checkpoint(path);
  if (path.filename() == kManifestFile)
    return inspect_checkpoint(path.has_parent_path() ? path.parent_path() : ".");
  return inspect_file(path);
}

}  // namespace echelon::checkpoint
