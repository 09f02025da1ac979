#include "bench/report.h"

#include <algorithm>

#include "common/format.h"
#include "plan/table.h"

namespace echelon::bench {
namespace {

using plan::bytes_text;
using plan::percent;
using plan::rate_text;
using plan::short_seconds;
using plan::Table;

std::string rates(const Subject& subject, double samples, double tokens, double bytes) {
  std::string text = str_format("{} {}/s", rate_text(samples), subject.samples);
  if (tokens > 0) text += str_format(", {} tokens/s", rate_text(tokens));
  return text + str_format(", {}/s read", human_bytes(bytes));
}

/// "opened in 1.20 s (read 0.3 s, tokenise 0.9 s), the first batch 20 ms later": of the slowest rank.
std::string start_line(const std::vector<RankMeasurement>& ranks) {
  const RankMeasurement& slowest = *std::ranges::max_element(
      ranks, {}, [](const RankMeasurement& rank) { return rank.opening_seconds + rank.first_batch_seconds; });
  std::vector<std::string> parts;
  for (size_t i = 0; i < kLoadStages; ++i) {
    const auto stage = static_cast<LoadStage>(i);
    if (slowest.opening.in(stage) > 0.1 * slowest.opening_seconds)
      parts.push_back(str_format("{} {}", stage_name(stage), short_seconds(slowest.opening.in(stage))));
  }
  return str_format("opened in {}{}, the first batch {} later", short_seconds(slowest.opening_seconds),
                    parts.empty() ? "" : str_format(" ({})", join(parts)),
                    short_seconds(slowest.first_batch_seconds));
}

std::string threads_line(const Measurement& total) {
  const int threads = total.threads / total.ranks;
  return str_format(
      "{} rank{} × {} thread{}, busy {}; the loop waits {} of its time; {:.2f} of {} core{} at work",
      total.ranks, total.ranks == 1 ? "" : "s", threads, threads == 1 ? "" : "s", percent(total.busy),
      percent(total.waited), total.cores_used, total.cores, total.cores == 1 ? "" : "s");
}

Table stage_table(const Measurement& total) {
  Table table{"stages: time of a sample, share of the threads' time", {"stage", "time", "share"}, {}, {0}};
  const double thread_seconds = total.seconds * std::max(total.threads, total.ranks);
  const auto samples = static_cast<double>(std::max<int64_t>(total.loading.samples, 1));
  for (const LoadStage stage : loading_stages()) {
    const double seconds = total.loading.in(stage);
    if (seconds == 0) continue;
    table.rows.push_back({std::string(stage_name(stage)), short_seconds(seconds / samples),
                          percent(seconds / thread_seconds)});
  }
  return table;
}

/// Few ranks are all shown, of many the slowest and the fastest.
std::vector<RankMeasurement> shown(std::vector<RankMeasurement> ranks) {
  constexpr size_t kShown = 16;
  if (ranks.size() <= kShown) return ranks;
  std::ranges::sort(ranks, {}, [](const RankMeasurement& rank) {
    return static_cast<double>(rank.samples) / rank.seconds;
  });
  ranks.erase(ranks.begin() + kShown / 2, ranks.end() - kShown / 2);
  return ranks;
}

Table rank_table(const Subject& subject, const std::vector<RankMeasurement>& ranks) {
  Table table{"ranks: memory resident at the end, its peak, and what of it is no file's",
              {"rank", subject.samples + "/s", "read/s", "batches", "first batch", "busy", "waits", "memory",
               "peak", "own"},
              {},
              {}};
  for (const RankMeasurement& rank : shown(ranks)) {
    table.rows.push_back(
        {std::to_string(rank.rank), rate_text(static_cast<double>(rank.samples) / rank.seconds),
         human_bytes(static_cast<double>(rank.loading.bytes) / rank.seconds), std::to_string(rank.batches),
         short_seconds(rank.opening_seconds + rank.first_batch_seconds),
         percent(rank.busy_seconds() / rank.thread_seconds()),
         percent(rank.loading.in(LoadStage::kWait) / rank.seconds), bytes_text(rank.memory.resident),
         bytes_text(rank.memory.peak), bytes_text(rank.memory.own)});
  }
  return table;
}

}  // namespace

std::string to_text(const Subject& subject, const std::vector<RankMeasurement>& ranks) {
  const Measurement total = sum(ranks);
  std::string text = str_format("echelon bench data {}\n", subject.name);
  const auto line = [&text](std::string_view key, const std::string& value) {
    text += str_format("  {:<9}{}\n", key, value);
  };
  line("start", start_line(ranks));
  line("rate", rates(subject, total.samples_per_second, total.tokens_per_second, total.bytes_per_second) +
                   str_format(", in {}", short_seconds(total.seconds)));
  line("threads", threads_line(total));
  text += "\n" + plan::to_text(stage_table(total));
  text += "\n" + plan::to_text(rank_table(subject, ranks)) + "\n";
  line("limit", subject.limit);
  text.pop_back();
  return text;
}

}  // namespace echelon::bench
