// Gradients in flat buckets, reduced while backward goes on.
//
// Parameters are put into buckets in reverse order of use, which is about the order in which backward
// finishes them. A hook on each parameter copies its gradient into its place in the bucket and makes that
// place the parameter's gradient; when a bucket is full and all before it have been started, its all-reduce
// starts. The order of the all-reduces is therefore fixed whatever the order of the hooks. After Li et al.,
// "PyTorch Distributed: Experiences on Accelerating Data Parallel Training" (VLDB 2020).
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
};

class GradientBuckets {
 public:
  /// `parameters` in order of use. They and `comm` must outlive this object. Gradients of the ranks are
  /// summed, so the loss must already be divided by the global batch. Collective.
  GradientBuckets(std::vector<nn::NamedParameter> parameters, Communicator& comm,
                  const BucketOptions& options);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  /// Before the first micro-batch of a step: gradients start from nothing.
  void begin_step();
  /// Before the backward pass of the last micro-batch of a step: from here on full buckets are reduced.
  void begin_reduction();
  /// After it: waits until every gradient is the sum over the ranks. Throws ConfigError naming the parameters
  /// that had no part in the step, unless `find_unused`, which takes their gradient as zero.
  void finish_reduction();
  /// Instead of begin_reduction and finish_reduction: each gradient stays this rank's own, zero where there
  /// is none.
  void finish_without_reduction();

  /// The gradient of each parameter, in the order given: a view of its bucket. Stays valid and the same.
  const std::vector<at::Tensor>& gradients() const { return gradients_; }
  /// The buckets themselves, one-dimensional: together all gradients and nothing else.
  std::vector<at::Tensor> flat_gradients() const;
  /// Time that finish_reduction() has waited for communication, in total.
  double seconds_waited() const { return seconds_waited_; }

 private:
  struct Bucket {
    at::Tensor flat;
    std::vector<size_t> members;  // indices into parameters_
    size_t missing = 0;           // members whose gradient is not there yet in this step
    Work work;
    std::string label;
  };
  struct Hook;

  void assign_buckets(const BucketOptions& options);
  void add_bucket(std::vector<size_t> members);
  void store_gradient(size_t parameter);
  void mark_ready(size_t parameter);
  void start_full_buckets();
  std::vector<std::string> fill_missing();

  std::vector<nn::NamedParameter> parameters_;
  Communicator& comm_;
  bool find_unused_;
  std::vector<at::Tensor> gradients_;
  std::vector<size_t> bucket_of_;
  std::vector<bool> ready_;
  std::vector<Bucket> buckets_;
  size_t next_bucket_ = 0;  // the first whose all-reduce has not been started
  bool reducing_ = false;
  double seconds_waited_ = 0;
};

}  // namespace echelon::parallel
