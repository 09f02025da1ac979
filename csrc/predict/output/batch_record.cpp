#include "predict/output/batch_record.h"

#include <algorithm>

#include "common/error.h"
#include "common/format.h"
#include "predict/output/schema_json.h"
#include "work/json_parts.h"

namespace echelon::predict {
namespace {

using work::Json;

constexpr const char* kFormat = "echelon-predictions";
constexpr int kVersion = 1;
constexpr const char* kFolder = "manifest";

}  // namespace

std::string render_record(const BatchRecord& record) {
  return work::to_text(
      {{"format", kFormat},
       {"version", kVersion},
       {"echelon", ECHELON_VERSION},
       {"batch", record.number},
       {"model",
        {{"path", record.model_path}, {"digest", record.model_digest}, {"version", record.model_version}}},
       {"settings", record.settings},
       {"kept", to_json(record.kept)},
       {"inputs", work::to_json(record.inputs)},
       {"counts", work::to_json(record.counts)},
       {"files", work::to_json(record.files)}});
}

BatchRecord parse_record(const std::string& text, const std::string& name) {
  return work::parse_json(text, name, [&](const Json& json) {
    if (json.at("format") != kFormat || json.at("version") != kVersion)
      throw DataError(
          str_format("{} is no record of predictions, or of another version than {}", name, kVersion));
    const Json& model = json.at("model");
    return BatchRecord{.number = json.at("batch").get<int64_t>(),
                       .model_path = model.at("path").get<std::string>(),
                       .model_digest = model.at("digest").get<std::string>(),
                       .model_version = model.at("version").get<std::string>(),
                       .settings = json.at("settings").get<std::string>(),
                       .kept = schema_from(json.at("kept")),
                       .inputs = work::inputs_from(json.at("inputs")),
                       .counts = work::counts_from(json.at("counts")),
                       .files = work::files_from(json.at("files"))};
  });
}

fs::path record_path(const fs::path& output, int64_t number) {
  return output / kFolder / str_format("{:08}.json", number);
}

std::vector<BatchRecord> read_records(const fs::path& output) {
  std::vector<BatchRecord> records;
  if (!fs::exists(output / kFolder)) return records;
  for (const fs::directory_entry& entry : fs::directory_iterator(output / kFolder)) {
    if (entry.path().extension() == ".json")
      records.push_back(parse_record(read_file(entry.path()), entry.path().string()));
  }
  std::ranges::sort(records, {}, &BatchRecord::number);
  for (size_t i = 0; i < records.size(); ++i) {
    const auto number = static_cast<int64_t>(i) + 1;
    if (records[i].number != number)
      throw DataError(
          str_format("{} is missing: the record of a batch whose predictions are there; restore "
                     "it, or set output.overwrite: true",
                     record_path(output, number).string()));
  }
  return records;
}

void write_record(const fs::path& output, const BatchRecord& record) {
  fs::create_directories(output / kFolder);
  write_file_atomically(record_path(output, record.number), render_record(record));
}

}  // namespace echelon::predict
