#include "bench/limits.h"

#include <algorithm>

#include "common/format.h"

namespace echelon::bench {
namespace {

/// A loop that waits less takes batches no faster than it is given them.
constexpr double kHardlyWaits = 0.2;
/// Threads that load less of their time lack batches to load, or hand over too many.
constexpr double kMostlyBusy = 0.7;
/// Threads that load and compute less of that time wait for the storage.
constexpr double kComputes = 0.5;

LoadStage largest_stage(const Measurement& total) {
  return *std::ranges::max_element(loading_stages(), {},
                                   [&](LoadStage stage) { return total.loading.in(stage); });
}

std::string in_words(LoadStage stage) {
  switch (stage) {
    case LoadStage::kRead:
      return "reading";
    case LoadStage::kDecode:
      return "decoding";
    case LoadStage::kTransform:
      return "resizing, changing and normalising images";
    case LoadStage::kFields:
      return "the further fields of the images' samples";
    case LoadStage::kConvert:
      return "converting columns to numbers";
    case LoadStage::kMix:
      return "mixing images";
    case LoadStage::kCopy:
      return "copying to the device";
    default:
      return "putting samples together";
  }
}

std::string threads_text(const Measurement& total) {
  const int threads = total.threads / total.ranks;
  return str_format("{} thread{} a rank", threads, threads == 1 ? "" : "s");
}

/// What helps a stage that computes, once every core does.
std::string_view less_work(LoadStage stage) {
  switch (stage) {
    case LoadStage::kDecode:
      return "smaller images in the files take less time, and JPEG less than PNG";
    case LoadStage::kTransform:
      return "images stored near data.size take less time, and so do fewer kinds of data.augment";
    case LoadStage::kConvert:
      return "data.memory_mb keeps rows, once converted";
    default:
      return "more ranks or nodes share the work";
  }
}

std::string advice_for_computation(const Measurement& total, LoadStage stage) {
  const int threads = total.threads / total.ranks, cores = total.cores / total.ranks;
  if (threads < cores) {
    return str_format("data.threads={} uses all cores of a rank, where the training step leaves them free",
                      cores);
  }
  return str_format("threads have all {} core{} of a rank: {}", cores, cores == 1 ? "" : "s",
                    less_work(stage));
}

std::string advice_for_storage(const Measurement& total, const data::LoadingSettings& settings) {
  const int threads = total.threads / total.ranks;
  std::string advice = str_format("data.threads={} reads more at once", 2 * threads);
  if (settings.shuffle.enabled && !settings.shuffle.shards)
    advice += ", data.shuffle={shards: 8} reads near places one after the other";
  return advice;
}

}  // namespace

std::string describe_limit(const Measurement& total, const data::LoadingSettings& settings) {
  if (total.threads == 0) {
    return "loading within the training loop: no step computes meanwhile; set data.threads to 1 or more";
  }
  if (total.waited < kHardlyWaits) {
    return str_format(
        "the loop that takes batches, which hardly waits: {} load faster than it plans and takes them; "
        "larger "
        "micro-batches lessen its work",
        threads_text(total));
  }
  if (total.busy < kMostlyBusy) {
    return str_format(
        "batches that are too few or too small: threads are idle {:.0f} % of their time, while the loop "
        "waits; "
        "data.prefetch={} or a larger micro_batch gives them more to do",
        100 * (1 - total.busy), 2 * settings.prefetch);
  }
  const LoadStage stage = largest_stage(total);
  const double computing = total.cores_used / (total.busy * total.threads);
  if (stage == LoadStage::kRead && computing < kComputes) {
    return str_format("reading, on {} that wait for the storage most of the time; {}", threads_text(total),
                      advice_for_storage(total, settings));
  }
  return str_format("{}, on {}; {}", in_words(stage), threads_text(total),
                    advice_for_computation(total, stage));
}

}  // namespace echelon::bench
