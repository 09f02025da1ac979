#include "checkpoint/hugging_face/weights.h"

#include <set>

#include "checkpoint/hugging_face/json_file.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::checkpoint::hugging_face {
namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

std::string canonical(std::string name) {
  if (name.starts_with("bert.")) name.erase(0, 5);
  for (const auto& [old, now] : {std::pair{".gamma", ".weight"}, std::pair{".beta", ".bias"}}) {
    if (name.ends_with(std::string("LayerNorm") + old)) name.replace(name.rfind('.'), std::string::npos, now);
  }
  return name;
}

}  // namespace

Weights::Weights(const fs::path& folder) {
  if (fs::exists(folder / kSingle)) {
    add(folder / kSingle);
  } else if (fs::exists(folder / kIndex)) {
    open_index(folder / kIndex);
  } else {
    throw CheckpointError(
        str_format("{} has neither {} nor {}; weights of other formats must be saved as safetensors first",
                   folder.string(), kSingle, kIndex));
  }
}

void Weights::open_index(const fs::path& index) {
  index_.push_back(index);
  const JsonFile file(index);
  const tokenizer::JsonNode map = file.node()["weight_map"];
  if (!map.value().is_object() || map.value().empty())
    map.refuse("no object that says which file holds a tensor");
  std::map<std::string, std::set<std::string>> tensors_of;
  for (const auto& [tensor, value] : map.value().items()) {
    const tokenizer::JsonNode node(value, str_format("{}.{}", map.place(), tensor));
    const std::string name = node.text();
    if (name.empty() || name.find('/') != std::string::npos)
      node.refuse("no name of a file beside the index");
    tensors_of[name].insert(tensor);
  }
  for (const auto& [name, tensors] : tensors_of) {
    add(index.parent_path() / name);
    for (const std::string& tensor : tensors) files_.back().entry(tensor);  // throws where it is missing
  }
}

void Weights::add(const fs::path& path) {
  files_.emplace_back(path);
  for (const TensorEntry& entry : files_.back().tensors()) {
    const auto [place, is_new] =
        places_.try_emplace(canonical(entry.name), Place{files_.size() - 1, entry.name});
    if (is_new) continue;
    throw CheckpointError(str_format("{} cannot be read: '{}' of it is the same tensor as '{}' of {}",
                                     path.string(), entry.name, place->second.name,
                                     files_[place->second.file].path().string()));
  }
}

std::vector<std::string> Weights::names() const {
  std::vector<std::string> names;
  for (const auto& [name, place] : places_) names.push_back(name);
  return names;
}

const TensorEntry& Weights::entry(const std::string& name) const {
  const auto found = places_.find(name);
  if (found != places_.end()) return files_[found->second.file].entry(found->second.name);
  const std::string nearest = nearest_name(name, names());
  throw CheckpointError(
      str_format("{} has no tensor '{}'{}", path_of(name), name,
                 nearest.empty() ? "" : str_format("; the nearest name in it is '{}'", nearest)));
}

at::Tensor Weights::view(const std::string& name) const {
  const TensorEntry& found = entry(name);
  return files_[places_.at(name).file].view(found.name);
}

std::vector<fs::path> Weights::paths() const {
  std::vector<fs::path> paths = index_;
  for (const SafetensorsFile& file : files_) paths.push_back(file.path());
  return paths;
}

std::string Weights::path_of(const std::string& name) const {
  const auto found = places_.find(name);
  if (found != places_.end()) return files_[found->second.file].path().string();
  return (index_.empty() ? files_.front().path() : index_.front()).string();
}

}  // namespace echelon::checkpoint::hugging_face
