#include "data/text/sequences.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "data/order/permutation.h"

namespace echelon::data {
namespace {

int64_t part(double fraction, int64_t tokens) {
  return std::clamp<int64_t>(std::llround(fraction * static_cast<double>(tokens)), 0, tokens);
}

class StreamSequences final : public Sequences {
 public:
  StreamSequences(const std::vector<TokenSequence>& texts, TextRange range, const SequenceShape& shape)
      : length_(shape.length) {
    int64_t samples = 0;
    for (const TokenSequence& text : texts) {
      const int64_t begin = range.begin_of(text.size()), end = range.end_of(text.size());
      begins_.push_back(begin);
      samples += std::max<int64_t>(0, end - begin - shape.following) / length_;
      ends_.push_back(samples);
    }
  }

  int64_t size() const override { return ends_.empty() ? 0 : ends_.back(); }
  bool pads() const override { return false; }

  void pieces(int64_t index, std::vector<Piece>& pieces) const override {
    const auto text = std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin();
    const int64_t within = index - (text == 0 ? 0 : ends_[text - 1]);
    pieces.assign(1, {.text = static_cast<int32_t>(text),
                      .length = static_cast<int32_t>(length_),
                      .first = begins_[text] + within * length_});
  }

  std::vector<int64_t> starts() const override {
    std::vector<int64_t> starts{0};
    if (!ends_.empty()) starts.insert(starts.end(), ends_.begin(), ends_.end() - 1);
    return starts;
  }

 private:
  int64_t length_;
  std::vector<int64_t> begins_;  ///< of the range within each text, in tokens
  std::vector<int64_t> ends_;    ///< number of samples up to the end of each text
};

/// The documents that begin in the range, cut into pieces of at most `shape.length`. One too short for what
/// must follow a piece is none.
class DocumentPieces {
 public:
  DocumentPieces(const std::vector<TokenSequence>& texts, TextRange range, const SequenceShape& shape) {
    for (size_t i = 0; i < texts.size(); ++i) {
      const TokenSequence& text = texts[i];
      starts.push_back(static_cast<int64_t>(all.size()));
      const int64_t begin = range.begin_of(text.size()), end = range.end_of(text.size());
      for (int64_t d = 0; d < text.documents(); ++d) {
        const int64_t first = text.document_start(d), last = text.document_start(d + 1) - shape.following;
        if (first < begin || first >= end) continue;
        for (int64_t at = first; at < last; at += shape.length) {
          all.push_back({.text = static_cast<int32_t>(i),
                         .length = static_cast<int32_t>(std::min(shape.length, last - at)),
                         .first = at});
        }
      }
    }
  }

  std::vector<Piece> all;
  std::vector<int64_t> starts;  ///< of the texts
};

class SingleSequences final : public Sequences {
 public:
  explicit SingleSequences(DocumentPieces pieces) : pieces_(std::move(pieces)) {}
  int64_t size() const override { return static_cast<int64_t>(pieces_.all.size()); }
  bool pads() const override { return true; }
  void pieces(int64_t index, std::vector<Piece>& pieces) const override {
    pieces.assign(1, pieces_.all[static_cast<size_t>(index)]);
  }
  std::vector<int64_t> starts() const override { return pieces_.starts; }

 private:
  DocumentPieces pieces_;
};

class PackedSequences final : public Sequences {
 public:
  PackedSequences(std::vector<Piece> pieces, int64_t length) : pieces_(std::move(pieces)) {
    std::ranges::stable_sort(pieces_, std::greater(), &Piece::length);
    std::vector<int64_t> row_of;
    row_of.reserve(pieces_.size());
    std::map<int64_t, std::vector<int64_t>> rows_by_room;
    int64_t rows = 0;
    for (const Piece& piece : pieces_) {
      auto fits = rows_by_room.lower_bound(piece.length);
      const int64_t room = fits == rows_by_room.end() ? length : fits->first;
      const int64_t row = fits == rows_by_room.end() ? rows++ : fits->second.back();
      if (fits != rows_by_room.end()) {
        fits->second.pop_back();
        if (fits->second.empty()) rows_by_room.erase(fits);
      }
      if (room > piece.length) rows_by_room[room - piece.length].push_back(row);
      row_of.push_back(row);
    }
    group(row_of, rows);
  }

