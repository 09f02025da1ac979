#include "train/summary.h"

#include "common/processor.h"

namespace echelon::train {
namespace {

/// So that nobody wonders where the other cores are.
std::string binding_text() {
  const size_t allowed = allowed_processors().size(), online = static_cast<size_t>(online_processors());
  return allowed < online ? str_format(" (bound to {} of {} processors)", allowed, online) : "";
}

std::string ranks_line(const TrainSettings& settings, Ranks& ranks) {
  const Launch& launch = ranks.launch();
  const std::string device =
      ranks.choice().is_cuda()
          ? str_format("GPU {} a rank", ranks.choice().module->describe(ranks.choice().index).name)
          : str_format("CPU, {} thread{} a rank{}", ranks.threads(), ranks.threads() == 1 ? "" : "s",
                       binding_text());
  return str_format("{} × {}, {}{}", launch.world_size, device, precision_name(settings.precision),
                    launch.launched_by.empty() ? "" : str_format(", started by {}", launch.launched_by));
}

std::string model_line(Job& job) {
  const nn::ModelSpec& spec = job.model().spec();
  return str_format("{}, {} parameters in {} layers", spec.family,
                    human_count(static_cast<double>(nn::without_memory(spec).parameter_count())),
                    spec.layers.size());
}

/// "2 ranks × 2 replicas, 1f1b; stages start at embedding, block.5".
std::string pipeline_line(Ranks& ranks, Job& job) {
  const parallel::PipelineLayout& layout = job.layout();
  std::vector<std::string> starts;
  for (const size_t layer : layout.first_layers) starts.push_back(job.model().spec().layers[layer].name);
  const int replicas = ranks.grid().replicas;
  return str_format("{} ranks{}, {}; stages start at {}", ranks.grid().pipeline,
                    replicas == 1 ? "" : str_format(" × {} replicas", replicas), layout.schedule.name,
                    join(starts));
}

/// ", mixed of 70 % web (1200 samples) and …"; empty where nothing is mixed.
std::string mixture_text(const data::Dataset& dataset) {
  double sum = 0;
  for (const data::WeightedSource& source : dataset.sources()) sum += source.weight;
  std::vector<std::string> parts;
  for (const data::WeightedSource& source : dataset.sources())
    parts.push_back(str_format("{:.3g} % {} ({})", 100 * source.weight / sum, source.name, source.samples));
  return parts.empty() ? "" : ", mixed of " + join(parts);
}

/// ", 3 numbers and 2 categories each"; empty where the data are no tables.
std::string columns_text(const data::Tables* tables) {
  if (tables == nullptr) return "";
  const table::FeatureEncoder& encoder = tables->encoder();
  const std::string target =
      encoder.has_classes() ? str_format("{} classes", encoder.classes()) : std::string("a number");
  return str_format(", {} numbers and {} categories to {}", encoder.numbers(), encoder.categories().size(),
                    target);
}

std::string data_line(const TrainSettings& settings, Job& job) {
  const int64_t test = job.test_data() ? job.test_data()->size() : 0;
  return str_format("{} training and {} test samples{}{}, seed {}", job.train_data()->size(), test,
                    columns_text(job.tables()), mixture_text(*job.train_data()), settings.seed);
}

std::string length_line(const Trainer& trainer) {
  const auto total = trainer.total_steps();
  return str_format("{} steps, {:.2f} epochs of {} steps", total,
                    static_cast<double>(total) / static_cast<double>(trainer.steps_per_epoch()),
                    trainer.steps_per_epoch());
}

std::string optimizer_line(const optim::OptimizerSettings& optimizer) {
  return str_format("{}, learning rate {:g} {}, weight decay {:g}{}", optimizer.name, optimizer.lr,
                    optimizer.schedule.name, optimizer.weight_decay,
                    optimizer.clip_norm ? str_format(", norm clipped to {:g}", *optimizer.clip_norm) : "");
}

}  // namespace

std::string summarise(const TrainSettings& settings, const std::string& name, Ranks& ranks, Job& job,
                      const Trainer& trainer, const fs::path& run_directory) {
  std::string text = str_format("echelon train {}\n", name);
  const auto line = [&text](std::string_view key, const std::string& value) {
    text += str_format("  {:<11}{}\n", key, value);
  };
  line("ranks", ranks_line(settings, ranks));
  line("model", model_line(job));
  if (ranks.grid().pipeline > 1) line("pipeline", pipeline_line(ranks, job));
  line("batch", job.plan().describe(ranks.grid()));
  line("optimizer", optimizer_line(settings.optimizer));
  line("data", data_line(settings, job));
  line("length", length_line(trainer));
  line("output", run_directory.string());
  if (!trainer.resumed_from().empty()) {
    line("continues", str_format("step {} of {}", trainer.step(), trainer.resumed_from().string()));
  }
  text.pop_back();
  return text;
}

}  // namespace echelon::train
