#include <cstring>
#include <set>
#include <unordered_map>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "common/log.h"
#include "data/image/source.h"
#include "data/image/tar_index.h"
#include "data/image/tar_index_file.h"
#include "prepare/image/samples.h"
#include "storage/file_pool.h"
#include "work/share_work.h"

namespace echelon::prepare {
namespace {

constexpr int64_t kLargestField = data::kMaxEncodedImage;

/// What the ranks tell each other of a shard.
struct FoundSamples {
  std::vector<int64_t> offsets{};  ///< of the first header of each sample
  int64_t left_out = 0;
  std::string first_problem{};
};

std::string pack(const FoundSamples& found) {
  const int64_t head[2] = {static_cast<int64_t>(found.offsets.size()), found.left_out};
  std::string bytes(reinterpret_cast<const char*>(head), sizeof head);
  bytes.append(reinterpret_cast<const char*>(found.offsets.data()), found.offsets.size() * sizeof(int64_t));
  return bytes + found.first_problem;
}

FoundSamples unpack(std::string_view bytes) {
  int64_t head[2];
  std::memcpy(head, bytes.data(), sizeof head);
  FoundSamples found;
  found.offsets.resize(static_cast<size_t>(head[0]));
  found.left_out = head[1];
  const size_t length = found.offsets.size() * sizeof(int64_t);
  if (length > 0) std::memcpy(found.offsets.data(), bytes.data() + sizeof head, length);
  found.first_problem = std::string(bytes.substr(sizeof head + length));
  return found;
}

/// Finds where samples begin. What is wrong with a sample: it has no image or two, a field twice, or a key
/// that occurred before.
class SampleFinder {
 public:
  SampleFinder(data::TarEntries& entries, bool skip_damaged)
      : entries_(entries), skip_damaged_(skip_damaged) {}

  FoundSamples run() {
    try {
      while (const auto entry = entries_.next()) add(*entry);
      finish_sample();
    } catch (const DataError& error) {
      if (!skip_damaged_) throw;
      leave_out(error.what());  // with the sample that was at hand, of which the rest is missing
    }
    return std::move(found_);
  }

 private:
  void add(const data::TarEntry& entry) {
    const auto name = data::split_field(entry.name);
    if (!name) return;
    if (!started_ || name->key != key_) {
      finish_sample();
      started_ = true;
      key_ = std::string(name->key);
      offset_ = entry.offset;
      const auto [first, is_new] = offsets_.try_emplace(key_, offset_);
      if (!is_new) complain(str_format("the key occurred before in this shard, at offset {}", first->second));
    }
    if (data::is_image_field(name->field)) {
      if (has_image_) complain("a second image in one sample");
      has_image_ = true;
    }
    if (!fields_.insert(name->field).second) complain(str_format("a second .{} in one sample", name->field));
    if (entry.size > kLargestField) complain(str_format(".{} has {} bytes", name->field, entry.size));
  }

  void finish_sample() {
    if (!started_) return;
    if (!has_image_) complain("the sample has no .jpg, .jpeg, .png or .webp");
    const std::string problem = std::exchange(problem_, "");
    started_ = has_image_ = false;
    fields_.clear();
    if (problem.empty()) return found_.offsets.push_back(offset_);
    if (!skip_damaged_) throw DataError(problem);
    leave_out(problem);
  }

  void complain(const std::string& what) {
    if (problem_.empty())
      problem_ = str_format("{}, offset {}, key \"{}\": {}", entries_.name(), offset_, key_, what);
  }

  void leave_out(const std::string& problem) {
    ++found_.left_out;
    if (found_.first_problem.empty()) found_.first_problem = problem;
  }

