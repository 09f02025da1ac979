// Token shards of texts.
#pragma once

#include <memory>

#include "prepare/text/settings.h"
#include "work/task.h"

namespace echelon {
class Communicator;
}

namespace echelon::prepare {

/// A unit's documents, in order, become the shards NAME-UNIT-PART.tokens. Collective: the ranks look at the
/// files together. Throws DataError, on every rank the same.
std::unique_ptr<work::Task> make_task(const TextPreparation& settings, Communicator& comm);

}  // namespace echelon::prepare
