#include "bench/measurement.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace echelon {

using nlohmann::json;

static void to_json(json& out, const StageTotals& totals) {
  out = {{"bytes", totals.bytes}, {"samples", totals.samples}};
  for (size_t i = 0; i < kLoadStages; ++i)
    out["seconds"][std::string(stage_name(static_cast<LoadStage>(i)))] = totals.seconds[i];
}

static void from_json(const json& in, StageTotals& totals) {
  in.at("bytes").get_to(totals.bytes);
  in.at("samples").get_to(totals.samples);
  for (size_t i = 0; i < kLoadStages; ++i)
    in.at("seconds").at(std::string(stage_name(static_cast<LoadStage>(i)))).get_to(totals.seconds[i]);
}

namespace bench {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemoryUse, resident, peak, own)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RankMeasurement, rank, threads, cores, opening_seconds,
                                   first_batch_seconds, opening, seconds, batches, samples, tokens, loading,
                                   processor_seconds, before_opening, memory)

namespace {

json as_json(const Measurement& total) {
  return {{"ranks", total.ranks},
          {"threads", total.threads},
          {"cores", total.cores},
          {"seconds", total.seconds},
          {"batches", total.batches},
          {"samples", total.samples},
          {"tokens", total.tokens},
          {"loading", total.loading},
          {"samples_per_second", total.samples_per_second},
          {"tokens_per_second", total.tokens_per_second},
          {"bytes_per_second", total.bytes_per_second},
          {"busy", total.busy},
          {"waited", total.waited},
          {"cores_used", total.cores_used}};
}

void add(StageTotals& sum, const StageTotals& totals) {
  for (size_t i = 0; i < kLoadStages; ++i) sum.seconds[i] += totals.seconds[i];
  sum.bytes += totals.bytes;
  sum.samples += totals.samples;
}

}  // namespace

const std::vector<LoadStage>& loading_stages() {
  static const std::vector<LoadStage> stages{LoadStage::kRead,   LoadStage::kDecode,  LoadStage::kTransform,
                                             LoadStage::kFields, LoadStage::kConvert, LoadStage::kAssemble,
                                             LoadStage::kMix,    LoadStage::kCopy};
  return stages;
}

double RankMeasurement::busy_seconds() const {
  double sum = 0;
  for (const LoadStage stage : loading_stages()) sum += loading.in(stage);
  return sum;
}

Measurement sum(const std::vector<RankMeasurement>& ranks) {
  Measurement total{.ranks = static_cast<int>(ranks.size())};
  double busy = 0, thread_seconds = 0, rank_seconds = 0, processor_seconds = 0;
  for (const RankMeasurement& rank : ranks) {
    total.threads += rank.threads;
    total.cores += rank.cores;
    total.seconds = std::max(total.seconds, rank.seconds);
    total.batches += rank.batches;
    total.samples += rank.samples;
    total.tokens += rank.tokens;
    add(total.loading, rank.loading);
    busy += rank.busy_seconds();
    thread_seconds += rank.thread_seconds();
    rank_seconds += rank.seconds;
    processor_seconds += rank.processor_seconds;
  }
  if (rank_seconds == 0) return total;
  total.samples_per_second = static_cast<double>(total.samples) / total.seconds;
  total.tokens_per_second = static_cast<double>(total.tokens) / total.seconds;
  total.bytes_per_second = static_cast<double>(total.loading.bytes) / total.seconds;
  total.busy = busy / thread_seconds;
  total.waited = total.loading.in(LoadStage::kWait) / rank_seconds;
  total.cores_used = processor_seconds / total.seconds;
  return total;
}

std::string to_json(const RankMeasurement& measurement) {
  return json(measurement).dump();
}

RankMeasurement parse_measurement(const std::string& text) {
  return json::parse(text).get<RankMeasurement>();
}

std::string to_json(const Subject& subject, const std::vector<RankMeasurement>& ranks) {
  const json file{{"name", subject.name},
                  {"samples", subject.samples},
                  {"limit", subject.limit},
                  {"total", as_json(sum(ranks))},
                  {"ranks", ranks}};
  return file.dump(2) + "\n";
}

}  // namespace bench
}  // namespace echelon
