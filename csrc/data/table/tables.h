// The tables of a job: their files, opened once, and how their columns become numbers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/open_dataset.h"
#include "data/table/settings.h"
#include "table/encoder.h"

namespace echelon::data {

table::TableOptions table_options(const TableReading& reading);

/// What a checkpoint says of the columns: the text of its features.json, and where that lies.
struct StoredFeatures {
  std::string text;
  std::string path;
};

/// Thread-safe.
class Tables {
 public:
  /// Learns from all training files (means, deviations, vocabularies, classes), whose blocks the ranks share,
  /// or takes what `stored` says, where that has a text. Collective. Throws DataError that names file, row
  /// and column, on every rank the same; CheckpointError where `stored` contradicts the settings.
  Tables(const TableSettings& settings, const OpenRequest& request, const StoredFeatures& stored = {});

  const table::FeatureEncoder& encoder() const { return *encoder_; }
  std::shared_ptr<const table::FeatureEncoder> shared_encoder() const { return encoder_; }

  /// Opens a file and makes sure that it has the columns, with types that fit. Throws DataError.
  std::shared_ptr<const table::TableFile> open(const std::string& name) const;

  /// The files of `names` that can be opened; the others are counted, under `on_error: skip`, else thrown.
  /// Collective; all ranks have the same.
  struct Opened {
    std::vector<std::shared_ptr<const table::TableFile>> files;
    int64_t left_out = 0;
    std::string first_problem;  ///< of those that were left out
  };
  Opened open_all(const std::vector<std::string>& names, const OpenRequest& request) const;

 private:
  std::vector<table::FeatureSettings> features_of(const table::TableFile& file) const;
  void check_columns(const table::TableFile& file) const;
  void learn(const OpenRequest& request);
  void take(const StoredFeatures& stored);

  bool skips_;
  table::TableOptions options_;
  std::vector<table::FeatureSettings> features_;
  table::TargetSettings target_;
  std::vector<std::vector<config::InputPath>> training_inputs_;
  std::shared_ptr<storage::Storage> storage_;
  std::shared_ptr<const table::FeatureEncoder> encoder_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const table::TableFile>> files_;
};

}  // namespace echelon::data
