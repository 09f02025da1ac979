// The gradients of all parameters that a rank has, and who adds them up with whom.
//
// Parameters of one stage are reduced among its replicas while the last micro-batch is still in backward.
// Tied parameters that several stages use are reduced at the end of the step, over all ranks that have them.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "nn/layered_model.h"
#include "parallel/gradient_buckets.h"
#include "parallel/grid.h"
#include "parallel/pipeline/layout.h"

namespace echelon::parallel {

class ModelGradients {
 public:
  /// `model`: the parts that `layout` gives to this rank. `model` and `groups` must outlive this object.
  /// Collective.
  ModelGradients(nn::LayeredModel& model, GridGroups& groups, const PipelineLayout& layout,
                 const BucketOptions& options);

  /// Before the first micro-batch of a step.
  void begin_step();
  /// Before the last backward pass of a part.
  void begin_reduction(size_t part);
  /// After all: every owned gradient is the sum over the replicas and, of a tied parameter, over its uses.
  /// Throws as GradientBuckets.
  void finish_reduction();
  /// Instead of begin_reduction and finish_reduction: each gradient stays this rank's own.
  void finish_without_reduction();

  /// What this rank updates.
  struct Owned {
    const nn::NamedParameter* parameter;
    OwnedPiece piece;
    bool stored_here;  ///< this rank is the one that stores this piece in a checkpoint
  };
  const std::vector<Owned>& owned() const { return owned_; }
  /// Whether this rank is the one that stores a parameter (or its average) in a checkpoint.
  bool stores(const std::string& parameter) const { return stored_.contains(parameter); }

  /// One-dimensional; together the gradients of owned().
  const std::vector<at::Tensor>& owned_gradients() const { return owned_gradients_; }
  /// Of the gradients, this rank's part of the sum of squares over all ranks of the grid: every gradient
  /// counts once.
  double squared_norm() const;

  struct NamedGradient {
    const nn::NamedParameter* parameter;
    at::Tensor gradient;
  };
  /// This rank's own, whole, after finish_without_reduction(); in order of use within each part.
  std::vector<NamedGradient> local() const;

  /// After the owned pieces have been updated. Collective.
  void gather_parameters();
  double seconds_waited() const;

 private:
  struct Set {
    std::unique_ptr<GradientBuckets> buckets;
    bool first_place;  // of the places that have these parameters
  };
  void add_set(std::vector<nn::NamedParameter> parameters, Communicator& comm, const BucketOptions& options,
               bool first_place);

  bool first_replica_;
  std::vector<Set> sets_;                   // of the parts, then the shared ones
  std::vector<GradientBuckets*> reducing_;  // in the order of begin_reduction()
  std::vector<Owned> owned_;
  std::set<std::string> stored_;  // parameters
  std::vector<at::Tensor> owned_gradients_;
};

}  // namespace echelon::parallel
