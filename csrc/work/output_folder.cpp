#include "work/output_folder.h"

#include "work/task.h"

namespace echelon::work {

std::unique_ptr<NewFile> OutputFolder::create(const std::string& name) const {
  work_.note(name);
  return std::make_unique<NewFile>(path(), work_.fresh(), name);
}

std::unique_ptr<NewFile> OutputFolder::create_intermediate(const std::string& name) const {
  return std::make_unique<NewFile>(work_.path() / "intermediate", work_.fresh(), name);
}

fs::path OutputFolder::intermediate(const std::string& name) const {
  return work_.path() / "intermediate" / name;
}

UnitOutput Task::finish(const std::vector<UnitOutput>&, const OutputFolder&) const {
  return {};
}

}  // namespace echelon::work
