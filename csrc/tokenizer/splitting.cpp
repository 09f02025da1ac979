#include "tokenizer/splitting.h"

namespace echelon::tokenizer {

void Splitting::flush() {
  if (held_) emit(held_->start, held_->end);
  held_.reset();
}

void Splitting::hold(size_t start, size_t end) {
  flush();
  held_ = {start, end};
}

void Splitting::segment(size_t start, size_t end, bool is_match) {
  switch (behavior_) {
    case SplitBehavior::kRemoved:
      if (!is_match) emit(start, end);
      break;
    case SplitBehavior::kIsolated:
      emit(start, end);
      break;
    case SplitBehavior::kContiguous:
      if (held_ && is_match == previous_) {
        held_->end = end;
      } else {
        hold(start, end);
      }
      break;
    case SplitBehavior::kMergedWithPrevious:
      if (held_ && is_match && !previous_) {
        held_->end = end;
      } else {
        hold(start, end);
      }
      break;
    case SplitBehavior::kMergedWithNext:
      if (is_match) {
        hold(start, end);
      } else {
        emit(held_ ? held_->start : start, end);
        held_.reset();
      }
      break;
  }
  previous_ = is_match;
}

}  // namespace echelon::tokenizer
