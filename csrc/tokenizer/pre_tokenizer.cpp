#include "tokenizer/pre_tokenizer.h"

#include <algorithm>

#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

using Emit = PreTokenizer::Emit;

void run_from(const PreTokenizers& steps, size_t step, Piece piece, Emit emit) {
  if (step == steps.size()) return emit(piece);
  steps[step]->split(piece, [&](Piece part) { run_from(steps, step + 1, part, emit); });
}

Piece part_of(const Piece& piece, std::string_view text) {
  return {text, piece.first && text.data() == piece.text.data()};
}

class FlagSplit : public PreTokenizer {
 public:
  FlagSplit(uint16_t wanted, SplitBehavior behavior) : wanted_(wanted), behavior_(behavior) {}
  void split(Piece piece, Emit emit) const override {
    const uint16_t* flags = unicode::flags();
    const auto give = [&](std::string_view text) { emit(part_of(piece, text)); };
    Splitting splitting(piece.text, behavior_, false, give);
    const char* start = piece.text.data();
    for (const char *at = start, *next = at; at != start + piece.text.size(); at = next) {
      if (flags[next_code_point(next)] & wanted_)
        splitting.match(static_cast<size_t>(at - start), static_cast<size_t>(next - start));
    }
    splitting.finish();
  }

 private:
  uint16_t wanted_;
  SplitBehavior behavior_;
};

class PatternSplit : public PreTokenizer {
 public:
  PatternSplit(std::unique_ptr<Pattern> pattern, SplitBehavior behavior, bool inverted)
      : pattern_(std::move(pattern)), behavior_(behavior), inverted_(inverted) {}
  void split(Piece piece, Emit emit) const override {
    const auto give = [&](std::string_view text) { emit(part_of(piece, text)); };
    if (behavior_ == SplitBehavior::kIsolated) return isolate(piece.text, give);
    Splitting splitting(piece.text, behavior_, inverted_, give);
    pattern_->find(piece.text, [&](size_t start, size_t end) { splitting.match(start, end); });
    splitting.finish();
  }

 private:
  template <class Give>
  void isolate(std::string_view text, const Give& give) const {
    size_t done = 0;
    pattern_->find(text, [&](size_t start, size_t end) {
      if (start > done) give(text.substr(done, start - done));
      give(text.substr(start, end - start));
      done = end;
    });
    if (done < text.size()) give(text.substr(done));
  }

  std::unique_ptr<Pattern> pattern_;
  SplitBehavior behavior_;
  bool inverted_;
};

/// Runs of characters of one kind; characters of kind 0 go, and with `kAlone` those of kind 2 stand alone.
template <bool kAlone, class KindOf>
void split_by_kind(Piece piece, Emit emit, const KindOf& kind_of) {
  const char *start = piece.text.data(), *end = start + piece.text.size();
  const uint16_t* flags = unicode::flags();
  int kind = 0;
  const char* run = start;
  for (const char *at = start, *next = at;; at = next) {
    const int found = at == end ? 0 : kind_of(flags[next_code_point(next)]);
    if (found != kind || (kAlone && found == 2)) {
      if (kind != 0) emit(part_of(piece, {run, static_cast<size_t>(at - run)}));
      run = at;
      kind = found;
    }
    if (at == end) return;
  }
}

class BertSplit : public PreTokenizer {
 public:
  void split(Piece piece, Emit emit) const override {
    split_by_kind<true>(piece, emit, [](uint16_t flags) {
      return flags & unicode::kSpace ? 0 : flags & unicode::kPunctuation ? 2 : 1;
    });
  }
};

class WordSplit : public PreTokenizer {
 public:
  void split(Piece piece, Emit emit) const override {
    split_by_kind<false>(piece, emit, [](uint16_t flags) {
      return flags & unicode::kWord ? 1 : flags & unicode::kSpace ? 0 : 2;
    });
  }
};

