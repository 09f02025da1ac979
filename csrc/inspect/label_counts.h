// How often each label occurs.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "inspect/report.h"

namespace echelon::inspect {

class LabelCounts {
 public:
  /// The content of a .cls, blanks around it aside.
  void add(std::string_view text);
  /// The labels in order, numbers first, where there are few, else the most frequent ones. Nothing where there are none.
  void report(Report& report) const;

 private:
  std::unordered_map<std::string, int64_t> counts_;
  int64_t labels_ = 0, further_ = 0;  ///< further_: of labels beyond those that are counted one by one
};

}  // namespace echelon::inspect
