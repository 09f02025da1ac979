// A tokenizer of texts.
#pragma once

#include <memory>

#include "prepare/tokenizer/settings.h"
#include "work/task.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

/// A unit's words are counted, and the counts kept as an intermediate file; in the end rank 0 adds them up
/// and learns the merges. Collective: the ranks look at the files together. Throws DataError, on every rank
/// the same.
std::unique_ptr<work::Task> make_task(const TokenizerPreparation& settings, Communicator& comm);

}  // namespace echelon::prepare
