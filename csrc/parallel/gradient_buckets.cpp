#include "parallel/gradient_buckets.h"

#include <c10/core/GradMode.h>

#include <torch/csrc/autograd/variable.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"
#include "nn/weight_gradients.h"

namespace echelon::parallel {

struct GradientBuckets::Hook : nn::GradientPlace {
  Hook(GradientBuckets& owner, size_t parameter) : owner(owner), parameter(parameter) {}
  void operator()(const at::Tensor& tensor) override {
    if (!tensor.grad().defined()) return;  // autograd calls for a gradient that is nothing, too
    if (is_final() || tensor.grad().data_ptr() != place().data_ptr()) nn::settle_gradient(tensor);
    if (owner.reducing_) owner.mark_ready(parameter);
  }
  const at::Tensor& place() const override { return owner.gradients_[parameter]; }
  bool is_final() const override { return owner.reducing_ && owner.comm_.size() > 1; }
  GradientBuckets& owner;
  size_t parameter;
};

GradientBuckets::GradientBuckets(std::vector<nn::NamedParameter> parameters, Communicator& comm,
                                 const BucketOptions& options)
    : parameters_(std::move(parameters)),
      comm_(comm),
      find_unused_(options.find_unused),
      shard_(options.shard && comm.size() > 1),
      gradients_(parameters_.size()),
      bucket_of_(parameters_.size()),
      offset_of_(parameters_.size()),
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
  for (const size_t i : members) {
    offset_of_[i] = elements;
    elements += parameters_[i].tensor.numel();
  }
  const int64_t unit = shard_ ? comm_.size() : 1;
  const int64_t padded = (elements + unit - 1) / unit * unit;
  Bucket bucket;
  bucket.flat = comm_.allocate(padded, parameters_[members.front()].tensor.options().requires_grad(false));
  bucket.flat.narrow(0, elements, padded - elements).zero_();
  bucket.label =
      str_format("gradients of {} … {}", parameters_[members.front()].name, parameters_[members.back()].name);
  for (const size_t i : members) {
    const at::Tensor& tensor = parameters_[i].tensor;
    gradients_[i] = bucket.flat.narrow(0, offset_of_[i], tensor.numel()).view(tensor.sizes());
    bucket_of_[i] = buckets_.size();
  }
  bucket.members = std::move(members);
  if (shard_) move_parameters(bucket);
  buckets_.push_back(std::move(bucket));
}

void GradientBuckets::move_parameters(Bucket& bucket) {
  const c10::NoGradGuard no_grad;
  bucket.parameters = comm_.allocate(bucket.flat.numel(), bucket.flat.options());
  bucket.parameters.zero_();
  for (const size_t i : bucket.members) {
    at::Tensor& tensor = parameters_[i].tensor;
    const at::Tensor place = bucket.parameters.narrow(0, offset_of_[i], tensor.numel()).view(tensor.sizes());
    place.copy_(tensor);
    tensor.set_data(place);
  }
}

at::Tensor GradientBuckets::own_part(const at::Tensor& flat) const {
  const int64_t length = flat.numel() / comm_.size();
  return flat.narrow(0, comm_.rank() * length, length);
}

void GradientBuckets::begin_step() {
  for (auto& parameter : parameters_) parameter.tensor.mutable_grad().reset();
  reducing_ = false;
}

void GradientBuckets::begin_reduction(GradientBuckets* after) {
  if (comm_.size() > 1) settle();
  reducing_ = true;
  next_bucket_ = 0;
  previous_ = after;
  next_ = nullptr;
  if (after != nullptr) after->next_ = this;
  ready_.assign(parameters_.size(), false);
  for (Bucket& bucket : buckets_) bucket.missing = bucket.members.size();
}

void GradientBuckets::settle() {
  for (const auto& parameter : parameters_) nn::settle_gradient(parameter.tensor);
}

void GradientBuckets::mark_ready(size_t parameter) {
  if (ready_[parameter]) return;
  ready_[parameter] = true;
  --buckets_[bucket_of_[parameter]].missing;
  start_full_buckets();
}

bool GradientBuckets::all_started() const {
  return next_bucket_ == buckets_.size() && (previous_ == nullptr || previous_->all_started());
}

void GradientBuckets::start_full_buckets() {
  if (previous_ != nullptr && !previous_->all_started()) return;
  for (; next_bucket_ < buckets_.size() && buckets_[next_bucket_].missing == 0; ++next_bucket_) {
    Bucket& bucket = buckets_[next_bucket_];
    bucket.work = shard_
                      ? comm_.reduce_scatter(own_part(bucket.flat), bucket.flat, Reduce::kSum, bucket.label)
                      : comm_.all_reduce(bucket.flat, Reduce::kSum, bucket.label);
  }
  if (next_ != nullptr && next_bucket_ == buckets_.size()) next_->start_full_buckets();
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
  settle();
  // What had no part in the last micro-batch, but perhaps in an earlier one, has not been marked by its hook.
  for (size_t i = 0; i < parameters_.size(); ++i) mark_ready(i);
  const Stopwatch watch;
  for (Bucket& bucket : buckets_) std::exchange(bucket.work, nullptr)->wait();
  seconds_waited_ += watch.seconds();
  reducing_ = false;
}

std::vector<OwnedPiece> GradientBuckets::owned() const {
  std::vector<OwnedPiece> pieces;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const at::Tensor values = parameters_[i].tensor.detach();
    const int64_t elements = values.numel();
    if (!shard_) {
      pieces.push_back({i, 0, elements, values, gradients_[i]});
      continue;
    }
    const Bucket& bucket = buckets_[bucket_of_[i]];
    const int64_t part = bucket.flat.numel() / comm_.size();
    const int64_t begin = std::max<int64_t>(0, comm_.rank() * part - offset_of_[i]);
    const int64_t end = std::min(elements, (comm_.rank() + 1) * part - offset_of_[i]);
    if (begin >= end) continue;
    const auto piece = [&](const at::Tensor& flat) {
      const at::Tensor range = flat.narrow(0, offset_of_[i] + begin, end - begin);
      return end - begin == elements ? range.view(values.sizes()) : range;
    };
    pieces.push_back({i, begin, end, piece(bucket.parameters), piece(bucket.flat)});
  }
  return pieces;
}

std::vector<at::Tensor> GradientBuckets::owned_gradients() const {
  std::vector<at::Tensor> parts;
  for (const Bucket& bucket : buckets_) parts.push_back(shard_ ? own_part(bucket.flat) : bucket.flat);
  return parts;
}

void GradientBuckets::gather_parameters() {
  if (!shard_) return;
  for (Bucket& bucket : buckets_)
    bucket.work = comm_.all_gather(bucket.parameters, own_part(bucket.parameters), "updated parameters");
  const Stopwatch watch;
  for (Bucket& bucket : buckets_) std::exchange(bucket.work, nullptr)->wait();
  seconds_waited_ += watch.seconds();
}

void GradientBuckets::finish_without_reduction() {
  settle();
  fill_missing();
  reducing_ = false;
}

}  // namespace echelon::parallel
