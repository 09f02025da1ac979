#include "train/loss.h"

namespace echelon::train {

nn::LossOptions loss_options(const TrainSettings& settings) {
  const Loss usual = learns_number(settings.data) ? Loss::kSquaredError : Loss::kCrossEntropy;
  const Loss loss = settings.loss.kind.value_or(usual);
  return {.kind = loss == Loss::kCrossEntropy   ? nn::LossKind::kCrossEntropy
                  : loss == Loss::kSquaredError ? nn::LossKind::kSquaredError
                                                : nn::LossKind::kHuber,
          .label_smoothing = settings.label_smoothing,
          .huber_delta = settings.loss.delta};
}

}  // namespace echelon::train
