#include "parallel/pipeline/stage_messages.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "common/clock.h"
#include "common/error.h"
#include "common/format.h"

namespace echelon::parallel {
namespace {

constexpr int kHeaderTag = 0, kTensorTag = 1;
constexpr int64_t kMostDimensions = 8;
// kind, stage, micro-batch, number of tensors; then of each tensor: type (-1: undefined), requires a
// gradient, dimensions, sizes.
constexpr int64_t kFixedFields = 4, kTensorFields = 3 + kMostDimensions;

const char* label_of(MessageKind kind) {
  return kind == MessageKind::kActivations ? "activations" : "gradients of activations";
}

at::Tensor write_header(const MessageKey& key, const std::vector<at::Tensor>& tensors, int64_t fields) {
  at::Tensor header = at::zeros({fields}, at::kLong);
  int64_t* field = header.data_ptr<int64_t>();
  *field++ = static_cast<int64_t>(key.kind);
  *field++ = key.stage;
  *field++ = key.micro_batch;
  *field++ = static_cast<int64_t>(tensors.size());
  for (const at::Tensor& tensor : tensors) {
    field[0] = tensor.defined() ? static_cast<int64_t>(tensor.scalar_type()) : -1;
    if (tensor.defined()) {
      field[1] = tensor.requires_grad() ? 1 : 0;
      field[2] = tensor.dim();
      if (tensor.dim() > kMostDimensions) {
        throw InternalError(
            str_format("an activation of {} dimensions cannot be sent to the next stage", tensor.dim()));
      }
      std::ranges::copy(tensor.sizes(), field + 3);
    }
    field += kTensorFields;
  }
  return header;
}

}  // namespace

StageMessages::StageMessages(RankGroup ranks, int64_t most_tensors, at::Device device)
    : ranks_(ranks),
      most_tensors_(most_tensors),
      device_(device),
      peers_(static_cast<size_t>(ranks.size())) {}

void StageMessages::expect(const std::vector<int64_t>& from_rank) {
  for (size_t rank = 0; rank < peers_.size(); ++rank) {
    peers_[rank].expected += from_rank[rank];
    if (!peers_[rank].work) ask_for_header(static_cast<int>(rank));
  }
}

void StageMessages::ask_for_header(int rank) {
  Peer& peer = peers_[static_cast<size_t>(rank)];
  if (peer.expected == 0) return;
  peer.header = at::empty({kFixedFields + most_tensors_ * kTensorFields}, at::kLong);
  peer.work = ranks_.host.receive(peer.header, rank, kHeaderTag, "announcement of activations");
}

void StageMessages::take_header(int rank) {
  Peer& peer = peers_[static_cast<size_t>(rank)];
  peer.work->wait();
  peer.work = nullptr;
  --peer.expected;
  const int64_t* field = peer.header.const_data_ptr<int64_t>();
  const MessageKey key{static_cast<MessageKind>(field[0]), static_cast<int>(field[1]), field[2]};
  const int64_t count = field[3];
  field += kFixedFields;
  Incoming incoming;
  for (int64_t i = 0; i < count; ++i, field += kTensorFields) {
    if (field[0] < 0) {
      incoming.tensors.emplace_back();
      continue;
    }
    const at::IntArrayRef sizes(field + 3, static_cast<size_t>(field[2]));
    const at::Tensor tensor =
        at::empty(sizes, at::TensorOptions().dtype(static_cast<at::ScalarType>(field[0])).device(device_));
    incoming.works.push_back(ranks_.device.receive(tensor, rank, kTensorTag, label_of(key.kind)));
    incoming.tensors.push_back(tensor);
    if (field[1] != 0) incoming.tensors.back().set_requires_grad(true);
  }
  peer.arrived[key] = std::move(incoming);
  ask_for_header(rank);
}

void StageMessages::poll(size_t most_ahead) {
  for (size_t rank = 0; rank < peers_.size(); ++rank) {
    const Peer& peer = peers_[rank];
    while (peer.arrived.size() < most_ahead && peer.work && peer.work->done())
      take_header(static_cast<int>(rank));
  }
  drop_finished_sends();
}

bool StageMessages::is_announced(int rank, const MessageKey& key) {
  poll();
  return peers_[static_cast<size_t>(rank)].arrived.contains(key);
}

std::vector<at::Tensor> StageMessages::receive(int rank, const MessageKey& key) {
  Peer& peer = peers_[static_cast<size_t>(rank)];
  const Stopwatch watch;
  while (!peer.arrived.contains(key)) {
    if (!peer.work) {
      throw InternalError(str_format("stage {}, micro-batch {}: no {} come from rank {} of the pipeline",
                                     key.stage, key.micro_batch, label_of(key.kind), rank));
    }
    take_header(rank);
  }
  Incoming incoming = std::move(peer.arrived.extract(key).mapped());
  for (const Work& work : incoming.works) work->wait();
  seconds_waited_ += watch.seconds();
  return std::move(incoming.tensors);
}

void StageMessages::send(int rank, const MessageKey& key, const std::vector<at::Tensor>& tensors) {
  if (static_cast<int64_t>(tensors.size()) > most_tensors_)
    throw InternalError(str_format("a message of {} tensors, {} at most", tensors.size(), most_tensors_));
  Outgoing outgoing;
  outgoing.tensors.push_back(write_header(key, tensors, kFixedFields + most_tensors_ * kTensorFields));
  outgoing.works.push_back(
      ranks_.host.send(outgoing.tensors.back(), rank, kHeaderTag, "announcement of activations"));
  for (const at::Tensor& tensor : tensors) {
    if (!tensor.defined()) continue;
    outgoing.tensors.push_back(tensor.detach().contiguous());
    bytes_sent_ += static_cast<int64_t>(outgoing.tensors.back().nbytes());
    outgoing.works.push_back(
        ranks_.device.send(outgoing.tensors.back(), rank, kTensorTag, label_of(key.kind)));
  }
  outgoing_.push_back(std::move(outgoing));
}

void StageMessages::drop_finished_sends() {
  const auto finished = [](const Outgoing& outgoing) {
    return std::ranges::all_of(outgoing.works, [](const Work& work) { return work->done(); });
  };
  while (!outgoing_.empty() && finished(outgoing_.front())) {
    for (const Work& work : outgoing_.front().works) work->wait();  // an error is thrown here
    outgoing_.pop_front();
  }
}

void StageMessages::finish(size_t most_left) {
  const Stopwatch watch;
  for (; outgoing_.size() > most_left; outgoing_.pop_front()) {
    for (const Work& work : outgoing_.front().works) work->wait();
  }
  seconds_waited_ += watch.seconds();
}

}  // namespace echelon::parallel
