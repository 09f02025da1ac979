#include "train/text_exchange.h"

#include <cstring>

namespace echelon::train {

std::string broadcast_text(Communicator& comm, const std::string& text, int root) {
  at::Tensor length = at::tensor({static_cast<int64_t>(text.size())}, at::kLong);
  comm.broadcast(length, root, "length of a text")->wait();
  at::Tensor bytes = at::empty({length.item<int64_t>()}, at::kByte);
  if (comm.rank() == root) std::memcpy(bytes.mutable_data_ptr(), text.data(), text.size());
  comm.broadcast(bytes, root, "text")->wait();
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<size_t>(bytes.numel())};
}

}  // namespace echelon::train
