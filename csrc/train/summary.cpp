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

std::string data_line(const TrainSettings& settings, Job& job) {
  const int64_t test = job.test_data() ? job.test_data()->size() : 0;
  return str_format("{} training and {} test samples, seed {}", job.train_data()->size(), test,
                    settings.seed);
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
  const auto parameters = static_cast<double>(job.model().parameter_count());
  std::string text = str_format("echelon train {}\n", name);
  const auto line = [&text](std::string_view key, const std::string& value) {
    text += str_format("  {:<11}{}\n", key, value);
  };
  line("ranks", ranks_line(settings, ranks));
  line("model", str_format("{}, {} parameters in {} layers", job.model().spec().family,
                           human_count(parameters), job.model().spec().layers.size()));
  line("batch", job.plan().describe(ranks.host().size()));
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
