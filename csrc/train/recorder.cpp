#include "train/recorder.h"

#include "common/log.h"

namespace echelon::train {

Recorder::Recorder(const LogSettings& settings, const fs::path& run_directory, int64_t first_step,
                   int64_t total_steps, StepSize step_size)
    : settings_(settings),
      total_steps_(total_steps),
      step_size_(step_size),
      metrics_(run_directory / "metrics.jsonl", first_step) {
  if (settings.tensorboard) events_ = std::make_unique<EventFile>(run_directory, first_step);
  interval_start_.step = first_step;
}

void Recorder::step(const StepFacts& facts) {
  loss_sum_ += facts.loss;
  const StepRecord record = make_record(facts);
  const bool due = facts.step % settings_.every_steps == 0 || facts.step == total_steps_ || facts.step == 1;
  if (due) {
    progress_.line(record);
    metrics_.write("step", facts.step, scalars_of(record));
    if (events_) events_->scalars(facts.step, "train", scalars_of(record));
    start_interval(facts);
  }
  progress_.step(facts.step, total_steps_, facts.loss, record.seconds_left);
}

StepRecord Recorder::make_record(const StepFacts& facts) const {
  const auto steps = static_cast<double>(facts.step - interval_start_.step);
  const double seconds = interval_.seconds() - seconds_paused_;
  const double waited_for_data = facts.seconds_waited_for_data - interval_start_.seconds_waited_for_data;
  const double waited_for_comm = facts.seconds_waited_for_comm - interval_start_.seconds_waited_for_comm;
  StepRecord record{.step = facts.step,
                    .total_steps = total_steps_,
                    .epoch = facts.epoch,
                    .source_epochs = facts.source_epochs,
                    .loss = loss_sum_ / steps,
                    .learning_rate = facts.learning_rate,
                    .gradient_norm = facts.gradient_norm,
                    .seconds_per_step = seconds / steps,
                    .samples_per_second = steps * static_cast<double>(step_size_.samples) / seconds,
                    .data_share = waited_for_data / seconds,
                    .comm_share = waited_for_comm / seconds,
                    .seconds_left = seconds / steps * static_cast<double>(total_steps_ - facts.step)};
  if (step_size_.tokens > 0)
    record.tokens_per_second = steps * static_cast<double>(step_size_.tokens) / seconds;
  return record;
}

void Recorder::start_interval(const StepFacts& facts) {
  interval_start_ = facts;
  loss_sum_ = 0;
  seconds_paused_ = 0;
  interval_.restart();
}

void Recorder::evaluation(int64_t step, const Metrics& metrics) {
  const Scalars scalars(metrics.begin(), metrics.end());
  log::write_info(render_evaluation(step, total_steps_, scalars));
  metrics_.write("evaluation", step, scalars);
  if (events_) events_->scalars(step, "test", scalars);
}

}  // namespace echelon::train
