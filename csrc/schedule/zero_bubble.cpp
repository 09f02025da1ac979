#include <algorithm>
#include <array>

#include "schedule/generators.h"

namespace echelon::schedule {

// As 1F1B, with the halves of backward apart: rank r puts weight halves off by r micro-batches, so that it
// sends gradients on earlier and has work left for the end. All ranks then hold p micro-batches until their
// weight half.
std::vector<Action> zero_bubble_h1(const PipelineShape& shape, int rank) {
  const int warmup = shape.ranks - rank - 1;
  std::vector<Action> actions;
  for (int i = 0; i < std::min(warmup, shape.micro_batches); ++i) {
    actions.push_back({ActionKind::kForward, rank, i});
  }
  for (int i = 0; i < shape.micro_batches + rank; ++i) {
    if (warmup + i < shape.micro_batches) actions.push_back({ActionKind::kForward, rank, warmup + i});
    if (i < shape.micro_batches) actions.push_back({ActionKind::kBackwardInput, rank, i});
    if (i >= rank) actions.push_back({ActionKind::kBackwardWeight, rank, i - rank});
  }
  return actions;
}

namespace {

/// The two stages of a rank: on the way down (r) and on the way back up (2p-1-r).
enum Leg { kDown, kUp };

/// A rank's list as it grows: each call appends the next micro-batch of its kind, as long as there is one.
class TurningRank {
 public:
  TurningRank(const PipelineShape& shape, int rank)
      : micro_batches_(shape.micro_batches), stages_{rank, 2 * shape.ranks - 1 - rank} {}

  void forward(Leg leg) { append(ActionKind::kForward, leg, forwards_[leg], micro_batches_); }
  bool input(Leg leg) { return append(ActionKind::kBackwardInput, leg, inputs_[leg], forwards_[leg]); }
  bool weight(Leg leg) { return append(ActionKind::kBackwardWeight, leg, weights_[leg], inputs_[leg]); }
  void backward(Leg leg) {
    if (input(leg)) weight(leg);
  }
  bool forwards_left() const { return std::min(forwards_[kDown], forwards_[kUp]) < micro_batches_; }
  std::vector<Action> take() { return std::move(actions_); }

 private:
  bool append(ActionKind kind, Leg leg, int& next, int limit) {
    if (next == limit) return false;
    actions_.push_back({kind, stages_[leg], next++});
    return true;
  }

  int micro_batches_;
  std::array<int, 2> stages_;
  std::array<int, 2> forwards_{}, inputs_{}, weights_{};
  std::vector<Action> actions_;
};

}  // namespace

// The phases of the paper's schedule. Rank r's first micro-batch is back after 2 (p-r) - 1 of its time slots;
// from then on every slot has work that does not wait. In the end the weight halves fill the gaps between the
// input halves.
std::vector<Action> zero_bubble_v(const PipelineShape& shape, int rank) {
  TurningRank list(shape, rank);
  const int below = shape.ranks - rank;
  for (int i = 0; i < 2 * below - 1; ++i) list.forward(kDown);
  for (int i = 0; i < rank; ++i) {
    list.forward(kUp);
    list.forward(kDown);
  }
  for (int i = 0; i < below; ++i) {
    list.forward(kUp);
    list.backward(kUp);
  }
  while (list.forwards_left()) {
    list.forward(kDown);
    list.backward(kDown);
    list.forward(kUp);
    list.backward(kUp);
  }
  for (int i = 0; i < rank; ++i) {
    list.input(kDown);
    list.input(kUp);
  }
  for (int i = 0; i < below; ++i) list.backward(kDown);
  for (const Leg leg : {kDown, kUp}) {
    while (list.weight(leg)) continue;
  }
  return list.take();
}

}  // namespace echelon::schedule
