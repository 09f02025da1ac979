#include <algorithm>
#include <cstring>
#include <limits>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "data/block_cache.h"
#include "data/image/source.h"
#include "table/table_file.h"
#include "work/share_work.h"

namespace echelon::data {
namespace {

/// Of decoded row groups, on each rank: some tens of those of usual files, which hold a hundred images.
constexpr int64_t kCacheBytes = int64_t{512} << 20;

/// A sample as it is kept in memory.
struct Row {
  int32_t label = 0;
  uint32_t row = 0;  ///< in its row group
};

/// What the ranks tell each other of a row group.
struct GroupHead {
  int64_t samples = 0;
  int64_t first_row = 0;  ///< in the file
};

struct FileIndex {
  std::vector<GroupHead> groups{};
  std::vector<Row> rows{};
  int64_t left_out = 0;
  std::string first_problem{};
};

template <class T>
void append(std::string& bytes, const std::vector<T>& values) {
  const auto count = static_cast<int64_t>(values.size());
  bytes.append(reinterpret_cast<const char*>(&count), sizeof count);
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

template <class T>
std::vector<T> take(std::string_view& bytes) {
  int64_t count = 0;
  std::memcpy(&count, bytes.data(), sizeof count);
  bytes.remove_prefix(sizeof count);
  std::vector<T> values(static_cast<size_t>(count));
  if (count > 0) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  bytes.remove_prefix(values.size() * sizeof(T));
  return values;
}

std::string pack(const FileIndex& index) {
  std::string bytes;
  append(bytes, index.groups);
  append(bytes, index.rows);
  append(bytes, std::vector<int64_t>{index.left_out});
  return bytes + index.first_problem;
}

FileIndex unpack(std::string_view bytes) {
  FileIndex index;
  index.groups = take<GroupHead>(bytes);
  index.rows = take<Row>(bytes);
  index.left_out = take<int64_t>(bytes).front();
  index.first_problem = std::string(bytes);
  return index;
}

/// The column with the bytes of images: of this name, or the member `bytes` of a struct of this name.
std::string image_column(const table::TableFile& file, const std::string& key) {
  for (const std::string& name : {key, key + ".bytes"}) {
    const table::Field* field = table::find_field(file.schema(), name);
    if (field != nullptr && field->type == table::ColumnType::kBinary) return name;
  }
  throw DataError(str_format(
      "{}: there is no column \"{}\" of bytes, nor a struct of this name with a member \"bytes\"; set "
      "image_key to one of {}",
      file.name(), key, join(table::names_of(file.schema()))));
}

void require_labels(const table::TableFile& file, const std::string& key) {
  const table::Field* field = table::find_field(file.schema(), key);
  if (field != nullptr && field->type == table::ColumnType::kInt64) return;
  const std::string problem =
      field == nullptr ? str_format("there is no column \"{}\"", key)
                       : str_format("column \"{}\" ({}) holds no whole numbers", key, field->stored_as);
  throw DataError(str_format("{}: {}; set label_key to the column of classes, one of {}", file.name(),
                             problem, join(table::names_of(file.schema()))));
}

class ParquetSource : public ImageSource {
 public:
  ParquetSource(const std::vector<std::string>& paths, const SourceOptions& options)
      : paths_(paths),
        storage_(options.storage),
        image_key_(options.image_key),
        files_(/*max_bytes=*/256, [this](int64_t file) { return open(file); }),
        images_(kCacheBytes, [this](int64_t group) { return decode(group); }) {
    const auto index_part = [&](int64_t file) { return pack(index(file, options)); };
    const auto count = static_cast<int64_t>(paths.size());
    std::string problem;
    int64_t file = 0;
    for (const std::string& part : work::share_work(count, index_part, options.communicator)) {
      const FileIndex index = unpack(part);
      add(file++, index);
      if (problem.empty()) problem = index.first_problem;
    }
    if (left_out_ > 0) log::info("left out {} damaged samples or files; the first: {}", left_out_, problem);
  }

  int64_t size() const override { return static_cast<int64_t>(rows_.size()); }
  int64_t left_out() const override { return left_out_; }
  std::vector<int64_t> shard_starts() const override {
    return starts_.empty() ? std::vector<int64_t>{0} : starts_;
  }
  int64_t label(int64_t index) const override { return rows_[static_cast<size_t>(index)].label; }

  void read(int64_t index, std::vector<uint8_t>& bytes) const override {
    const std::shared_ptr<const table::Column> images = images_.get(group_of(index));
    const std::string_view image = images->text(rows_[static_cast<size_t>(index)].row);
    bytes.assign(image.begin(), image.end());
  }

  std::string place(int64_t index) const override {
    const Group& group = groups_[static_cast<size_t>(group_of(index))];
    return str_format("{}, row {}", paths_[static_cast<size_t>(group.file)],
                      group.first_row + rows_[static_cast<size_t>(index)].row);
  }

 private:
  struct Group {
    int64_t file, number, first_row;
  };

  BlockCache<table::TableFile>::Decoded open(int64_t file) const {
    return {table::open_table(*storage_, paths_[static_cast<size_t>(file)]), 1};
  }

  BlockCache<table::Column>::Decoded decode(int64_t number) const {
    const Group& group = groups_[static_cast<size_t>(number)];
    const auto file = files_.get(group.file);
    const std::string columns[] = {image_column(*file, image_key_)};
    auto images = std::make_shared<table::Column>(std::move(file->read(group.number, columns).front()));
    const auto bytes = static_cast<int64_t>(images->bytes.size());
    return {std::move(images), bytes + 1};
  }

  FileIndex index(int64_t number, const SourceOptions& options) const {
    FileIndex index;
    try {
      const auto file = files_.get(number);
      image_column(*file, image_key_);
      require_labels(*file, options.label_key);
      for (size_t g = 0; g < file->blocks().size(); ++g) index_group(*file, g, options, index);
      if (index.rows.empty() && index.left_out == 0)
        throw DataError(str_format("{}: the file holds no samples", file->name()));
    } catch (const DataError& error) {
      if (!options.skip_damaged) throw;
      leave_out(error.what(), index);
    }
    return index;
  }

  static void leave_out(const std::string& problem, FileIndex& index) {
    ++index.left_out;
    if (index.first_problem.empty()) index.first_problem = problem;
  }

  static void index_group(const table::TableFile& file, size_t number, const SourceOptions& options,
                          FileIndex& index) {
    const table::Block block = file.blocks()[number];
    const std::string names[] = {options.label_key};
    const table::Column labels = file.read(static_cast<int64_t>(number), names).front();
    GroupHead head{.first_row = block.first_row};
    for (int64_t row = 0; row < block.rows; ++row) {
      const std::string problem = label_problem(labels, row, options);
      if (problem.empty()) {
        index.rows.push_back(
            {static_cast<int32_t>(labels.integers[static_cast<size_t>(row)]), static_cast<uint32_t>(row)});
        ++head.samples;
        continue;
      }
      const std::string message = str_format("{}, row {}: {}", file.name(), block.first_row + row, problem);
      if (!options.skip_damaged) throw DataError(message);
      leave_out(message, index);
    }
    index.groups.push_back(head);
  }

  static std::string label_problem(const table::Column& labels, int64_t row, const SourceOptions& options) {
    if (!labels.is_valid(row)) return str_format("column \"{}\" has no value", options.label_key);
    const int64_t label = labels.integers[static_cast<size_t>(row)];
    if (label >= 0 && label < options.classes) return "";
    return str_format("label {} lies outside the {} classes of the model (0 to {})", label, options.classes,
                      options.classes - 1);
  }

  void add(int64_t file, const FileIndex& index) {
    int64_t first = size();
    for (size_t g = 0; g < index.groups.size(); ++g) {
      const GroupHead& head = index.groups[g];
      if (head.samples == 0) continue;
      starts_.push_back(first);
      groups_.push_back({file, static_cast<int64_t>(g), head.first_row});
      first += head.samples;
    }
    rows_.insert(rows_.end(), index.rows.begin(), index.rows.end());
    left_out_ += index.left_out;
  }

  int64_t group_of(int64_t index) const {
    return std::upper_bound(starts_.begin(), starts_.end(), index) - starts_.begin() - 1;
  }

  std::vector<std::string> paths_;
  std::shared_ptr<storage::Storage> storage_;
  std::string image_key_;
  std::vector<Row> rows_;
  std::vector<int64_t> starts_;  ///< of each group's samples
  std::vector<Group> groups_;
  int64_t left_out_ = 0;
  BlockCache<table::TableFile> files_;  ///< each counts as one byte
  BlockCache<table::Column> images_;
};

}  // namespace

std::unique_ptr<ImageSource> open_parquet_images(const std::vector<std::string>& paths,
                                                 const SourceOptions& options) {
  return std::make_unique<ParquetSource>(paths, options);
}

}  // namespace echelon::data
