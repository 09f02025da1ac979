#include "train/scoring/rankings.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace echelon::train {
namespace {

std::vector<int64_t> samples_by_rank(Communicator& comm, int64_t own) {
  at::Tensor all = at::empty({comm.size()}, at::kLong);
  comm.all_gather(all, at::tensor({own}, at::kLong), "numbers of scored samples")->wait();
  const auto* numbers = all.const_data_ptr<int64_t>();
  return {numbers, numbers + comm.size()};
}

/// The values of all ranks one after the other on rank 0; an undefined tensor elsewhere.
at::Tensor gather_to_root(Communicator& comm, const at::Tensor& own, const std::vector<int64_t>& sizes,
                          const char* what) {
  if (comm.rank() != 0) {
    if (own.numel() > 0) comm.send(own, 0, 0, what)->wait();
    return {};
  }
  std::vector<at::Tensor> parts{own};
  for (int rank = 1; rank < comm.size(); ++rank) {
    if (sizes[static_cast<size_t>(rank)] == 0) continue;
    parts.push_back(at::empty({sizes[static_cast<size_t>(rank)]}, own.options()));
    comm.receive(parts.back(), rank, 0, what)->wait();
  }
  return at::cat(parts);
}

at::Tensor column_of(const LocalScores& own, size_t column) {
  const size_t samples = own.labels.size(), width = own.classes.size();
  at::Tensor scores = at::empty({static_cast<int64_t>(samples)}, at::kFloat);
  auto* values = scores.mutable_data_ptr<float>();
  for (size_t i = 0; i < samples; ++i) values[i] = own.scores[i * width + column];
  return scores;
}

metrics::Ranking rank(const at::Tensor& scores, const at::Tensor& labels, int64_t of_class) {
  std::vector<metrics::ScoredSample> samples(static_cast<size_t>(scores.numel()));
  const auto* values = scores.const_data_ptr<float>();
  const auto* classes = labels.const_data_ptr<int32_t>();
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = {values[i], classes[i] == of_class};
  return metrics::rank_samples(samples);
}

}  // namespace

std::vector<ClassRanking> gather_rankings(Communicator& comm, const LocalScores& own) {
  const std::vector<int64_t> sizes = samples_by_rank(comm, static_cast<int64_t>(own.labels.size()));
  at::Tensor own_labels = at::empty({static_cast<int64_t>(own.labels.size())}, at::kInt);
  std::ranges::copy(own.labels, own_labels.mutable_data_ptr<int32_t>());
  const at::Tensor labels = gather_to_root(comm, own_labels, sizes, "true classes");
  std::vector<ClassRanking> rankings;
  for (size_t column = 0; column < own.classes.size(); ++column) {
    const at::Tensor scores = gather_to_root(comm, column_of(own, column), sizes, "scores of a class");
    if (comm.rank() == 0)
      rankings.push_back({own.classes[column], rank(scores, labels, own.classes[column])});
  }
  return rankings;
}

}  // namespace echelon::train
