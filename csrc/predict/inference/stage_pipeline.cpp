#include "predict/inference/stage_pipeline.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/format.h"
#include "schedule/partition.h"

namespace echelon::predict {
namespace {

using parallel::MessageKey;
using parallel::MessageKind;
using Tensors = std::vector<at::Tensor>;

/// Far less than ranks wait for each other.
constexpr double kSecondsOfSilence = 5;
constexpr auto kPause = std::chrono::microseconds(50);

// A batch is a message of the activations' names, a line each, and then the activations. What stands for no
// batch: nothing at all, so that the other side knows that all is well; or one tensor that is not there,
// which ends it.
bool is_sign_of_life(const Tensors& tensors) {
  return tensors.empty();
}
bool is_end(const Tensors& tensors) {
  return tensors.size() == 1 && !tensors[0].defined();
}

Tensors to_message(const nn::Activations& activations) {
  std::string names;
  Tensors tensors(1);
  for (const auto& [name, tensor] : activations) {
    names += name + "\n";
    tensors.push_back(tensor.defined() ? tensor.cpu() : tensor);
  }
  tensors[0] = at::empty({static_cast<int64_t>(names.size())}, at::kByte);
  std::ranges::copy(names, tensors[0].mutable_data_ptr<uint8_t>());
  return tensors;
}

nn::Activations from_message(const Tensors& tensors) {
  nn::Activations activations;
  const std::string_view names(static_cast<const char*>(tensors[0].const_data_ptr()), tensors[0].nbytes());
  size_t next = 1;
  for (size_t begin = 0; begin < names.size(); ++next) {
    const size_t end = names.find('\n', begin);
    activations.emplace(names.substr(begin, end - begin), tensors.at(next));
    begin = end + 1;
  }
  return activations;
}

MessageKey key_of(int stage, int64_t number) {
  return {MessageKind::kActivations, stage, number};
}

std::vector<int64_t> one_from(int rank, int ranks) {
  std::vector<int64_t> expected(static_cast<size_t>(ranks), 0);
  expected[static_cast<size_t>(rank)] = 1;
  return expected;
}

}  // namespace

std::vector<size_t> cut_into_stages(const nn::ModelSpec& spec, int stages) {
  std::vector<schedule::LayerLoad> layers;
  for (const nn::LayerSpec& layer : spec.layers) layers.push_back({.name = layer.name});
  for (const nn::NamedParameter& parameter : nn::without_memory(spec).parameters())
    layers[parameter.layer].seconds += static_cast<double>(parameter.tensor.nbytes());
  std::vector<schedule::StagePlace> places;
  for (int stage = 0; stage < stages; ++stage) places.push_back({.rank = stage});
  return schedule::partition(layers, places);
}

StagePipeline::StagePipeline(Communicator& pipeline, int64_t most_activations)
    : ranks_(pipeline), messages_({pipeline, pipeline}, most_activations + 1, at::Device(at::kCPU)) {
  if (ranks_.rank() == 0) waker_ = std::jthread([this](const std::stop_token& stop) { keep_awake(stop); });
}

/// Under the mutex.
int64_t StagePipeline::send_to_second(const Tensors& tensors) {
  messages_.send(1, key_of(1, sent_), tensors);
  since_sent_.restart();
  return sent_++;
}

nn::Activations StagePipeline::pass_on(const nn::Activations& outputs) {
  const Tensors tensors = to_message(outputs);
  const int last = ranks_.size() - 1;
  std::unique_lock lock(mutex_);
  const MessageKey answer = key_of(0, send_to_second(tensors));
  messages_.expect(one_from(last, ranks_.size()));
  while (!messages_.is_announced(last, answer)) {
    lock.unlock();
    std::this_thread::sleep_for(kPause);
    lock.lock();
  }
  return from_message(messages_.receive(last, answer));
}

void StagePipeline::end() {
  waker_.request_stop();
  waker_.join();
  const std::lock_guard lock(mutex_);
  send_to_second({at::Tensor()});
  messages_.finish();
}

void StagePipeline::keep_awake(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const std::lock_guard lock(mutex_);
    try {
      if (since_sent_.seconds() > kSecondsOfSilence) send_to_second({});
    } catch (const Error&) {
      return;  // whoever asks or ends next hears of it
    }
  }
}

void StagePipeline::serve(const Stage& stage) {
  const int own = ranks_.rank();
  const bool is_last = own + 1 == ranks_.size();
  for (int64_t number = 0;; ++number) {
    messages_.expect(one_from(own - 1, ranks_.size()));
    Tensors tensors = messages_.receive(own - 1, key_of(own, number));
    if (is_sign_of_life(tensors) || is_end(tensors)) {
      if (!is_last) messages_.send(own + 1, key_of(own + 1, number), tensors);
      if (!is_end(tensors)) continue;
      return messages_.finish();
    }
    const nn::Activations outputs = stage(from_message(tensors));
    const int next = is_last ? 0 : own + 1;
    messages_.send(next, key_of(next, number), to_message(outputs));
    messages_.poll();
  }
}

}  // namespace echelon::predict
