// Texts that lie in files of their own.
#pragma once

#include <memory>

#include "predict/scorer/scorer.h"
#include "predict/settings.h"

namespace echelon::predict {

/// Reads the column `path`, and gives the contents of the files, which may lie in object stores, to `texts`,
/// which reads one column of texts. A path that is missing or cannot be read, a file of more than 16 MiB and
/// one that is no UTF-8 are problems of their row.
std::unique_ptr<Scorer> make_file_texts_scorer(std::unique_ptr<Scorer> texts,
                                               const PredictSettings& settings);

}  // namespace echelon::predict
