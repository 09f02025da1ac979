#include <algorithm>
#include <filesystem>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "data/image/source.h"
#include "storage/local_file.h"
#include "work/share_work.h"

namespace echelon::data {
namespace {

namespace fs = std::filesystem;

bool is_image_name(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".webp";
}

/// Names of the images below `folder`, relative to it and sorted, each followed by a zero.
std::string list_images(const fs::path& folder) {
  std::vector<std::string> names;
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file() && is_image_name(entry.path()))
        names.push_back(entry.path().lexically_relative(folder).string());
    }
  } catch (const fs::filesystem_error& error) {
    throw DataError(str_format("cannot list {}: {}", folder.string(), error.code().message()));
  }
  std::sort(names.begin(), names.end());
  std::string packed;
  for (const std::string& name : names) packed.append(name).push_back('\0');
  return packed;
}

class FolderSource : public ImageSource {
 public:
  FolderSource(const std::string& root, const std::vector<std::string>& class_names,
               const SourceOptions& options)
      : root_(root), folders_(class_names_in(root)) {
    class_names_ = class_names;
    find_labels(class_names, options.classes);
    const auto list = [&](int64_t i) { return list_images(root_ / folders_[i]); };
    const auto lists = work::share_work(static_cast<int64_t>(folders_.size()), list, options.communicator);
    for (size_t i = 0; i < lists.size(); ++i) {
      add_names(lists[i]);
      ends_.push_back(static_cast<int64_t>(starts_.size()));
      if (!lists[i].empty()) continue;
      const std::string problem = str_format("{}: the class folder holds no .jpg, .jpeg, .png or .webp",
                                             (root_ / folders_[i]).string());
      if (!options.skip_damaged) throw DataError(problem);
      if (left_out_++ == 0) log::info("left out: {}", problem);
    }
  }

  int64_t size() const override { return static_cast<int64_t>(starts_.size()); }
  int64_t left_out() const override { return left_out_; }

  int64_t label(int64_t index) const override { return labels_[folder_of(index)]; }
  std::vector<std::string> class_names() const override { return class_names_; }

  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    const storage::InputFile file(place(index));
    if (file.size() > kMaxEncodedImage) throw DataError(str_format("an image of {} bytes", file.size()));
    bytes.resize(file.size());
    file.read(0, bytes);
  }

  std::string place(int64_t index) const override {
    return (root_ / folders_[folder_of(index)] / (names_.data() + starts_[index])).string();
  }

 private:
  void find_labels(const std::vector<std::string>& class_names, int64_t classes) {
    if (folders_.empty())
      throw DataError(str_format("{} holds no folders: one for each class is expected", root_.string()));
    for (const std::string& folder : folders_) {
      const auto found = std::lower_bound(class_names.begin(), class_names.end(), folder);
      if (found == class_names.end() || *found != folder) {
        throw DataError(str_format("{}: no such class in the training data", (root_ / folder).string()));
      }
      const int64_t label = found - class_names.begin();
      if (label >= classes) {
        throw DataError(str_format("{}: class number {} lies outside the {} classes of the model (0 to {})",
                                   (root_ / folder).string(), label, classes, classes - 1));
      }
      labels_.push_back(label);
    }
  }

  void add_names(const std::string& list) {
    for (size_t at = 0; at < list.size(); at = list.find('\0', at) + 1) {
      starts_.push_back(static_cast<int64_t>(names_.size() + at));
    }
    names_ += list;
  }

  size_t folder_of(int64_t index) const {
    return std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin();
  }

  fs::path root_;
  std::vector<std::string> class_names_;
  std::vector<std::string> folders_;
  std::vector<int64_t> labels_;  ///< of each folder
  std::vector<int64_t> ends_;    ///< number of samples up to the end of each folder
  std::vector<int64_t> starts_;  ///< of each sample's name in names_
  std::string names_;            ///< one block instead of millions of strings
  int64_t left_out_ = 0;
};

}  // namespace

std::vector<std::string> class_names_in(const std::string& root) {
  std::vector<std::string> names;
  try {
    for (const auto& entry : fs::directory_iterator(root)) {
      if (entry.is_directory()) names.push_back(entry.path().filename().string());
    }
  } catch (const fs::filesystem_error& error) {
    throw DataError(str_format("cannot list {}: {}", root, error.code().message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::unique_ptr<ImageSource> open_class_folders(const std::string& root,
                                                const std::vector<std::string>& class_names,
                                                const SourceOptions& options) {
  return std::make_unique<FolderSource>(root, class_names, options);
}

}  // namespace echelon::data
