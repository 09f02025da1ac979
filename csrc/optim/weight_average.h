// Exponential moving average of weights (Polyak & Juditsky 1992; as
// torch.optim.swa_utils.get_ema_multi_avg_fn): average ← decay average + (1 - decay) weight, after every
// optimizer step, starting from the weights at construction.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace echelon::optim {

class WeightAverage {
 public:
  /// The lists run in parallel; the parameters' memory must stay where it is. Buffers (BatchNorm statistics)
  /// are not averaged.
  WeightAverage(double decay, std::vector<std::string> names, std::vector<at::Tensor> parameters);

  void update();

  /// The averages by parameter name; the tensors are the average's own, not copies.
  std::map<std::string, at::Tensor> state() const;
  /// Copies `state` in; names beside the parameters' are ignored (a stored model has buffers too). Throws
  /// CheckpointError when one is missing or of another shape or type.
  void load_state(const std::map<std::string, at::Tensor>& state);

  /// As long as it lives, the parameters hold the average's values. Do not update() meanwhile.
  class InUse {
   public:
    explicit InUse(WeightAverage& average) : average_(average) { average_.exchange(); }
    ~InUse() { average_.exchange(); }
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;

   private:
    WeightAverage& average_;
  };

 private:
  void exchange();

  double decay_;
  std::vector<std::string> names_;
  std::vector<at::Tensor> parameters_;
  std::vector<at::Tensor> averages_;
};

}  // namespace echelon::optim
