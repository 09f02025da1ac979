// A part of a dataset, drawn at random once for all epochs.
#pragma once

#include <cstdint>
#include <memory>

#include "data/dataset.h"
#include "data/loading_settings.h"

namespace echelon::data {

/// `dataset` itself where the settings ask for all of it. Which samples are drawn is a function of the seed
/// and the size of the dataset's blocks alone. Every block gives its share, so that data which lie together
/// still do; with `stratified` every class does. O(blocks) memory, stratified O(samples drawn). Throws
/// DataError when nothing is left, or when samples are to be stratified that have no class.
std::shared_ptr<const Dataset> take_subset(std::shared_ptr<const Dataset> dataset,
                                           const SubsetSettings& settings, uint64_t seed);

}  // namespace echelon::data
