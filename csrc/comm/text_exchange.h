// Texts, or any bytes, between ranks: paths, messages, packed records.
#pragma once

#include <string>
#include <vector>

#include "comm/communicator.h"

namespace echelon {

/// The text of rank `root`, on every rank. Collective; tensors in host memory.
std::string broadcast_text(Communicator& comm, const std::string& text, int root);

/// The texts of all ranks, in rank order. Collective; tensors in host memory. `what` they are, for messages.
std::vector<std::string> gather_texts(Communicator& comm, const std::string& text,
                                      const std::string& what = "texts");

}  // namespace echelon
