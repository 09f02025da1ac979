#include "bench/bench_data.h"

#include "bench/limits.h"
#include "bench/report.h"
#include "comm/text_exchange.h"
#include "common/file.h"
#include "common/log.h"

namespace echelon::bench {
namespace {

std::string name_of_samples(const data::DataSettings& settings) {
  if (std::holds_alternative<data::ImageSettings>(settings)) return "images";
  const auto* text = std::get_if<data::TextSettings>(&settings);
  if (text == nullptr) return "rows";
  return text->packing == data::Packing::kBuckets ? "buckets" : "sequences";
}

/// Of those that load, in rank order. Collective.
std::vector<RankMeasurement> gather(const std::optional<RankMeasurement>& own, Communicator& comm) {
  std::vector<RankMeasurement> all;
  for (const std::string& text : gather_texts(comm, own ? to_json(*own) : "", "what was measured")) {
    if (!text.empty()) all.push_back(parse_measurement(text));
  }
  return all;
}

ExitCode bench_on(const train::TrainSettings& settings, const BenchRequest& request, train::Ranks& ranks) {
  const std::vector<RankMeasurement> measured = gather(measure(settings, ranks, request.until), ranks.host());
  if (ranks.host().rank() != 0) return ExitCode::kOk;
  const Subject subject{.name = request.name,
                        .samples = name_of_samples(settings.data),
                        .limit = describe_limit(sum(measured), data::loading_settings(settings.data))};
  log::write_info(to_text(subject, measured));
  if (!request.json.empty()) write_file_atomically(request.json, to_json(subject, measured));
  return ExitCode::kOk;
}

}  // namespace

ExitCode bench_data(const train::TrainSettings& settings, const BenchRequest& request,
                    const ProcessEnvironment& environment) {
  train::Ranks ranks(settings, environment);
  return train::guarded(ranks, [&] { return bench_on(settings, request, ranks); });
}

}  // namespace echelon::bench
