#include <ATen/ATen.h>

#include "common/error.h"
#include "image/contact_sheet.h"
#include "image/png.h"
#include "models/settings.h"
#include "storage/unavailable_error.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"
#include "train/scoring/worst_samples.h"

namespace echelon::train {
namespace {

/// Height and width of a picture, and how much text is shown.
constexpr int64_t kThumbnail = 96, kShownTokens = 160;
constexpr size_t kShownBytes = 400;

/// [channel, height, width] as the model sees it → pixels.
image::Image pixels_of(const data::ImageSettings& settings, const at::Tensor& normalised) {
  const int64_t channels = normalised.size(0);
  at::Tensor values = normalised.to(at::kDouble).clone();
  for (int64_t c = 0; c < channels; ++c) {
    const auto channel = static_cast<size_t>(c);
    if (!settings.std.empty()) values[c].mul_(settings.std[channel]);
    if (!settings.mean.empty()) values[c].add_(settings.mean[channel]);
  }
  const at::Tensor bytes =
      values.mul(255).round().clamp(0, 255).to(at::kByte).permute({1, 2, 0}).contiguous();
  image::Image image;
  image.resize(bytes.size(0), bytes.size(1), static_cast<int>(channels));
  std::copy_n(bytes.const_data_ptr<uint8_t>(), bytes.numel(), image.pixels.begin());
  return image;
}

std::string picture_of(const data::ImageSettings& settings, const data::Batch& batch) {
  const image::Image image = pixels_of(settings, batch.inputs.at("image").cpu()[0]);
  const auto png = image::encode_png(
      image::contact_sheet(std::span(&image, 1), {.columns = 1, .cell = kThumbnail, .gap = 0}));
  return {png.begin(), png.end()};
}

/// Tokens → text, where the settings say how.
class TextOf {
 public:
  TextOf(const data::TextSettings& settings, int64_t vocabulary)
      : bytes_(!settings.tokenizer && settings.format != data::TextFormat::kTokens && vocabulary == 256) {
    if (settings.tokenizer) tokenizer_ = tokenizer::load_tokenizer(settings.tokenizer->path);
  }

  std::string operator()(const data::Batch& batch) const {
    const auto found = batch.inputs.find("tokens");
    if ((!bytes_ && !tokenizer_) || found == batch.inputs.end()) return {};
    const at::Tensor all = found->second.cpu().reshape({-1});
    const at::Tensor tokens = all.slice(0, 0, kShownTokens).contiguous();
    std::vector<uint32_t> ids;
    std::string text;
    for (int64_t i = 0; i < tokens.numel(); ++i) {
      ids.push_back(static_cast<uint32_t>(tokens.const_data_ptr<int64_t>()[i]));
      text += static_cast<char>(ids.back());
    }
    if (tokenizer_) text = tokenizer_->decode(ids).substr(0, kShownBytes);
    return tokenizer::replace_invalid_utf8(text);
  }

 private:
  bool bytes_;
  std::unique_ptr<tokenizer::Tokenizer> tokenizer_;
};

/// A description is no reason to end an evaluation that is done: what cannot be loaded is not shown.
template <class Describe>
void try_loaded(const data::Dataset& dataset, int64_t index, Describe describe) {
  try {
    data::Batch batch = dataset.allocate(1, at::kFloat, /*pinned=*/false);
    dataset.load(index, /*key=*/0, batch, 0);
    describe(batch);
  } catch (const DataError&) {
  } catch (const storage::UnavailableError&) {
  }
}

}  // namespace

void describe_worst(const TrainSettings& settings, const data::Dataset& dataset,
                    std::vector<WorstSample>& samples) {
  for (WorstSample& sample : samples)
    sample.place = tokenizer::replace_invalid_utf8(dataset.place(sample.index));
  if (const auto* images = std::get_if<data::ImageSettings>(&settings.data)) {
    for (WorstSample& sample : samples) {
      try_loaded(dataset, sample.index,
                 [&](const data::Batch& batch) { sample.picture = picture_of(*images, batch); });
    }
  }
  if (const auto* texts = std::get_if<data::TextSettings>(&settings.data)) {
    const TextOf text_of(*texts, models::interface_of(settings.model).output_limit);
    for (WorstSample& sample : samples)
      try_loaded(dataset, sample.index, [&](const data::Batch& batch) { sample.text = text_of(batch); });
  }
}

}  // namespace echelon::train
