#include "predict/tensor_model/model_file.h"

#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "common/checksum.h"
#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "predict/tensor_model/tensor_model.h"

namespace echelon::predict {
namespace {

using caffe2::serialize::PyTorchStreamReader;

constexpr std::string_view kSaveScript =
    "save the model with torch.jit.script(model).save(path), or torch.jit.trace";

PyTorchStreamReader open_archive(const std::string& path) {
  try {
    return PyTorchStreamReader(path);
  } catch (const c10::Error& error) {
    throw CheckpointError(
        str_format("{} is damaged or incomplete ({}); copy it anew", path, reason_of(error)));
  }
}

bool any_below(const std::vector<std::string>& records, std::string_view folder) {
  return std::ranges::any_of(records, [&](std::string_view record) { return record.starts_with(folder); });
}

void require_archive(const std::string& path, std::string_view start) {
  if (start.starts_with("PK")) return;
  if (start.starts_with("\x80"))
    throw CheckpointError(str_format(
        "{} holds pickled Python objects, which need the Python that made them; {}", path, kSaveScript));
  throw CheckpointError(str_format(
      "{} is neither TorchScript nor a compiled package, which are zip archives; a checkpoint is a "
      "folder",
      path));
}

}  // namespace

ModelFile read_model_file(const std::string& path) {
  const MappedFile file(path);
  require_archive(
      path, {reinterpret_cast<const char*>(file.bytes().data()), std::min(file.bytes().size(), size_t{4})});
  PyTorchStreamReader archive = open_archive(path);
  if (archive.hasRecord("constants.pkl") && any_below(archive.getAllRecords(), "code/"))
    return {ModelFileKind::kScript, checksum_of(file.bytes())};
  if (any_below(archive.getAllRecords(), "data/aotinductor/"))
    return {ModelFileKind::kPackage, checksum_of(file.bytes())};
  if (archive.hasRecord("archive_format"))
    throw CheckpointError(
        str_format("{} holds an exported program, which is not compiled yet; give it to "
                   "torch._inductor.aoti_compile_and_package, or {}",
                   path, kSaveScript));
  if (archive.hasRecord("data.pkl"))
    throw CheckpointError(
        str_format("{} holds weights or Python objects (torch.save), and nothing that computes with them; {}",
                   path, kSaveScript));
  throw CheckpointError(str_format("{} is an archive, but neither TorchScript nor a compiled package", path));
}

}  // namespace echelon::predict
