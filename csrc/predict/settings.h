// The root of a scoring configuration: what `echelon predict` reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "comm/settings.h"
#include "config/declare.h"
#include "data/table/settings.h"
#include "generate/settings.h"
#include "predict/postprocess/settings.h"
#include "predict/tensor_model/settings.h"
#include "storage/settings.h"
#include "table/settings.h"
#include "train/settings.h"

namespace echelon::predict {

/// What rows are scored with.
struct ScoredModel {
  config::InputPath path;
  std::optional<config::InputPath> tokenizer;  ///< not set: the checkpoint's own
  std::string version;                         ///< as users call it; empty: the beginning of the digest
  std::string method;  ///< of TorchScript: what is called; empty: forward; of a package: the model in it
  std::string output;  ///< of a file: which of several tensors; empty: all
};
void describe(config::Fields<ScoredModel>& f);

/// What files are.
enum class SourceFormat {
  kAuto,  ///< by the name; what no name says, as table::TableFormat::kAuto
  kParquet,
  kArrow,
  kCsv,
  kJsonLines,
  kTar,     ///< WebDataset shards: a row a sample
  kImages,  ///< a row a file
  kLines,   ///< text: a row a line
  kPaths,   ///< text with the path of a file on each line: a row a path
};

/// Which rows are scored.
struct SourceSettings {
  std::vector<config::InputPath> files;
  SourceFormat format = SourceFormat::kAuto;
  std::map<std::string, std::string> types;  ///< as data::TableReading has them
  data::CsvSettings csv;
};
void describe(config::Fields<SourceSettings>& f);
/// Of files that are tables.
data::TableReading table_reading(const SourceSettings& settings);

/// Where predictions go, and what stands beside them.
struct OutputSettings {
  std::string folder;
  std::optional<std::vector<std::string>> keep;  ///< not set: all columns but binary ones
  bool source_file = false;
  bool row_number = false;
  bool model_version = false;
  std::string prefix;  ///< of the names of what the model says
  table::TableFormat format = table::TableFormat::kParquet;
  std::vector<std::string> partition_by;
  double max_file_mb = 512;
  table::ParquetCompression compression = table::ParquetCompression::kZstd;
  int64_t rows_per_group = int64_t{1} << 16;
  bool overwrite = false;
  bool allow_other_model = false;
};
void describe(config::Fields<OutputSettings>& f);

enum class OnBadRow { kRecord, kFail };

/// Which of the files are scored, and when it ends.
enum class Mode {
  kOnce,         ///< all that are there, once and for all
  kIncremental,  ///< those that are new since the last time
  kFollow,       ///< those, and from then on every new one, until a signal
};

/// What is recorded on the way.
struct LogSettings {
  double every_seconds = 10;
  bool tensorboard = false;
};
void describe(config::Fields<LogSettings>& f);

struct PredictSettings {
  ScoredModel model;
  SourceSettings source;
  std::map<std::string, std::vector<std::string>> inputs;  ///< columns of each input of the model
  std::map<std::string, TensorSettings> tensors;           ///< of a file: what inputs are
  std::map<std::string, std::string> constants;            ///< of TorchScript: arguments that are no tensors
  std::map<std::string, std::string> rename;  ///< what a column of the model is called in the files
  PostprocessSettings postprocess;
  std::optional<generate::GenerationSettings> generation;
  OutputSettings output;
  OnBadRow on_error = OnBadRow::kRecord;
  Mode mode = Mode::kOnce;
  int64_t max_files = 10'000;                 ///< of a batch, of incremental and follow
  double poll_seconds = 5;                    ///< of follow
  std::optional<train::Precision> precision;  ///< not set: that of the training, of other models float32
  std::string device = "auto";
  int64_t pipeline = 1;  ///< ranks that a model is cut over
  std::optional<int64_t> threads;
  std::optional<int64_t> batch;
  int64_t batch_tokens = 4096;
  double unit_mb = 64;
  LogSettings log;
  CommSettings comm;
  storage::StorageSettings storage;
};
void describe(config::Fields<PredictSettings>& f);

/// The settings that decide what is made, as text: those that do not are at their defaults.
std::string deciding_settings(const PredictSettings& settings);

}  // namespace echelon::predict
