#include "parallel/gradient_buckets.h"

#include <c10/core/GradMode.h>

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::parallel {

struct GradientBuckets::Hook : torch::autograd::PostAccumulateGradHook {
  Hook(GradientBuckets& owner, size_t parameter) : owner(owner), parameter(parameter) {}
  void operator()(const at::Tensor&) override {
    owner.store_gradient(parameter);
    if (owner.reducing_) owner.mark_ready(parameter);
  }
  GradientBuckets& owner;
  size_t parameter;
};

GradientBuckets::GradientBuckets(std::vector<nn::NamedParameter> parameters, Communicator& comm,
                                 const BucketOptions& options)
    : parameters_(std::move(parameters)),
      comm_(comm),
      find_unused_(options.find_unused),
      gradients_(parameters_.size()),
      bucket_of_(parameters_.size()),
      ready_(parameters_.size()) {
  assign_buckets(options);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameters_[i].tensor, std::make_unique<Hook>(*this, i));
  }
}

GradientBuckets::~GradientBuckets() {
  for (const auto& parameter : parameters_) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter.tensor, nullptr);
  }
}

void GradientBuckets::assign_buckets(const BucketOptions& options) {
  std::vector<size_t> members;
  int64_t bytes = 0;
  for (size_t i = parameters_.size(); i-- > 0;) {
    const at::Tensor& tensor = parameters_[i].tensor;
    const int64_t limit = buckets_.empty() ? options.first_bucket_bytes : options.bucket_bytes;
    const int64_t size = static_cast<int64_t>(tensor.nbytes());
    const bool other_type = !members.empty() && parameters_[members.back()].tensor.dtype() != tensor.dtype();
    if (!members.empty() && (bytes + size > limit || other_type)) {
      add_bucket(std::exchange(members, {}));
      bytes = 0;
    }
    members.push_back(i);
    bytes += size;
  }
  if (!members.empty()) add_bucket(std::move(members));
}

void GradientBuckets::add_bucket(std::vector<size_t> members) {
  int64_t elements = 0;
  for (const size_t i : members) elements += parameters_[i].tensor.numel();
  Bucket bucket;
  bucket.flat = comm_.allocate(elements, parameters_[members.front()].tensor.options().requires_grad(false));
  bucket.label =
      str_format("gradients of {} … {}", parameters_[members.front()].name, parameters_[members.back()].name);
  int64_t offset = 0;
  for (const size_t i : members) {
    const at::Tensor& tensor = parameters_[i].tensor;
    gradients_[i] = bucket.flat.narrow(0, offset, tensor.numel()).view(tensor.sizes());
    bucket_of_[i] = buckets_.size();
    offset += tensor.numel();
  }
  bucket.members = std::move(members);
  buckets_.push_back(std::move(bucket));
}

void GradientBuckets::begin_step() {
  for (auto& parameter : parameters_) parameter.tensor.mutable_grad().reset();
  reducing_ = false;
}

void GradientBuckets::begin_reduction() {
  reducing_ = true;
  next_bucket_ = 0;
  ready_.assign(parameters_.size(), false);
  for (Bucket& bucket : buckets_) bucket.missing = bucket.members.size();
}

void GradientBuckets::store_gradient(size_t parameter) {
  at::Tensor& gradient = parameters_[parameter].tensor.mutable_grad();
  at::Tensor& place = gradients_[parameter];
  if (gradient.is_same(place)) return;  // a later micro-batch was added in place
  c10::NoGradGuard no_grad;
  place.copy_(gradient);
  gradient = place;
}

void GradientBuckets::mark_ready(size_t parameter) {
  if (ready_[parameter]) return;
  ready_[parameter] = true;
  --buckets_[bucket_of_[parameter]].missing;
  start_full_buckets();
}

void GradientBuckets::start_full_buckets() {
  for (; next_bucket_ < buckets_.size() && buckets_[next_bucket_].missing == 0; ++next_bucket_) {
    Bucket& bucket = buckets_[next_bucket_];
    bucket.work = comm_.all_reduce(bucket.flat, Reduce::kSum, bucket.label);
  }
}

std::vector<std::string> GradientBuckets::fill_missing() {
  std::vector<std::string> unused;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& gradient = parameters_[i].tensor.mutable_grad();
    if (gradient.defined()) continue;
    unused.push_back(parameters_[i].name);
    gradients_[i].zero_();
    gradient = gradients_[i];
  }
  return unused;
}

void GradientBuckets::finish_reduction() {
  const std::vector<std::string> unused = fill_missing();
  if (!unused.empty() && !find_unused_) {
    throw ConfigError(str_format(
        "{} parameter{} had no part in the loss of this step, first {}; remove them from the model, or set "
        "parallel.find_unused: true to take their gradients as zero",
        unused.size(), unused.size() == 1 ? "" : "s", unused.front()));
  }
  // What had no part in the last micro-batch, but perhaps in an earlier one, has not been marked by its hook.
  for (size_t i = 0; i < parameters_.size(); ++i) mark_ready(i);
  const Stopwatch watch;
  for (Bucket& bucket : buckets_) std::exchange(bucket.work, nullptr)->wait();
  seconds_waited_ += watch.seconds();
  reducing_ = false;
}

std::vector<at::Tensor> GradientBuckets::flat_gradients() const {
  std::vector<at::Tensor> flats;
  for (const Bucket& bucket : buckets_) flats.push_back(bucket.flat);
  return flats;
}

void GradientBuckets::finish_without_reduction() {
  fill_missing();
  reducing_ = false;
}

}  // namespace echelon::parallel
