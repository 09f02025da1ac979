// The command line: `echelon VERB …`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace echelon::cli {

struct Arguments {
  /// "train", "evaluate", "predict", "plan", "prepare", "bench data", "check", "schema", "inspect" or "doctor"
  std::string verb;
  std::string kind;    ///< prepare: what; schema: what configuration, empty: of training
  std::string config;  ///< configuration file (train, evaluate, predict, plan, prepare, bench data, check)
  std::vector<std::string> overrides;  ///< key.path=value
  std::string path;                    ///< what to inspect
  std::string sheet;                   ///< inspect: PNG file for sample images
  int samples = 0;                     ///< inspect: images on the sheet, or documents shown; 0: the default
  std::string tokenizer;               ///< inspect: file with which documents of a token shard are shown
  std::string checkpoint;              ///< evaluate: a checkpoint other than the best
  std::string run_directory;           ///< doctor: where runs would be written
  bool markdown = false;               ///< schema: the reference page instead of JSON Schema
  int ranks = 0;                       ///< plan: of the job; 0: one pipeline
  bool search = false;                 ///< plan: try other settings instead
  std::optional<double> memory_gb;     ///< plan: of a rank, instead of the hardware's
  std::string output;  ///< plan: file for the page or picture, .html or .svg; evaluate: folder of the results
  double seconds = 10;             ///< bench data: how long to measure
  std::optional<int64_t> batches;  ///< bench data: of each rank, instead
  std::string json;                ///< bench data: file for the numbers
};

/// Parses the command line. Returns nothing, with `exit_code` set, when there is nothing left to do: help and
/// version were asked for and printed, or what is wrong was.
std::optional<Arguments> parse_arguments(int argc, char** argv, int& exit_code);

}  // namespace echelon::cli
