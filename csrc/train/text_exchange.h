// Short texts between ranks: paths and messages.
#pragma once

#include <string>
#include <vector>

#include "comm/communicator.h"

namespace echelon::train {

/// The text of rank `root`, on every rank. Collective; tensors in host memory.
std::string broadcast_text(Communicator& comm, const std::string& text, int root);

/// The texts of all ranks, in rank order. Collective; tensors in host memory.
std::vector<std::string> gather_texts(Communicator& comm, const std::string& text);

}  // namespace echelon::train
