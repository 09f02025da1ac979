// A FeatureEncoder as a file that people can read: features.json of a checkpoint.
//
//   {
//     "format": "echelon features",
//     "format_version": 1,
//     "features": [
//       {"column": "age", "type": "float", "missing": "mean", "fill": 38.6, "standardise": true,
//        "mean": 38.6, "deviation": 13.6},
//       {"column": "job", "type": "categorical", "min_count": 1, "max_categories": 0,
//        "categories": ["cook", "nurse"]}
//     ],
//     "target": {"column": "income", "type": "class", "classes": ["high", "low"]}
//   }
//
// Category i + 1 is the i-th of "categories", 0 is the unknown one; class i is the i-th of "classes". A
// number becomes (value − mean) / deviation; numbers are written so that reading gives the same bits.
#pragma once

#include <string>
#include <string_view>

#include "table/encoder.h"

namespace echelon::table {

/// JSON, indented, with a newline at the end.
std::string render_encoder(const FeatureEncoder& encoder);

/// Strict: every member, of its type. Throws CheckpointError that names `path`.
FeatureEncoder parse_encoder(std::string_view text, const std::string& path);

/// Where the settings contradict what `encoder` was made with, in words that name the column; empty: nowhere.
/// `features` empty: any are right.
std::string find_contradiction(const FeatureEncoder& encoder, const std::vector<FeatureSettings>& features,
                               const TargetSettings& target);

}  // namespace echelon::table
