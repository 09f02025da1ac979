#include <xxhash.h>

#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "common/error.h"
#include "common/format.h"
#include "data/image/source.h"
#include "data/image/tar_index.h"
#include "data/image/tar_index_file.h"
#include "inspect/image_survey.h"
#include "inspect/label_counts.h"
#include "inspect/sheet.h"

namespace echelon::inspect {
namespace {

constexpr int kShownKeys = 5, kImagesOnSheet = 64;
constexpr int64_t kLongestLabel = 1 << 10;

struct FieldSizes {
  int64_t count = 0, bytes = 0, smallest = 0, largest = 0;

  void add(int64_t size) {
    smallest = count == 0 ? size : std::min(smallest, size);
    largest = std::max(largest, size);
    bytes += size;
    ++count;
  }
};

/// Goes through all entries of a shard once.
class ShardSurvey {
 public:
  ShardSurvey(const storage::RandomAccessFile& file, Report& report) : file_(file), report_(report) {}

  void run() {
    data::TarReader reader(file_);
    try {
      while (const auto entry = reader.next()) add(reader, *entry);
    } catch (const DataError& error) {
      report_.problem(error.what());
    }
    finish_sample();
  }

  void report() const {
    report_.row("samples", str_format("{}", samples_));
    report_.row("first keys", first_keys_.empty() ? "none" : join(first_keys_));
    for (const auto& [extension, sizes] : fields_) {
      const auto bytes = [](int64_t value) { return human_bytes(static_cast<double>(value)); };
      report_.row("." + extension, str_format("{} files, {}, each {} to {}", sizes.count, bytes(sizes.bytes),
                                              bytes(sizes.smallest), bytes(sizes.largest)));
    }
    if (others_ > 0) report_.row("others", str_format("{} files that are no field of a sample", others_));
    images_.report(report_);
    labels_.report(report_);
  }

  const std::vector<ImagePlace>& images() const { return places_; }

 private:
  void add(data::TarReader& reader, const data::TarEntry& entry) {
    const auto name = data::split_field(entry.name);
    if (!name) {
      ++others_;
      return;
    }
    if (name->key != key_ || samples_ == 0) begin_sample(entry, std::string(name->key));
    if (!extensions_.insert(name->field).second)
      complain(entry, str_format("a second .{} in one sample", name->field));
    fields_[name->field].add(entry.size);
    if (data::is_image_field(name->field)) add_image(entry);
    if (name->field == "cls" && entry.size <= kLongestLabel)
      labels_.add(reader.content(entry, kLongestLabel));
  }

  void begin_sample(const data::TarEntry& entry, std::string key) {
    finish_sample();
    key_ = std::move(key);
    begin_ = entry;
    ++samples_;
    if (first_keys_.size() < kShownKeys) first_keys_.push_back(key_);
    const auto [first, is_new] = offsets_.try_emplace(key_, entry.offset);
    if (!is_new) complain(entry, str_format("the key occurred before, at offset {}", first->second));
  }

  void finish_sample() {
    if (begin_ && !has_image_) complain(*begin_, "the sample has no .jpg, .jpeg, .png or .webp");
    begin_.reset();
    has_image_ = false;
    extensions_.clear();
  }

  void add_image(const data::TarEntry& entry) {
    has_image_ = true;
    places_.push_back({entry.data_offset, entry.size});
    try {
      if (entry.size > data::kMaxEncodedImage)
        throw DataError(str_format("an image of {} bytes", entry.size));
      encoded_.resize(static_cast<size_t>(entry.size));
      file_.read(entry.data_offset, encoded_);
      images_.add(encoded_);
    } catch (const DataError& error) {
      complain(entry, error.what());
    }
  }

  void complain(const data::TarEntry& entry, const std::string& problem) {
    report_.problem(str_format("{}, offset {}, key \"{}\": {}", file_.name(), entry.offset, key_, problem));
  }

  const storage::RandomAccessFile& file_;
  Report& report_;
  int64_t samples_ = 0, others_ = 0;
  std::vector<std::string> first_keys_;
  std::map<std::string, FieldSizes> fields_;
  ImageSurvey images_;
  LabelCounts labels_;
  std::vector<ImagePlace> places_;
  std::vector<uint8_t> encoded_;

  std::string key_;
  std::optional<data::TarEntry> begin_;  ///< of the sample at hand
  bool has_image_ = false;
  std::set<std::string> extensions_;
  std::unordered_map<std::string, int64_t> offsets_;
};

uint64_t checksum_of(const storage::RandomAccessFile& file) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::vector<uint8_t> block(size_t{1} << 20);
  for (int64_t at = 0; at < file.size(); at += static_cast<int64_t>(block.size())) {
    block.resize(
        static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(block.size()), file.size() - at)));
    file.read(at, block);
    XXH3_64bits_update(state.get(), block.data(), block.size());
  }
  return XXH3_64bits_digest(state.get());
}

void check_index(storage::Storage& storage, const std::string& shard, const storage::RandomAccessFile& file,
                 Report& report) {
  const storage::Location beside = data::tar_index_of(shard);
  if (!storage.of(beside).find(beside.path)) return report.row("index", "none");
  try {
    const data::TarIndexFile index(
        storage::read_all(*storage.open(beside.text(), storage::Access::kInPlace), data::kLargestTarIndex),
        beside.text());
    if (index.shard().size != file.size() || index.shard().checksum != checksum_of(file))
      throw DataError(
          str_format("index {}: it is of another content of the shard; remove it", beside.text()));
    report.row("index", str_format("{} samples, checksums verified", index.samples()));
  } catch (const DataError& error) {
    report.row("index", "not usable");
    report.problem(error.what());
  }
}

}  // namespace

Report inspect_tar_shard(storage::Storage& storage, const File& shard, const InspectRequest& request) {
  Report report(str_format("tar shard {}", request.path));
  report.row("size", human_bytes(static_cast<double>(shard->size())));
  ShardSurvey survey(*shard, report);
  survey.run();
  survey.report();
  check_index(storage, request.path, *shard, report);
  if (!request.sheet.empty()) {
    const auto wanted = static_cast<size_t>(request.samples > 0 ? request.samples : kImagesOnSheet);
    const size_t shown = write_sheet(*shard, survey.images(), wanted, request.sheet);
    report.row("sheet", str_format("{} of {} images in {}", shown, survey.images().size(), request.sheet));
  }
  return report;
}

}  // namespace echelon::inspect
