#include "parallel/replicas.h"

#include <xxhash.h>

#include "common/error.h"
#include "common/format.h"

namespace echelon::parallel {
namespace {

std::vector<at::Tensor> all_tensors(nn::LayeredModel& model) {
  std::vector<at::Tensor> tensors;
  for (auto& parameter : model.parameters()) tensors.push_back(parameter.tensor.detach());
  for (auto& buffer : model.buffers()) tensors.push_back(buffer.tensor);
  return tensors;
}

int64_t layout_hash(nn::LayeredModel& model) {
  std::string layout;
  for (const auto& p : model.parameters()) layout += p.name + format_shape(p.tensor.sizes());
  for (const auto& b : model.buffers()) layout += b.name + format_shape(b.tensor.sizes());
  return static_cast<int64_t>(XXH3_64bits(layout.data(), layout.size()));
}

int64_t value_hash(const std::vector<at::Tensor>& tensors) {
  XXH64_hash_t hash = 0;
  for (const at::Tensor& tensor : tensors) {
    const at::Tensor host = tensor.cpu().contiguous();
    hash = XXH3_64bits_withSeed(host.const_data_ptr(), host.nbytes(), hash);
  }
  return static_cast<int64_t>(hash);
}

bool same_everywhere(int64_t value, Communicator& comm, std::string_view label) {
  at::Tensor lowest = at::tensor({value, ~value}, at::kLong);  // min of ~v is ~(max of v)
  comm.all_reduce(lowest, Reduce::kMin, label)->wait();
  return lowest[0].item<int64_t>() == ~lowest[1].item<int64_t>();
}

}  // namespace

void equalise_replicas(nn::LayeredModel& model, const RankGroup& ranks) {
  if (ranks.size() == 1) return;
  if (!same_everywhere(layout_hash(model), ranks.host, "model layout")) {
    throw CommError(
        "the ranks built different models; give every rank the same configuration file and binary");
  }
  const std::vector<at::Tensor> tensors = all_tensors(model);
  if (same_everywhere(value_hash(tensors), ranks.host, "initial values")) return;
  for (const at::Tensor& tensor : tensors) ranks.device.broadcast(tensor, 0, "initial values")->wait();
}

StatisticsAverager::StatisticsAverager(const nn::LayeredModel& model, Communicator& comm) : comm_(comm) {
  int64_t elements = 0;
  for (const auto& buffer : model.buffers()) {
    if (!buffer.running_statistic) continue;
    buffers_.push_back(buffer.tensor);
    elements += buffer.tensor.numel();
  }
  if (empty()) return;
  flat_ = comm.allocate(elements, buffers_.front().options());
  int64_t offset = 0;
  for (at::Tensor& buffer : buffers_) {
    const at::Tensor place = flat_.narrow(0, offset, buffer.numel()).view(buffer.sizes());
    place.copy_(buffer);
    buffer.set_data(place);
    offset += buffer.numel();
  }
}

void StatisticsAverager::average() {
  if (!empty() && comm_.size() > 1) comm_.all_reduce(flat_, Reduce::kMean, "running statistics")->wait();
}

void StatisticsAverager::remember() {
  if (!empty()) remembered_ = flat_.clone();
}

void StatisticsAverager::restore() {
  if (!empty()) flat_.copy_(remembered_);
}

}  // namespace echelon::parallel
