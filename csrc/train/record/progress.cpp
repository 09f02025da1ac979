#include "train/record/progress.h"

#include <algorithm>

#include "common/format.h"
#include "common/log.h"

namespace echelon::train {
namespace {

double share_done(int64_t step, int64_t total_steps) {
  return total_steps > 0 ? std::clamp(static_cast<double>(step) / static_cast<double>(total_steps), 0.0, 1.0)
                         : 1;
}

}  // namespace

std::string bar_facts(int64_t step, int64_t total_steps, double loss, double seconds_left) {
  return str_format("{:3.0f}%  step {}/{}  loss {:.4f}  left {}", 100 * share_done(step, total_steps), step,
                    total_steps, loss, human_seconds(seconds_left));
}

void Progress::line(const StepRecord& record) {
  log::write_info(render_line(record));
}

void Progress::step(int64_t step, int64_t total_steps, double loss, double seconds_left) {
  if (bar_.due())
    bar_.show(share_done(step, total_steps), bar_facts(step, total_steps, loss, seconds_left));
}

}  // namespace echelon::train
