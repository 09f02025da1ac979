#include "train/settings.h"

#include "common/error.h"
#include "common/format.h"
#include "config/fields.h"
#include "parallel/nearest.h"

namespace echelon::train {
namespace {

void check_length(const TrainSettings& s, config::Checks& checks) {
  if (s.steps && s.epochs) checks.problem("epochs", "contradicts steps; give one of them");
  if (!s.steps && !s.epochs)
    checks.problem("steps", "is needed to know the length of the run; give steps or epochs");
}

void check_batch(const TrainSettings& s, config::Checks& checks) {
  if (s.micro_batch && s.global_batch % *s.micro_batch != 0) {
    checks.problem("micro_batch",
                   str_format("does not divide global_batch {}; use {}", s.global_batch,
                              join_or(parallel::nearest_divisors(s.global_batch, *s.micro_batch))));
  }
}

void check_images(const models::ModelInterface& model, const data::ImageSettings& images,
                  config::Checks& checks) {
  if (model.task != models::Task::kClassification) {
    checks.problem("data.name", "images do not fit the model, which reads tokens; use text");
    return;
  }
  const std::vector<int64_t> shape = {images.channels, images.size, images.size};
  if (model.input_shape == shape) return;
  checks.problem("data.size",
                 str_format("gives images of [{}], while the model reads [{}] (channels, height, width)",
                            join(shape), join(model.input_shape)));
}

void check_objective(const TrainSettings& s, config::Checks& checks) {
  const auto* text = std::get_if<data::TextSettings>(&s.data);
  if (text == nullptr) return;
  const auto* pairs = std::get_if<data::Seq2SeqSettings>(&text->objective);
  const auto* reader = std::get_if<models::EncoderDecoderSettings>(&s.model);
  if ((pairs == nullptr) != (reader == nullptr)) {
    checks.problem("data.objective", pairs != nullptr ? "seq2seq needs model: encoder_decoder"
                                                      : "must be seq2seq for model: encoder_decoder");
  } else if (pairs != nullptr && pairs->source_length > reader->context) {
    checks.problem("data.objective.seq2seq.source_length",
                   str_format("is longer than the model's context of {}", reader->context));
  }
  const auto* gpt = std::get_if<models::GptSettings>(&s.model);
  if (gpt == nullptr) return;
  const bool masked = std::holds_alternative<data::MaskedSettings>(text->objective);
  if (masked && gpt->causal)
    checks.problem("model.causal",
                   "must be false for data.objective: masked, which reads on both sides of a token");
  if (!masked && pairs == nullptr && !gpt->causal)
    checks.problem("model.causal",
                   "must be true for data.objective: causal, or a token sees what it is to predict");
  if (text->packing != data::Packing::kBuckets) return;
  const char* one = "must be 1 for data.packing: buckets, each sample of which is a micro-batch";
  if (s.micro_batch != 1) checks.problem("micro_batch", one);
  if (s.evaluate.batch.value_or(1) != 1) checks.problem("evaluate.batch", one);
}

void check_mixing(const TrainSettings& s, config::Checks& checks) {
  const auto* images = std::get_if<data::ImageSettings>(&s.data);
  if (images != nullptr && images->augment.mixes() && s.global_batch < 2) {
    checks.problem("global_batch",
                   "must be at least 2: data.augment mixes each sample with another of the global batch");
  }
}

void check_decode(const TrainSettings& s, config::Checks& checks) {
  const auto* images = std::get_if<data::ImageSettings>(&s.data);
  if (images != nullptr && images->decode == data::Decode::kGpu && s.device == "cpu")
    checks.problem("data.decode", "gpu contradicts device: cpu");
}

void check_text(const models::ModelInterface& model, const data::TextSettings& text, config::Checks& checks) {
  if (model.task != models::Task::kLanguageModelling) {
    checks.problem("data.name", "text does not fit the model, which reads images; use images");
  } else if (text.sequence_length > model.input_shape.front()) {
    checks.problem("data.sequence_length",
                   str_format("is longer than the model's context of {}", model.input_shape.front()));
  }
}

void check_table(const TrainSettings& s, config::Checks& checks) {
  if (!std::holds_alternative<models::MlpSettings>(s.model)) {
    checks.problem("data.name",
                   str_format("table does not fit the model {}; use mlp", models::family_of(s.model)));
    return;
  }
  for (const char* key : {"model.input", "model.classes"}) {
    if (checks.is_set(key)) checks.problem(key, "has no effect: the table says what it is");
  }
}

void check_loss(const TrainSettings& s, config::Checks& checks) {
  const bool number = learns_number(s.data);
  if (s.loss.kind && number == (*s.loss.kind == Loss::kCrossEntropy)) {
    checks.problem("loss", number ? "is for classes, while the target is a number; use mse or huber"
                                  : "is for targets that are numbers; use cross_entropy");
  }
  if (number && s.label_smoothing != 0)
    checks.problem("label_smoothing", "has no effect: the target is a number");
  const std::string& metric = s.checkpoint.best_by;
  if (metric != "loss" && number == (metric == "accuracy"))
    checks.problem("checkpoint.best_by", str_format("is no metric of {}", number ? "numbers" : "classes"));
}

void check_data_fits_model(const TrainSettings& s, config::Checks& checks) {
  models::ModelInterface model;
  try {
    model = models::interface_of(s.model);
  } catch (const ConfigError& error) {
    checks.problem("model", error.what());
    return;
  }
  if (std::holds_alternative<data::TableSettings>(s.data)) return check_table(s, checks);
  if (checks.is_set("model.embedding"))
    checks.problem("model.embedding", "has no effect: only tables have categories");
  if (const auto* images = std::get_if<data::ImageSettings>(&s.data)) check_images(model, *images, checks);
  if (const auto* text = std::get_if<data::TextSettings>(&s.data)) check_text(model, *text, checks);
}

}  // namespace

bool learns_number(const data::DataSettings& data) {
  const auto* table = std::get_if<data::TableSettings>(&data);
  return table != nullptr && table->target.kind == table::TargetKind::kNumber;
}

void describe(config::Fields<LossSettings>& f) {
  f.about(
      "What training makes small, a mean over the targets. `loss: huber` stands for `loss: {name: huber}`.");
  f.add(
       "name", &LossSettings::kind,
       "cross_entropy: of classes and tokens; mse: the squared error of a number; huber: half of it up to an "
       "error of delta, linear beyond (Huber 1964). Not set: cross_entropy, for numbers mse.")
      .values({{"cross_entropy", Loss::kCrossEntropy}, {"mse", Loss::kSquaredError}, {"huber", Loss::kHuber}})
      .direct();
  f.add("delta", &LossSettings::delta, "Of huber: the error from which on it is linear.").above(0);
  f.check([](const LossSettings& s, config::Checks& checks) {
    if (s.kind != Loss::kHuber && checks.is_set("delta"))
      checks.problem("delta", "has no effect unless name is huber");
  });
}

void describe(config::Fields<EvaluateSettings>& f) {
  f.about("When the test data is scored during training. It always is at the end.");
  f.add("every_steps", &EvaluateSettings::every_steps, "Every so many steps.").unit("steps").at_least(1);
  f.add("every_epochs", &EvaluateSettings::every_epochs, "Every so many epochs.").unit("epochs").at_least(1);
  f.add("batch", &EvaluateSettings::batch,
        "Samples of one forward pass on a rank; not set: the training micro-batch.")
      .unit("samples")
      .at_least(1);
}

void describe(config::Fields<CheckpointSettings>& f) {
  f.about(
      "Checkpoints, and continuing from them. One is always written at the end and on SIGTERM, SIGINT and "
      "SIGUSR1.");
  f.add("every_steps", &CheckpointSettings::every_steps, "Write one every so many steps.")
      .unit("steps")
      .at_least(1);
  f.add("every_minutes", &CheckpointSettings::every_minutes,
        "Write one when so much time has passed; 0: never.")
      .unit("minutes")
      .at_least(0);
  f.add("keep", &CheckpointSettings::keep, "How many of the newest to keep.").at_least(1);
  f.add("keep_best", &CheckpointSettings::keep_best, "How many of the best by `best_by` to keep besides.")
      .at_least(0);
  f.add("best_by", &CheckpointSettings::best_by,
        "The test metric that tells which checkpoint is best: loss; of classes and tokens accuracy; of "
        "numbers "
        "rmse, mae or r2.")
      .one_of({"loss", "accuracy", "rmse", "mae", "r2"});
  f.add("resume", &CheckpointSettings::resume,
        "auto: go on from the newest intact checkpoint of this run, if there is one. never: start a new run "
        "beside it. "
        "Else the path of a checkpoint.");
}

void describe(config::Fields<LogSettings>& f) {
  f.about("What is recorded on the way.");
  f.add("every_steps", &LogSettings::every_steps,
        "A line, and a record in metrics.jsonl, every so many steps.")
      .unit("steps")
      .at_least(1);
  f.add("tensorboard", &LogSettings::tensorboard, "Write a TensorBoard event file too.");
}

void describe(config::Fields<TraceSettings>& f) {
  f.about(
      "A record of what each rank did when, in trace.json of the run's folder, for ui.perfetto.dev or "
      "chrome://tracing. `trace: true` takes the defaults.");
  f.add("enabled", &TraceSettings::enabled, "Write one.").direct();
  f.add("first_step", &TraceSettings::first_step, "The first step that is recorded, counted from 1.")
      .at_least(1);
  f.add("steps", &TraceSettings::steps, "How many steps are recorded.").at_least(1).at_most(1000);
}

void describe(config::Fields<TrainSettings>& f) {
  f.about("A training run.");
  f.add("name", &TrainSettings::name, "Name of the run; not set: the name of the configuration file.");
  f.add("output", &TrainSettings::output,
        "Folder that receives a folder a run, relative to the working directory.");
  f.add("seed", &TrainSettings::seed, "Everything random derives from it.").at_least(0);
  f.add("device", &TrainSettings::device, "Where to compute; auto: a GPU if there is one.")
      .one_of({"auto", "cpu", "cuda"});
  f.add("precision", &TrainSettings::precision,
        "Number format of the computation. bf16 keeps parameters and optimizer state in float32.")
      .values({{"fp32", Precision::kFloat32}, {"bf16", Precision::kBfloat16}, {"fp64", Precision::kFloat64}});
  f.add("threads", &TrainSettings::threads,
        "Compute threads a rank; not set: the cores it may run on, divided by the ranks that may run there "
        "too; "
        "at most its share of a container's CPU limit.")
      .at_least(1)
      .at_most(1024);
  f.add("model", &TrainSettings::model, "The model.").required();
  f.add("data", &TrainSettings::data, "Training and test data.").required();
  f.add("global_batch", &TrainSettings::global_batch,
        "Samples of one optimizer step over all ranks. The result does not depend on the number of ranks.")
      .unit("samples")
      .at_least(1);
  f.add("micro_batch", &TrainSettings::micro_batch,
        "Samples of one forward and backward pass; not set: a rank's whole part of the global batch.")
      .unit("samples")
      .at_least(1);
  f.add("steps", &TrainSettings::steps, "Length of the run in optimizer steps.").unit("steps").at_least(1);
  f.add("epochs", &TrainSettings::epochs, "Length of the run in passes over the training data.")
      .unit("epochs")
      .at_least(1);
  f.add("loss", &TrainSettings::loss, "What training makes small.");
  f.add("label_smoothing", &TrainSettings::label_smoothing,
        "Share of the target probability that is spread over all classes (Szegedy et al. 2015).")
      .at_least(0)
      .below(1);
  f.add("optimizer", &TrainSettings::optimizer, "Optimizer and learning-rate schedule.");
  f.add("ema_decay", &TrainSettings::ema_decay,
        "Keep an exponential moving average of the weights with this decay and evaluate that; not set: no "
        "average.")
      .above(0)
      .below(1);
  f.add("on_nan", &TrainSettings::on_nan,
        "What to do when a loss or gradient is not finite: stop, or skip the step. Both name the first layer "
        "at fault.")
      .values({{"stop", OnNotFinite::kStop}, {"skip", OnNotFinite::kSkip}});
  f.add("evaluate", &TrainSettings::evaluate, "When to score the test data.");
  f.add("checkpoint", &TrainSettings::checkpoint, "Checkpoints.");
  f.add("log", &TrainSettings::log, "Log lines and records.");
  f.add("trace", &TrainSettings::trace, "A record of some steps in time.");
  f.add("parallel", &TrainSettings::parallel, "How the model and the batch are spread over the ranks.");
  f.add("hardware", &TrainSettings::hardware, "What the job would run on, for `echelon plan`.");
  f.add("comm", &TrainSettings::comm, "Communication among the ranks.");
  f.add("storage", &TrainSettings::storage, "Data in object stores and compressed files.");
  f.check({"steps", "epochs"}, check_length);
  f.check({"global_batch", "micro_batch"}, check_batch);
  f.check({"model", "data"}, check_data_fits_model);
  f.check({"data", "loss", "label_smoothing", "checkpoint"}, check_loss);
  f.check({"global_batch", "data"}, check_mixing);
  f.check({"device", "data"}, check_decode);
  f.check({"model", "data", "micro_batch", "evaluate"}, check_objective);
}

}  // namespace echelon::train
