#include "prepare/image/task.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "common/error.h"
#include "common/format.h"
#include "common/random.h"
#include "data/image/shard_writer.h"
#include "data/image/tar_index_file.h"
#include "data/order/permutation.h"
#include "prepare/image/recoder.h"
#include "prepare/image/samples.h"
#include "work/output_folder.h"

namespace echelon::prepare {
namespace {

constexpr const char* kClassesFile = "classes.txt";

/// Keys of one shard, which must differ: of a key that is there already, KEY-2, KEY-3, …
class Keys {
 public:
  std::string unique(const std::string& key) {
    std::string name = key;
    for (int64_t number = 2; !seen_.insert(name).second; ++number) name = str_format("{}-{}", key, number);
    return name;
  }

 private:
  std::unordered_set<std::string> seen_;
};

class ImageTask final : public work::Task {
 public:
  ImageTask(const ImagePreparation& settings, Communicator& comm)
      : settings_(settings), source_(open_samples(settings, comm)) {
    if (source_->size() == 0) throw DataError("input: no sample is left: all are damaged");
    if (settings.shuffle_seed)
      order_.emplace(source_->size(),
                     derive_key(static_cast<uint64_t>(*settings.shuffle_seed), "prepare images"));
  }

  std::vector<work::InputFile> inputs() const override { return source_->inputs(); }
  int64_t units() const override {
    return (source_->size() + settings_.samples_per_shard - 1) / settings_.samples_per_shard;
  }

  work::UnitOutput make(int64_t unit, const work::OutputFolder& folder) const override {
    const std::string name = str_format("{}-{:05}.tar", settings_.name, unit);
    const auto shard = folder.create(name);
    data::ShardWriter writer([&](std::string_view bytes) { shard->write(bytes); });
    Recoder recoder(recode_options());
    Keys keys;
    const int64_t begin = unit * settings_.samples_per_shard;
    const int64_t end = std::min(begin + settings_.samples_per_shard, source_->size());
    int64_t samples = 0;
    for (int64_t position = begin; position < end; ++position)
      samples += add(order_ ? (*order_)(position) : position, recoder, keys, writer) ? 1 : 0;
    work::UnitOutput output{.files = {},
                            .counts = {{"samples", samples}, {"left_out", end - begin - samples}}};
    if (samples == 0) return output;  // a shard without samples is none
    const std::string index = writer.finish();
    output.files.push_back(shard->commit());
    output.files.back().counts = {{"samples", samples}};
    // After the shard: an index that is older counts as stale.
    const auto beside = folder.create(name + std::string(data::kTarIndexSuffix));
    beside->write(index);
    output.files.push_back(beside->commit());
    return output;
  }

  work::UnitOutput finish(const std::vector<work::UnitOutput>&,
                          const work::OutputFolder& folder) const override {
    work::UnitOutput output{.files = {}, .counts = {{"left_out", source_->left_out()}}};
    const std::vector<std::string> names = source_->class_names();
    if (names.empty()) return output;
    const auto file = folder.create(kClassesFile);
    for (const std::string& name : names) file->write(name + "\n");
    output.files.push_back(file->commit());
    output.counts["classes"] = static_cast<int64_t>(names.size());
    return output;
  }

 private:
  RecodeOptions recode_options() const {
    return {settings_.resize, settings_.format, settings_.quality, settings_.verify};
  }

  /// False for a damaged sample that is left out.
  bool add(int64_t index, Recoder& recoder, Keys& keys, data::ShardWriter& writer) const {
    try {
      data::Sample sample = source_->read(index);
      for (data::SampleField& field : sample.fields) {
        if (data::is_image_field(field.extension)) recode(field, recoder);
      }
      sample.key = keys.unique(sample.key);
      writer.add(sample);
      return true;
    } catch (const DataError& error) {
      if (settings_.on_error == data::OnError::kSkip) return false;
      throw DataError(str_format("{}: {}", source_->place(index), error.what()));
    }
  }

  static void recode(data::SampleField& field, Recoder& recoder) {
    const std::span encoded(reinterpret_cast<const uint8_t*>(field.content.data()), field.content.size());
    auto recoded = recoder(encoded);
    if (!recoded) return;
    field.content = std::move(recoded->content);
    field.extension = std::move(recoded->extension);
  }

  ImagePreparation settings_;
  std::unique_ptr<SampleSource> source_;
  std::optional<data::Permutation> order_;
};

}  // namespace

std::unique_ptr<work::Task> make_task(const ImagePreparation& settings, Communicator& comm) {
  return std::make_unique<ImageTask>(settings, comm);
}

}  // namespace echelon::prepare
