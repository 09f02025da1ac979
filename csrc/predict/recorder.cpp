#include "predict/recorder.h"

#include <algorithm>
#include <cmath>

#include "common/format.h"

namespace echelon::predict {
namespace {

constexpr double kMicrosecond = 1e-6;

struct StageShare {
  std::string_view stage;
  double share = 0;
};

/// Of the time in which threads were at work, the largest first.
std::vector<StageShare> shares_of(const StageTotals& totals) {
  double sum = 0;
  std::vector<StageShare> shares;
  for (size_t i = 0; i < kLoadStages; ++i) {
    const auto stage = static_cast<LoadStage>(i);
    if (stage == LoadStage::kIdle || stage == LoadStage::kWait || totals.in(stage) <= 0) continue;
    sum += totals.in(stage);
    shares.push_back({stage_name(stage), totals.in(stage)});
  }
  for (StageShare& share : shares) share.share /= sum;
  std::ranges::stable_sort(shares, std::greater(), &StageShare::share);
  return shares;
}

void add_shares(const StageTotals& totals, train::Scalars& values) {
  for (const auto& [stage, share] : shares_of(totals))
    values.emplace_back(str_format("{}_share", stage), share);
}

}  // namespace

std::vector<int64_t> measures_of(const StageTotals& totals) {
  std::vector<int64_t> measures;
  for (const double seconds : totals.seconds) measures.push_back(std::llround(seconds / kMicrosecond));
  measures.push_back(totals.bytes);
  return measures;
}

StageTotals totals_of(const std::vector<int64_t>& measures) {
  StageTotals totals;
  for (size_t i = 0; i < kLoadStages; ++i)
    totals.seconds[i] = static_cast<double>(measures.at(i)) * kMicrosecond;
  totals.bytes = measures.at(kLoadStages);
  return totals;
}

std::string render_stages(const StageTotals& totals) {
  std::vector<std::string> parts;
  for (const auto& [stage, share] : shares_of(totals))
    if (share >= 0.01) parts.push_back(str_format("{} {:.0f} %", stage, 100 * share));
  return join(parts);
}

Recorder::Recorder(const LogSettings& settings, const fs::path& folder, int64_t rows_before)
    : settings_(settings), rows_before_(rows_before), metrics_(folder / "metrics.jsonl", rows_before) {
  if (settings.tensorboard) events_ = std::make_unique<train::EventFile>(folder, rows_before);
}

void Recorder::write(std::string_view kind, int64_t rows, const train::Scalars& values) {
  metrics_.write(kind, rows, values);
  if (events_) events_->scalars(rows, kind, values);
}

void Recorder::progress(const work::UnitProgress& all) {
  if (since_record_.seconds() < settings_.every_seconds) return;
  since_record_.restart();
  train::Scalars values{{"units", static_cast<double>(all.done)},
                        {"units_in_all", static_cast<double>(all.units)},
                        {"rows_per_second", all.shown_per_second()},
                        {"seconds_left", all.seconds_left()}};
  add_shares(totals_of(all.measures), values);
  write("progress", rows_before_ + all.shown, values);
}

void Recorder::batch(const BatchRecord& record, double seconds, const StageTotals& totals) {
  const int64_t rows = record.counts.at("rows");
  rows_before_ += rows;
  since_record_.restart();
  train::Scalars values{{"batch", static_cast<double>(record.number)},
                        {"files", static_cast<double>(record.inputs.size())},
                        {"rows", static_cast<double>(rows)},
                        {"errors", static_cast<double>(record.counts.at("errors"))},
                        {"seconds", seconds},
                        {"rows_per_second", static_cast<double>(rows) / std::max(seconds, 1e-3)},
                        {"bytes_read", static_cast<double>(totals.bytes)}};
  add_shares(totals, values);
  write("batch", rows_before_, values);
}

}  // namespace echelon::predict
