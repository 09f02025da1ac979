#include "models/registry.h"

#include "models/convnet.h"
#include "models/encoder_decoder.h"
#include "models/gpt.h"
#include "models/mlp.h"
#include "models/resnet.h"
#include "models/sequential.h"

namespace echelon::models {
namespace {

struct Maker {
  nn::ModelSpec operator()(const MlpSettings& settings) const { return make_mlp(settings); }
  nn::ModelSpec operator()(const ConvnetSettings& settings) const { return make_convnet(settings); }
  nn::ModelSpec operator()(const ResnetSettings& settings) const { return make_resnet(settings); }
  nn::ModelSpec operator()(const GptSettings& settings) const { return make_gpt(settings); }
  nn::ModelSpec operator()(const EncoderDecoderSettings& settings) const {
    return make_encoder_decoder(settings);
  }
  nn::ModelSpec operator()(const SequentialSettings& settings) const { return make_sequential(settings); }
};

}  // namespace

nn::ModelSpec make_model(const ModelSettings& settings) {
  return std::visit(Maker{}, settings);
}

}  // namespace echelon::models
