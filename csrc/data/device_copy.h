// Batches on their way to the device that computes.
#pragma once

#include <c10/core/Device.h>

#include <functional>

#include "data/dataset.h"

namespace echelon::data {

/// Gives a batch that was sent, once: what the calling thread queues on its current stream from then on comes
/// after the copy. Does not wait itself.
using Receive = std::function<Batch()>;

/// Begins to bring a batch in host memory to where it is used. By any thread, one batch after the other.
using Send = std::function<Receive(Batch batch)>;

/// Copies to `device`, from pinned memory without waiting, on a stream of their own, so that they do not
/// queue behind what is computed. The memory of the source goes back to LibTorch's cache of pinned memory
/// when the copy is through, and is used again. Needs no CUDA header: it works through the device type's
/// registered implementation. Empty for the CPU.
Send make_send(at::Device device);

}  // namespace echelon::data
