#include "prepare/task.h"

#include "prepare/work_folder.h"

namespace echelon::prepare {

OutputFolder::OutputFolder(fs::path folder) : folder_(std::move(folder)) {}

std::unique_ptr<NewFile> OutputFolder::create(const std::string& name) const {
  WorkFolder(folder_).note(name);
  return std::make_unique<NewFile>(folder_, WorkFolder::of(folder_) / "new", name);
}

std::unique_ptr<NewFile> OutputFolder::create_intermediate(const std::string& name) const {
  const fs::path work = WorkFolder::of(folder_);
  return std::make_unique<NewFile>(work / "intermediate", work / "new", name);
}

fs::path OutputFolder::intermediate(const std::string& name) const {
  return WorkFolder::of(folder_) / "intermediate" / name;
}

UnitOutput Task::finish(const std::vector<UnitOutput>&, const OutputFolder&) const {
  return {};
}

}  // namespace echelon::prepare