  int64_t size() const override { return static_cast<int64_t>(begins_.size()) - 1; }
  bool pads() const override { return true; }
  void pieces(int64_t index, std::vector<Piece>& pieces) const override {
    const auto row = static_cast<size_t>(index);
    pieces.assign(pieces_.begin() + begins_[row], pieces_.begin() + begins_[row + 1]);
  }
  std::vector<int64_t> starts() const override { return {0}; }

 private:
  /// Puts the pieces of each row side by side.
  void group(const std::vector<int64_t>& row_of, int64_t rows) {
    begins_.assign(static_cast<size_t>(rows) + 1, 0);
    for (const int64_t row : row_of) ++begins_[static_cast<size_t>(row) + 1];
    for (size_t row = 1; row < begins_.size(); ++row) begins_[row] += begins_[row - 1];
    std::vector<Piece> grouped(pieces_.size());
    std::vector<int64_t> next = begins_;
    for (size_t i = 0; i < pieces_.size(); ++i)
      grouped[static_cast<size_t>(next[static_cast<size_t>(row_of[i])]++)] = pieces_[i];
    pieces_ = std::move(grouped);
  }

  std::vector<Piece> pieces_;    ///< row by row
  std::vector<int64_t> begins_;  ///< of each row in them, and their end
};

class BucketedSequences final : public Sequences {
 public:
  BucketedSequences(std::vector<Piece> pieces, int64_t tokens, uint64_t key) {
    pieces_.reserve(pieces.size());
    if (!pieces.empty()) {
      const Permutation order(static_cast<int64_t>(pieces.size()), key);
      for (size_t i = 0; i < pieces.size(); ++i)
        pieces_.push_back(pieces[static_cast<size_t>(order(static_cast<int64_t>(i)))]);
    }
    std::ranges::stable_sort(pieces_, std::less(), &Piece::length);
    for (int64_t i = 0; i < static_cast<int64_t>(pieces_.size()); ++i) {
      const int64_t rows = i - begins_.back() + 1;
      if (rows > 1 && rows * pieces_[static_cast<size_t>(i)].length > tokens) begins_.push_back(i);
    }
    if (!pieces_.empty()) begins_.push_back(static_cast<int64_t>(pieces_.size()));
    for (size_t i = 1; i < begins_.size(); ++i) rows_ = std::max(rows_, begins_[i] - begins_[i - 1]);
  }

  int64_t size() const override { return static_cast<int64_t>(begins_.size()) - 1; }
  bool pads() const override { return true; }
  int64_t rows() const override { return rows_; }
  void pieces(int64_t index, std::vector<Piece>& pieces) const override {
    const auto sample = static_cast<size_t>(index);
    pieces.assign(pieces_.begin() + begins_[sample], pieces_.begin() + begins_[sample + 1]);
  }
  std::vector<int64_t> starts() const override { return {0}; }

 private:
  std::vector<Piece> pieces_;
  std::vector<int64_t> begins_{0};  ///< of each sample in them, and their end
  int64_t rows_ = 1;
};

}  // namespace

int64_t TextRange::begin_of(int64_t tokens) const {
  return part(begin, tokens);
}

int64_t TextRange::end_of(int64_t tokens) const {
  return part(end, tokens);
}

std::unique_ptr<Sequences> stream_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            const SequenceShape& shape) {
  return std::make_unique<StreamSequences>(texts, range, shape);
}

std::unique_ptr<Sequences> single_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            const SequenceShape& shape) {
  return std::make_unique<SingleSequences>(DocumentPieces(texts, range, shape));
}

std::unique_ptr<Sequences> packed_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                            const SequenceShape& shape) {
  return std::make_unique<PackedSequences>(DocumentPieces(texts, range, shape).all, shape.length);
}

std::unique_ptr<Sequences> bucketed_sequences(const std::vector<TokenSequence>& texts, TextRange range,
                                              const SequenceShape& shape, int64_t tokens, uint64_t key) {
  return std::make_unique<BucketedSequences>(DocumentPieces(texts, range, shape).all, tokens, key);
}

}  // namespace echelon::data
