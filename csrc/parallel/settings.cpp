#include "parallel/settings.h"

#include <algorithm>
#include <array>

#include "common/format.h"
#include "config/fields.h"

namespace echelon::parallel {
namespace {

// A list that is one of these words alone, or names; each at most once.
void check_names(const std::vector<std::string>& list, const std::string& key,
                 std::initializer_list<std::string_view> words, config::Checks& checks) {
  for (auto item = list.begin(); item != list.end(); ++item) {
    const std::string place = str_format("{}.{}", key, item - list.begin());
    if (item->empty()) checks.problem(place, "is empty; write the name of a layer");
    if (std::find(list.begin(), item, *item) != item)
      checks.problem(place, str_format("names '{}' a second time", *item));
    if (list.size() > 1 && std::find(words.begin(), words.end(), *item) != words.end())
      checks.problem(place, str_format("'{}' stands alone or not at all; remove it or the rest", *item));
  }
}

}  // namespace

std::string schedule_name(const ScheduleSettings& schedule) {
  constexpr std::array kNames = {"auto", "gpipe", "1f1b", "interleaved", "zb_h1", "zb_v", "file"};
  static_assert(kNames.size() == std::variant_size_v<ScheduleSettings>);
  return kNames.at(schedule.index());
}

void describe(config::Fields<Interleaved>& f) {
  f.add("chunks", &Interleaved::chunks, "Parts of the model that each rank holds.").at_least(1).direct();
}

void describe(config::Fields<ScheduleFile>& f) {
  f.add("path", &ScheduleFile::path, "The table, as CSV.").required().must_exist().direct();
}

void describe(config::Fields<ScheduleSettings>& f) {
  f.compact();
  f.about(
      "The order in which the ranks of a pipeline run their micro-batches. It changes how long a step takes "
      "and "
      "how much memory it needs, not what it computes.");
  f.choice<AutoSchedule>("auto", "The schedule that is estimated to be fastest for the model and the job.");
  f.choice<Gpipe>("gpipe",
                  "All forwards, then all backwards; keeps the activations of every micro-batch (GPipe, "
                  "arXiv:1811.06965).");
  f.choice<OneForwardOneBackward>(
      "1f1b",
      "One forward, one backward in turn; keeps the activations of at most `pipeline` micro-batches "
      "(PipeDream-Flush, arXiv:2104.04473).");
  f.choice<Interleaved>("interleaved",
                        "As 1f1b with several chunks of the model a rank: less idle time, more communication "
                        "(Megatron-LM, arXiv:2104.04473).");
  f.choice<ZeroBubbleH1>("zb_h1",
                         "As 1f1b with the gradients of weights computed later, when the rank would be idle "
                         "(Zero Bubble, arXiv:2401.10241).");
  f.choice<ZeroBubbleV>(
      "zb_v",
      "As zb_h1 with two chunks a rank, the second in reverse order of ranks: hardly any idle "
      "time (Zero Bubble, arXiv:2401.10241).");
  f.choice<ScheduleFile>("file", "A schedule from a table: which operation each rank runs when.");
}

void describe(config::Fields<ParallelSettings>& f) {
  f.about(
      "How a job is spread over its ranks. Every `pipeline` ranks hold one replica of the model, each a part "
      "of "
      "its layers; the replicas take their shares of every global batch and are kept equal.");
  f.add(
       "pipeline", &ParallelSettings::pipeline,
       "Ranks that a model is spread over, each with a part of the layers; the number of ranks is a multiple "
       "of it. 1: each rank holds the whole model.")
      .at_least(1)
      .unit("ranks");
  f.add("schedule", &ParallelSettings::schedule, "In which order the ranks of a pipeline run micro-batches.");
  f.add("split", &ParallelSettings::split,
        "Where the model is cut into stages. auto: into stages of like cost; else the first layer of each "
        "stage, by name.")
      .or_one()
      .min_items(1);
  f.add("recompute", &ParallelSettings::recompute,
        "Layers that run their forward again in backward instead of keeping its activations: none, full "
        "(all), "
        "or names, in which `*` stands for any text and `?` for any character.")
      .or_one()
      .min_items(1)
      .example("[\"block.*\"]");
  f.add("shard_optimizer", &ParallelSettings::shard_optimizer,
        "Each replica keeps a part of the optimizer's state and updates that part of the parameters (ZeRO-1, "
        "arXiv:1910.02054).");
  f.add("bucket_mb", &ParallelSettings::bucket_mb, "Size of a gradient bucket: what one all-reduce carries.")
      .unit("MiB")
      .above(0)
      .at_most(4096);
  f.add("first_bucket_mb", &ParallelSettings::first_bucket_mb,
        "Size of the first bucket to be full in backward; small, so that communication starts early.")
      .unit("MiB")
      .above(0)
      .at_most(4096);
  f.add("find_unused", &ParallelSettings::find_unused,
        "Treat parameters that took no part in a step as having a zero gradient, instead of stopping with an "
        "error.");
  f.add("sync_batch_norm", &ParallelSettings::sync_batch_norm,
        "Normalise with the statistics of the whole global batch rather than of each rank's part.");
  f.check({"split", "recompute"}, [](const ParallelSettings& s, config::Checks& checks) {
    check_names(s.split, "split", {"auto"}, checks);
    check_names(s.recompute, "recompute", {"none", "full"}, checks);
  });
}

}  // namespace echelon::parallel
