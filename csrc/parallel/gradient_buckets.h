// Gradients in flat buckets, reduced while backward goes on.
//
// Parameters are put into buckets in reverse order of use, which is about the order in which backward
// finishes them. A hook on each parameter tells the layers where in the bucket its gradient is to lie
// (nn::GradientPlace), and copies it there where autograd made it elsewhere; when a bucket is full and all
// before it have been started, its all-reduce starts. The order of the all-reduces is therefore fixed
// whatever the order of the hooks. After Li et al., "PyTorch Distributed: Experiences on Accelerating Data
// Parallel Training" (VLDB 2020).
//
// Sharded (ZeRO stage 1, Rajbhandari et al., 1910.02054), the parameters lie in flat buffers cut like the
// buckets. Each rank receives the sums of its equal part of every bucket alone (reduce-scatter), updates that
// part of the parameters, and the ranks gather the parts (all-gather). So the optimizer's state is only of
// that part.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "comm/communicator.h"
#include "nn/layered_model.h"

namespace echelon::parallel {

struct BucketOptions {
  int64_t bucket_bytes = 25 << 20;
  int64_t first_bucket_bytes = 1 << 20;
  bool find_unused = false;
  bool shard = false;
};

/// Elements [begin, end) of a parameter, counted row by row: what this rank updates of it. Views.
struct OwnedPiece {
  size_t parameter;  ///< index into the list given
  int64_t begin;
  int64_t end;
  at::Tensor values;    ///< of the parameter's shape if all of it, else one-dimensional
  at::Tensor gradient;  ///< likewise
};

class GradientBuckets {
 public:
  /// `parameters` in order of use. They and `comm` must outlive this object. Gradients of the ranks are
  /// summed, so the loss must already be divided by the global batch. Sharded, the parameters' memory is
  /// moved. Collective.
  GradientBuckets(std::vector<nn::NamedParameter> parameters, Communicator& comm,
                  const BucketOptions& options);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  /// Before the first micro-batch of a step: gradients start from nothing.
  void begin_step();
  /// Before the backward pass of the last micro-batch of a step: from here on full buckets are reduced, but
  /// none before all of `after` have been started, which begins its reduction first and finishes it first.
  /// So ranks start all in one order, whatever parameters have a part in their last micro-batches.
  void begin_reduction(GradientBuckets* after = nullptr);
  /// After it: waits until every owned gradient is the sum over the ranks. Throws ConfigError naming the
  /// parameters that had no part in the step, unless `find_unused`, which takes their gradient as zero.
  void finish_reduction();
  /// Instead of begin_reduction and finish_reduction: each gradient stays this rank's own, zero where there
  /// is none.
  void finish_without_reduction();

  const std::vector<nn::NamedParameter>& parameters() const { return parameters_; }
  /// The gradient of each parameter, in the order given: a view of its bucket. Stays valid and the same.
  const std::vector<at::Tensor>& gradients() const { return gradients_; }
  bool sharded() const { return shard_; }
  /// All of every parameter, or this rank's shards; in the order of the parameters.
  std::vector<OwnedPiece> owned() const;
  /// The owned part of each bucket, one-dimensional: together the gradients of owned() and nothing else but
  /// zeros.
  std::vector<at::Tensor> owned_gradients() const;
  /// Sharded: gathers the parts that each rank has updated. Collective.
  void gather_parameters();
  /// Time that finish_reduction() has waited for communication, in total.
  double seconds_waited() const { return seconds_waited_; }

 private:
  struct Bucket {
    at::Tensor flat;              // sharded, padded with zeros to a multiple of the ranks
    at::Tensor parameters;        // sharded only: the members' values, laid out as in `flat`
    std::vector<size_t> members;  // indices into parameters_
    size_t missing = 0;           // members whose gradient is not there yet in this step
    Work work;
    std::string label;
  };
  struct Hook;

  void assign_buckets(const BucketOptions& options);
  void add_bucket(std::vector<size_t> members);
  void move_parameters(Bucket& bucket);
  /// This rank's part of a bucket's buffer.
  at::Tensor own_part(const at::Tensor& flat) const;
  /// Puts the gradients that are there into their places.
  void settle();
  void mark_ready(size_t parameter);
  void start_full_buckets();
  /// Of this and of all that it comes after.
  bool all_started() const;
  std::vector<std::string> fill_missing();

  std::vector<nn::NamedParameter> parameters_;
  Communicator& comm_;
  bool find_unused_;
  bool shard_;
  std::vector<at::Tensor> gradients_;
  std::vector<size_t> bucket_of_;
  std::vector<int64_t> offset_of_;  // within the bucket
  std::vector<bool> ready_;
  std::vector<Bucket> buckets_;
  size_t next_bucket_ = 0;  // the first whose all-reduce has not been started
  bool reducing_ = false;
  GradientBuckets* previous_ = nullptr;  // in the order of reductions
  GradientBuckets* next_ = nullptr;
  double seconds_waited_ = 0;
};

}  // namespace echelon::parallel