  data::TarEntries& entries_;
  bool skip_damaged_;
  FoundSamples found_;
  bool started_ = false, has_image_ = false;
  std::string key_, problem_;
  int64_t offset_ = 0;
  std::set<std::string> fields_;
  std::unordered_map<std::string, int64_t> offsets_;
};

class TarSamples final : public SampleSource {
 public:
  TarSamples(const Paths& paths, const ImagePreparation& settings, std::vector<work::InputFile> inputs,
             Communicator& comm)
      : storage_(settings.storage),
        inputs_(std::move(inputs)),
        shards_(paths, [this](const std::string& name) { return storage_.open_unpacked(name); }) {
    const bool skip = settings.on_error == data::OnError::kSkip;
    const auto find = [&](int64_t shard) { return pack(find_samples(static_cast<size_t>(shard), skip)); };
    std::string problem;
    for (const std::string& part : work::share_work(static_cast<int64_t>(paths.size()), find, &comm)) {
      const FoundSamples found = unpack(part);
      starts_.push_back(size());
      offsets_.insert(offsets_.end(), found.offsets.begin(), found.offsets.end());
      left_out_ += found.left_out;
      if (problem.empty()) problem = found.first_problem;
    }
    if (left_out_ > 0) log::info("left out {} damaged samples or shards; the first: {}", left_out_, problem);
  }

  int64_t size() const override { return static_cast<int64_t>(offsets_.size()); }
  int64_t left_out() const override { return left_out_; }
  std::vector<work::InputFile> inputs() const override { return inputs_; }

  data::Sample read(int64_t index) const override {
    const auto file = shards_.open(shard_of(index));
    data::TarReader reader(*file, offset_of(index));
    data::Sample sample;
    while (const auto entry = reader.next()) {
      const auto name = data::split_field(entry->name);
      if (!name) continue;
      if (sample.fields.empty()) sample.key = std::string(name->key);
      if (name->key != sample.key) break;
      sample.fields.push_back({name->field, reader.content(*entry, kLargestField)});
    }
    return sample;
  }

  std::string place(int64_t index) const override {
    return str_format("{}, offset {}, key \"{}\"", shards_.path(shard_of(index)), offset_of(index),
                      key(index));
  }

 private:
  FoundSamples find_samples(size_t shard, bool skip_damaged) {
    const std::string& path = shards_.path(shard);
    try {
      if (auto beside = data::find_tar_index(storage_, path)) {
        data::IndexedEntries entries(*std::move(beside), path, [&] { return shards_.open(shard); });
        return SampleFinder(entries, skip_damaged).run();
      }
      const auto file = shards_.open(shard);
      data::TarReader headers(*file);
      return SampleFinder(headers, skip_damaged).run();
    } catch (const DataError& error) {  // a shard that cannot even be opened
      if (!skip_damaged) throw;
      return {.left_out = 1, .first_problem = error.what()};
    }
  }

  /// Of a sample that another function could not read, perhaps.
  std::string key(int64_t index) const {
    try {
      const auto file = shards_.open(shard_of(index));
      const auto entry = data::TarReader(*file, offset_of(index)).next();
      const auto name = entry ? data::split_field(entry->name) : std::nullopt;
      return name ? std::string(name->key) : "?";
    } catch (const DataError&) {
      return "?";
    }
  }

  int64_t offset_of(int64_t index) const { return offsets_[static_cast<size_t>(index)]; }

  size_t shard_of(int64_t index) const {
    return static_cast<size_t>(std::upper_bound(starts_.begin(), starts_.end(), index) - starts_.begin() - 1);
  }

  storage::Storage storage_;
  std::vector<work::InputFile> inputs_;
  storage::FilePool shards_;
  std::vector<int64_t> starts_;   ///< of each shard, the number of its first sample
  std::vector<int64_t> offsets_;  ///< of each sample
  int64_t left_out_ = 0;
};

}  // namespace

std::unique_ptr<SampleSource> open_tar_samples(const Paths& paths, const ImagePreparation& settings,
                                               std::vector<work::InputFile> inputs, Communicator& comm) {
  return std::make_unique<TarSamples>(paths, settings, std::move(inputs), comm);
}

}  // namespace echelon::prepare