class LengthSplit : public PreTokenizer {
 public:
  explicit LengthSplit(size_t length) : length_(length) {}
  void split(Piece piece, Emit emit) const override {
    for (std::string_view rest = piece.text; !rest.empty();) {
      size_t bytes = 0;
      for (size_t count = 0; count < length_ && bytes < rest.size(); ++count)
        bytes += character_length(rest[bytes]);
      emit(part_of(piece, rest.substr(0, bytes)));
      rest.remove_prefix(bytes);
    }
  }

 private:
  size_t length_;
};

class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const MetaspaceSettings& settings) : settings_(settings) {}
  void split(Piece piece, Emit emit) const override {
    const std::string text = replaced(piece);
    if (!settings_.split) return emit({text, piece.first});
    // Cut before each replacement.
    for (size_t start = 0; start < text.size();) {
      const size_t next =
          std::min(text.find(settings_.replacement, start + settings_.replacement.size()), text.size());
      const size_t end = starts_with_replacement(std::string_view(text).substr(start))
                             ? next
                             : std::min(text.find(settings_.replacement, start), text.size());
      emit({std::string_view(text).substr(start, end - start), piece.first && start == 0});
      start = end;
    }
  }
  bool minds_start() const override { return settings_.prepend == MetaspaceSettings::Prepend::kFirst; }

 private:
  bool starts_with_replacement(std::string_view text) const {
    return text.starts_with(settings_.replacement);
  }

  std::string replaced(const Piece& piece) const {
    using Prepend = MetaspaceSettings::Prepend;
    const bool starts = piece.text.front() == ' ' || starts_with_replacement(piece.text);
    const bool wanted =
        settings_.prepend == Prepend::kAlways || (settings_.prepend == Prepend::kFirst && piece.first);
    std::string text;
    text.reserve(piece.text.size() + piece.text.size() / 4 + 3);
    if (wanted && !starts) text = settings_.replacement;
    for (const char byte : piece.text) {
      if (byte == ' ') {
        text += settings_.replacement;
      } else {
        text.push_back(byte);
      }
    }
    return text;
  }

  MetaspaceSettings settings_;
};

class PrependBlank : public PreTokenizer {
 public:
  void split(Piece piece, Emit emit) const override {
    if (piece.text.front() == ' ') return emit(piece);
    std::string text(1, ' ');
    text += piece.text;
    emit({text, piece.first});
  }
};

class MapBytes : public PreTokenizer {
 public:
  void split(Piece piece, Emit emit) const override {
    const std::string text = bytes_to_characters(piece.text);
    emit({text, piece.first});
  }
  bool maps_bytes() const override { return true; }
};

}  // namespace

void split_by_all(const PreTokenizers& steps, Piece piece, PreTokenizer::Emit emit) {
  run_from(steps, 0, piece, emit);
}

std::unique_ptr<PreTokenizer> split_at_flags(uint16_t flags, SplitBehavior behavior) {
  return std::make_unique<FlagSplit>(flags, behavior);
}
std::unique_ptr<PreTokenizer> split_at_pattern(std::unique_ptr<Pattern> pattern, SplitBehavior behavior,
                                               bool inverted) {
  return std::make_unique<PatternSplit>(std::move(pattern), behavior, inverted);
}
std::unique_ptr<PreTokenizer> split_as_bert() {
  return std::make_unique<BertSplit>();
}
std::unique_ptr<PreTokenizer> split_as_words() {
  return std::make_unique<WordSplit>();
}
std::unique_ptr<PreTokenizer> split_at_length(size_t length) {
  return std::make_unique<LengthSplit>(length);
}
std::unique_ptr<PreTokenizer> split_at_metaspace(const MetaspaceSettings& settings) {
  return std::make_unique<Metaspace>(settings);
}
std::unique_ptr<PreTokenizer> prepend_blank() {
  return std::make_unique<PrependBlank>();
}
std::unique_ptr<PreTokenizer> map_bytes() {
  return std::make_unique<MapBytes>();
}

}  // namespace echelon::tokenizer
