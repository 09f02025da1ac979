// Texts, or any bytes, between ranks: paths, messages, packed records.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "comm/communicator.h"

namespace echelon {

/// The text of rank `root`, on every rank. Collective; tensors in host memory.
std::string broadcast_text(Communicator& comm, const std::string& text, int root);

/// What `make` returns on rank 0, which alone calls it, on every rank; what it throws there, an Error or one
/// of the file system, on every rank as an Error of that exit code. Collective; tensors in host memory.
std::string text_of_root(Communicator& comm, const std::function<std::string()>& make);

/// The same for what has no result: no rank goes on before `action` is done.
void run_on_root(Communicator& comm, const std::function<void()>& action);

/// The texts of all ranks, in rank order. Collective; tensors in host memory. `what` they are, for messages.
std::vector<std::string> gather_texts(Communicator& comm, const std::string& text,
                                      const std::string& what = "texts");

}  // namespace echelon
