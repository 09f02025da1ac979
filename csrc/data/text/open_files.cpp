#include "data/open_files.h"

#include "data/text/dataset.h"
#include "data/text/open_texts.h"
#include "data/text/sequences.h"

namespace echelon::data {
namespace {

std::unique_ptr<Sequences> make_sequences(const TextSettings& settings,
                                          const std::vector<TokenSequence>& texts, TextRange range) {
  const auto make = settings.packing == Packing::kStream      ? stream_sequences
                    : settings.packing == Packing::kDocuments ? packed_sequences
                                                              : single_sequences;
  return make(texts, range, settings.sequence_length);
}

}  // namespace

std::shared_ptr<const Dataset> open_files(const TextSettings& settings, const Inputs& inputs,
                                          const OpenRequest& request) {
  const std::vector<double>& range =
      request.split == Split::kTrain ? settings.train_range : settings.test_range;
  OpenTexts opened = open_texts(expand(inputs, request), settings, request);
  auto sequences = make_sequences(settings, opened.texts, {range[0], range[1]});
  return std::make_shared<TextDataset>(std::move(opened.texts), std::move(sequences),
                                       TextOptions{.sequence_length = settings.sequence_length,
                                                   .vocabulary = request.model.limit,
                                                   .document_starts = request.model.document_starts,
                                                   .left_out = opened.left_out});
}

}  // namespace echelon::data
