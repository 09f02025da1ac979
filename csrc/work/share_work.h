// Work on many parts (the headers of shards, say), done once by all ranks together instead of once by each.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace echelon {
class Communicator;
}

namespace echelon::work {

/// The results of work(0) … work(count - 1), in order, on every rank. Part i is done by rank i mod size; null
/// does all here. Collective, over a communicator that carries CPU tensors. When parts throw an Error, every
/// rank throws a DataError with the message of the first of them.
std::vector<std::string> share_work(int64_t count, const std::function<std::string(int64_t)>& work,
                                    Communicator* communicator);

}  // namespace echelon::work
