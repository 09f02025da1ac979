#include "train/record/step_record.h"

#include "common/format.h"

namespace echelon::train {
namespace {

/// Right-aligned to the width of the total, so that lines stand in columns.
std::string render_step(int64_t step, int64_t total_steps) {
  const std::string total = str_format("{}", total_steps);
  return str_format("step {:>{}}/{}", step, total.size(), total);
}

std::string render_throughput(const StepRecord& record) {
  return record.tokens_per_second ? str_format("{} tokens/s", human_count(*record.tokens_per_second))
                                  : str_format("{} samples/s", human_count(record.samples_per_second));
}

/// "1.60", or for a mixture "1.60 (code 0.41, web 2.79)".
std::string render_epoch(const StepRecord& record) {
  std::vector<std::string> sources;
  for (const auto& [source, epochs] : record.source_epochs)
    sources.push_back(str_format("{} {:.2f}", source, epochs));
  return str_format("{:.2f}{}", record.epoch, sources.empty() ? "" : str_format(" ({})", join(sources)));
}

/// Steps of small models take less than a millisecond, and a change of some percent should show.
std::string render_step_time(double seconds) {
  return seconds < 1 ? str_format("{:.3g} ms", seconds * 1e3) : human_seconds(seconds);
}

}  // namespace

Scalars scalars_of(const StepRecord& record) {
  Scalars scalars{{"epoch", record.epoch}, {"loss", record.loss}, {"lr", record.learning_rate}};
  for (const auto& [source, epochs] : record.source_epochs) scalars.emplace_back("epoch/" + source, epochs);
  if (record.gradient_norm) scalars.emplace_back("grad_norm", *record.gradient_norm);
  scalars.emplace_back("seconds_per_step", record.seconds_per_step);
  scalars.emplace_back("samples_per_second", record.samples_per_second);
  if (record.tokens_per_second) scalars.emplace_back("tokens_per_second", *record.tokens_per_second);
  scalars.emplace_back("data_share", record.data_share);
  scalars.emplace_back("comm_share", record.comm_share);
  return scalars;
}

std::string render_line(const StepRecord& record) {
  const std::string norm = record.gradient_norm ? str_format("  grad {:<7.3g}", *record.gradient_norm) : "";
  return str_format(
      "{}  epoch {}  loss {:.4f}  lr {:.2e}{}  {}/step  {}  data {:.0f}%  comm {:.0f}%  left {}",
      render_step(record.step, record.total_steps), render_epoch(record), record.loss, record.learning_rate,
      norm, render_step_time(record.seconds_per_step), render_throughput(record), 100 * record.data_share,
      100 * record.comm_share, human_seconds(record.seconds_left));
}

std::string render_evaluation(int64_t step, int64_t total_steps, const Scalars& metrics) {
  std::string text = render_step(step, total_steps) + "  evaluation";
  for (const auto& [name, value] : metrics) text += str_format("  {} {:.4f}", name, value);
  return text;
}

}  // namespace echelon::train
