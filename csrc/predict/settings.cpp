#include "predict/settings.h"

#include "config/config.h"
#include "data/table/describe_reading.h"

namespace echelon::predict {

data::TableReading table_reading(const SourceSettings& settings) {
  using table::TableFormat;
  data::TableReading reading{.types = settings.types, .csv = settings.csv};
  switch (settings.format) {
    case SourceFormat::kParquet:
      reading.format = TableFormat::kParquet;
      break;
    case SourceFormat::kArrow:
      reading.format = TableFormat::kArrow;
      break;
    case SourceFormat::kCsv:
      reading.format = TableFormat::kCsv;
      break;
    case SourceFormat::kJsonLines:
      reading.format = TableFormat::kJsonLines;
      break;
    default:
      break;
  }
  return reading;
}

void describe(config::Fields<ScoredModel>& f) {
  f.about("What rows are scored with.");
  f.add("path", &ScoredModel::path,
        "A run's folder, of which the best checkpoint is taken, or a folder of checkpoints, or a checkpoint; "
        "or a Hugging Face folder of a BERT, which embeds texts; or a TorchScript "
        "file (.pt) or a compiled package (.pt2).")
      .must_exist()
      .direct()
      .example("runs/diabetes");
  f.add("tokenizer", &ScoredModel::tokenizer,
        "Of a language model whose checkpoint holds none: what data.tokenizer was in training.")
      .must_exist();
  f.add("version", &ScoredModel::version,
        "What the model_version column says; not set: the first 12 digits of the model's digest.")
      .example("2026-01-31");
  f.add(
       "method", &ScoredModel::method,
       "Of a TorchScript model: the method that is called; not set: forward. Of a compiled package: which of "
       "the models in it.")
      .example("audio_forward");
  f.add("output", &ScoredModel::output,
        "Of a TorchScript model or a compiled package that makes several tensors: which is meant, by its "
        "key, or as output_0, "
        "output_1, …; not set: all, a column each.")
      .example("logits");
}

void describe(config::Fields<SourceSettings>& f) {
  f.about("Which rows are scored.");
  f.add("files", &SourceSettings::files,
        "Tables (Parquet, Arrow, CSV, JSON lines), tar shards, images, or text of a row a line (.txt): "
        "paths, globs or ranges, also in object stores (s3://, gs://). CSV, JSON lines, shards and text "
        "also as .gz and .zst. A folder stands for the images in it and below it.")
      .required()
      .min_items(1)
      .example("['tables/*.parquet']");
  f.add("format", &SourceSettings::format,
        "auto: by the names of the files, else by their first bytes; tar: a row for each sample of shards, "
        "as WebDataset groups them; images: a row a file; lines: a row for each line of text; paths: the "
        "same, each line being the path of an image, or of a text to be read.")
      .values({{"auto", SourceFormat::kAuto},
               {"parquet", SourceFormat::kParquet},
               {"arrow", SourceFormat::kArrow},
               {"csv", SourceFormat::kCsv},
               {"jsonl", SourceFormat::kJsonLines},
               {"tar", SourceFormat::kTar},
               {"images", SourceFormat::kImages},
               {"lines", SourceFormat::kLines},
               {"paths", SourceFormat::kPaths}});
  data::describe_columns(f);
  f.check([](const SourceSettings& s, config::Checks& checks) {
    constexpr std::string_view kNoTables = "has no effect on this format";
    if (s.format < SourceFormat::kTar) return data::check_reading(table_reading(s), checks);
    if (!s.types.empty()) checks.problem("types", kNoTables);
    if (checks.is_set("csv")) checks.problem("csv", kNoTables);
  });
}

void describe(config::Fields<OutputSettings>& f) {
  f.about("Where predictions go, and what stands beside them.");
  f.add("folder", &OutputSettings::folder,
        "For predictions/, errors/ and manifest/ (docs/predict.md). It must be empty, or hold what earlier "
        "runs of these settings made.")
      .required()
      .example("scores");
  f.add("keep", &OutputSettings::keep,
        "Columns of the input that stand beside the predictions; not set: all but binary ones.")
      .example("[patient, day]");
  f.add("source_file", &OutputSettings::source_file, "Add a column source_file: where the row is from.");
  f.add("row_number", &OutputSettings::row_number,
        "Add a column row_number: which row of its file it is, from 0.");
  f.add("model_version", &OutputSettings::model_version, "Add a column model_version.");
  f.add("prefix", &OutputSettings::prefix, "What the names of the columns that the model makes begin with.")
      .example("'score_'");
  f.add("format", &OutputSettings::format, "Of the files.")
      .values({{"parquet", table::TableFormat::kParquet}, {"jsonl", table::TableFormat::kJsonLines}});
  f.add("partition_by", &OutputSettings::partition_by,
        "Columns whose values become folders (day=2024-01-31/), as Hive, Spark, Arrow and DuckDB read them; "
        "they are "
        "left out of the files.")
      .example("[day]");
  f.add("max_file_mb", &OutputSettings::max_file_mb,
        "A file ends with the row group that brings it to this size. Each unit of work has files of its own.")
      .above(0)
      .unit("MB");
  f.add("compression", &OutputSettings::compression, "Of the pages of the files.")
      .values({{"zstd", table::ParquetCompression::kZstd},
               {"snappy", table::ParquetCompression::kSnappy},
               {"none", table::ParquetCompression::kNone}});
  f.add("rows_per_group", &OutputSettings::rows_per_group, "Rows of a row group.").at_least(1).unit("rows");
  f.add("overwrite", &OutputSettings::overwrite,
        "Remove what other settings, another model or another input have made in the folder.");
  f.add("allow_other_model", &OutputSettings::allow_other_model,
        "Add predictions of this model to those of another, in the modes incremental and follow.");
  f.check([](const OutputSettings& s, config::Checks& checks) {
    if (s.keep) data::check_distinct(*s.keep, "keep", checks);
    data::check_distinct(s.partition_by, "partition_by", checks);
  });
}

void describe(config::Fields<LogSettings>& f) {
  f.about("What is recorded on the way.");
  f.add("every_seconds", &LogSettings::every_seconds,
        "A record in metrics.jsonl of the output folder every so many seconds, and one a batch.")
      .range(0.1, 86400)
      .unit("s");
  f.add("tensorboard", &LogSettings::tensorboard, "Write a TensorBoard event file too.");
}

void describe(config::Fields<PredictSettings>& f) {
  f.about("Scores every row of tables, every text or every image exactly once.");
  f.add("model", &PredictSettings::model, "What rows are scored with.").required();
  f.add("source", &PredictSettings::source, "Which rows are scored.").required();
  f.add("inputs", &PredictSettings::inputs,
        "The columns of each input of the model. A model of tables knows its own, `features`: here they may "
        "be said again, in any order, and are compared. A TorchScript model or a compiled package takes "
        "several columns of numbers "
        "as a tensor [rows, columns], or one column of lists.")
      .example("{features: [age, sex, bmi]}");
  f.add("tensors", &PredictSettings::tensors,
        "Of a TorchScript model or a compiled package: what the tensors of `inputs` are like, where they are "
        "not float32 with the "
        "columns, or the list, as their only dimension.")
      .example("{x: {type: int64, shape: [28, 28]}}");
  f.add("constants", &PredictSettings::constants,
        "Of a TorchScript model: arguments that are no tensors, the same for all rows, in quotes.")
      .example("{sr: '16000'}");
  f.add("rename", &PredictSettings::rename,
        "What columns are called in the files where it is not as in training: name in training: name here.")
      .example("{age: patient_age}");
  f.add("postprocess", &PredictSettings::postprocess, "What is made of the model's outputs.");
  f.add("generation", &PredictSettings::generation, "How a language model writes.");
  f.add("output", &PredictSettings::output, "Where predictions go.").required();
  f.add("on_error", &PredictSettings::on_error,
        "What a row that cannot be scored does: go to the table of errors with the reason, or end the job.")
      .values({{"record", OnBadRow::kRecord}, {"fail", OnBadRow::kFail}});
  f.add("mode", &PredictSettings::mode,
        "once: all files that are there; incremental: those that are new since the last time, then end; "
        "follow: these, and every new one as it comes, until SIGTERM or Ctrl-C.")
      .values({{"once", Mode::kOnce}, {"incremental", Mode::kIncremental}, {"follow", Mode::kFollow}});
  f.add("max_files", &PredictSettings::max_files, "Files that are scored before they are recorded as done.")
      .at_least(1)
      .unit("files");
  f.add("poll_seconds", &PredictSettings::poll_seconds, "How often follow looks for new files.")
      .range(0.1, 3600)
      .unit("s");
  f.add("precision", &PredictSettings::precision,
        "What the model computes in. Not set: as it was trained; a model of a Hugging Face folder in fp32.")
      .values({{"fp32", train::Precision::kFloat32},
               {"fp64", train::Precision::kFloat64},
               {"bf16", train::Precision::kBfloat16}});
  f.add("device", &PredictSettings::device, "Where to compute; auto: a GPU if there is one.")
      .one_of({"auto", "cpu", "cuda"});
  f.add("pipeline", &PredictSettings::pipeline,
        "Ranks that a model is cut over, for one that is larger than a device: each has about as many bytes "
        "of its weights.")
      .range(1, 4096)
      .unit("ranks");
  f.add("threads", &PredictSettings::threads,
        "Units of work that a rank is at together, each on one thread; not set: its share of the cores.")
      .range(1, 1024);
  f.add("batch", &PredictSettings::batch,
        "Rows that the model sees at once. Not set: as many as keep what lies between its layers within 64 "
        "MiB a thread; a TorchScript model or a compiled package: 256.")
      .range(1, 1 << 24)
      .unit("rows");
  f.add("batch_tokens", &PredictSettings::batch_tokens,
        "Tokens, with padding, that a model of texts sees at once; texts of similar length go together.")
      .range(1, 1 << 24)
      .unit("tokens");
  f.add("unit_mb", &PredictSettings::unit_mb,
        "Input of one unit of work: larger files are divided between blocks, smaller ones taken together.")
      .above(0)
      .unit("MB");
  f.add("log", &PredictSettings::log, "What is recorded on the way.");
  f.add("comm", &PredictSettings::comm, "How ranks talk to each other.");
  f.add("storage", &PredictSettings::storage, "How data are brought here.");
  f.check([](const PredictSettings& s, config::Checks& checks) {
    if (s.output.allow_other_model && s.mode == Mode::kOnce)
      checks.problem("output.allow_other_model", "has no effect with mode: once");
    if (s.generation && s.postprocess.as.value_or(PostprocessKind::kText) != PostprocessKind::kText)
      checks.problem("generation", "has no effect without postprocess.as: text");
    for (const auto& [name, columns] : s.inputs) data::check_distinct(columns, "inputs." + name, checks);
  });
}

std::string deciding_settings(const PredictSettings& settings) {
  PredictSettings deciding = settings;
  const PredictSettings defaults;
  deciding.model.path = defaults.model.path;  // its digest counts, not where it lies
  deciding.model.tokenizer = defaults.model.tokenizer;
  deciding.model.version = defaults.model.version;
  deciding.source.files = defaults.source.files;
  deciding.output.folder = defaults.output.folder;
  deciding.output.overwrite = defaults.output.overwrite;
  deciding.output.allow_other_model = defaults.output.allow_other_model;
  deciding.mode = defaults.mode;
  deciding.max_files = defaults.max_files;
  deciding.poll_seconds = defaults.poll_seconds;
  deciding.device = defaults.device;
  deciding.pipeline = defaults.pipeline;
  deciding.threads = defaults.threads;
  deciding.log = defaults.log;
  deciding.comm = defaults.comm;
  deciding.storage = defaults.storage;
  return config::to_yaml(deciding);
}

}  // namespace echelon::predict
