#include "tokenizer/normalizer.h"

#include "tokenizer/byte_level.h"
#include "tokenizer/unicode.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

/// Calls `change` with each code point and its flags; it appends to the text what comes in its place.
template <class Change>
std::string map_characters(std::string_view text, const Change& change) {
  const uint16_t* flags = unicode::flags();
  std::string mapped;
  mapped.reserve(text.size() + text.size() / 8);
  for (const char* at = text.data(); at != text.data() + text.size();) {
    const uint32_t point = next_code_point(at);
    change(mapped, point, flags[point]);
  }
  return mapped;
}

class ToNormalForm : public Normalizer {
 public:
  explicit ToNormalForm(NormalForm form) : form_(form) {}
  std::string normalise(std::string_view text) const override { return to_normal_form(text, form_); }
  bool keeps_ascii() const override { return true; }

 private:
  NormalForm form_;
};

class Lowercase : public Normalizer {
 public:
  std::string normalise(std::string_view text) const override {
    return map_characters(
        text, [](std::string& to, uint32_t point, uint16_t) { unicode::append_lower(to, point); });
  }
};

class Strip : public Normalizer {
 public:
  Strip(bool left, bool right) : left_(left), right_(right) {}
  std::string normalise(std::string_view text) const override {
    const uint16_t* flags = unicode::flags();
    const char *start = text.data(), *end = start + text.size();
    for (const char* next = start; left_ && start != end && flags[next_code_point(next)] & unicode::kSpace;)
      start = next;
    while (right_ && start != end) {
      const char *last = previous_character(end), *at = last;
      if (!(flags[next_code_point(at)] & unicode::kSpace)) break;
      end = last;
    }
    return {start, end};
  }
  bool may_drop_start() const override { return left_; }

 private:
  bool left_, right_;
};

class StripAccents : public Normalizer {
 public:
  std::string normalise(std::string_view text) const override {
    return map_characters(text, [](std::string& to, uint32_t point, uint16_t flags) {
      if (!(flags & unicode::kCombiningMark)) append_utf8(to, point);
    });
  }
  bool keeps_ascii() const override { return true; }
  bool may_drop_start() const override { return true; }
};

class Replace : public Normalizer {
 public:
  Replace(std::unique_ptr<Pattern> pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  std::string normalise(std::string_view text) const override {
    std::string replaced;
    size_t done = 0;
    pattern_->find(text, [&](size_t start, size_t end) {
      replaced.append(text.substr(done, start - done)).append(content_);
      done = end;
    });
    return replaced.append(text.substr(done));
  }
  bool may_drop_start() const override { return content_.empty(); }

 private:
  std::unique_ptr<Pattern> pattern_;
  std::string content_;
};

class Prepend : public Normalizer {
 public:
  explicit Prepend(std::string text) : text_(std::move(text)) {}
  std::string normalise(std::string_view text) const override {
    std::string prepended = text_;
    return text.empty() ? prepended : prepended.append(text);
  }

 private:
  std::string text_;
};

bool is_chinese(uint32_t point) {
  const auto within = [&](uint32_t first, uint32_t last) { return point >= first && point <= last; };
  return within(0x4e00, 0x9fff) || within(0x3400, 0x4dbf) || within(0x20000, 0x2a6df) ||
         within(0x2a700, 0x2b73f) || within(0x2b740, 0x2b81f) || within(0x2b920, 0x2ceaf) ||
         within(0xf900, 0xfaff) || within(0x2f800, 0x2fa1f);
}

class BertNormalizer : public Normalizer {
 public:
  explicit BertNormalizer(const BertNormalizerSettings& settings) : settings_(settings) {}

  std::string normalise(std::string_view text) const override {
    std::string normalised;
    normalised.reserve(text.size() + text.size() / 8);
    // What ASCII has of marks and the like is nothing, so that only the rest takes all steps.
    while (!text.empty()) {
      const size_t ascii = first_beyond_ascii(text);
      for (const char byte : text.substr(0, ascii)) append_ascii(normalised, byte);
      text.remove_prefix(ascii);
      size_t rest = 0;
      while (rest < text.size() && static_cast<uint8_t>(text[rest]) >= 0x80)
        rest += character_length(text[rest]);
      normalised += normalise_rest(text.substr(0, rest));
      text.remove_prefix(rest);
    }
    return normalised;
  }
  bool may_drop_start() const override { return true; }

 private:
  void append_ascii(std::string& to, char byte) const {
    const bool blank = byte == '\t' || byte == '\n' || byte == '\r';
    if (settings_.clean_text) {
      if ((byte < 0x20 && !blank) || byte == 0x7f) return;
      if (blank) byte = ' ';
    }
    if (settings_.lowercase && byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + 32);
    to.push_back(byte);
  }

  std::string normalise_rest(std::string_view part) const {
    std::string text = map_characters(part, [&](std::string& to, uint32_t point, uint16_t flags) {
      if (settings_.clean_text) {
        if (point == 0xfffd || flags & unicode::kOther) return;
        if (flags & unicode::kSpace) point = ' ';
      }
      const bool apart = settings_.handle_chinese_chars && is_chinese(point);
      if (apart) to.push_back(' ');
      append_utf8(to, point);
      if (apart) to.push_back(' ');
    });
    if (settings_.strip_accents) {
      text = map_characters(to_normal_form(text, NormalForm::kNfd),
                            [](std::string& to, uint32_t point, uint16_t flags) {
                              if (!(flags & unicode::kNonspacingMark)) append_utf8(to, point);
                            });
    }
    if (!settings_.lowercase) return text;
    return map_characters(
        text, [](std::string& to, uint32_t point, uint16_t) { unicode::append_lower(to, point); });
  }

  BertNormalizerSettings settings_;
};

class Nmt : public Normalizer {
 public:
  std::string normalise(std::string_view text) const override {
    return map_characters(text, [](std::string& to, uint32_t point, uint16_t) {
      const auto within = [&](uint32_t first, uint32_t last) { return point >= first && point <= last; };
      if (within(1, 8) || point == 0xb || within(0xe, 0x1f) || point == 0x7f || point == 0x8f ||
          point == 0x9f)
        return;
      const bool blank = within(9, 10) || within(0xc, 0xd) || point == 0x1680 || within(0x200b, 0x200f) ||
                         within(0x2028, 0x2029) || point == 0x2581 || point == 0xfeff || point == 0xfffd;
      append_utf8(to, blank ? ' ' : point);
    });
  }
  bool may_drop_start() const override { return true; }
};

class Precompiled : public Normalizer {
 public:
  explicit Precompiled(Charsmap charsmap) : charsmap_(std::move(charsmap)) {}
  std::string normalise(std::string_view text) const override { return charsmap_.normalise(text); }
  bool may_drop_start() const override { return true; }

 private:
  Charsmap charsmap_;
};

class ByteCharacters : public Normalizer {
 public:
  std::string normalise(std::string_view text) const override { return bytes_to_characters(text); }
};

}  // namespace

std::string_view normalise_by_all(const Normalizers& steps, std::string_view text, std::string& storage) {
  bool in_storage = false;
  for (const auto& step : steps) {
    if (text.empty()) break;
    if (step->keeps_ascii() && first_beyond_ascii(text) == text.size()) continue;
    std::string next = step->normalise(text);
    storage = std::move(next);
    text = storage;
    in_storage = true;
  }
  return in_storage ? std::string_view(storage) : text;
}

std::unique_ptr<Normalizer> normal_form(NormalForm form) {
  return std::make_unique<ToNormalForm>(form);
}
std::unique_ptr<Normalizer> lowercase() {
  return std::make_unique<Lowercase>();
}
std::unique_ptr<Normalizer> strip(bool left, bool right) {
  return std::make_unique<Strip>(left, right);
}
std::unique_ptr<Normalizer> strip_accents() {
  return std::make_unique<StripAccents>();
}
std::unique_ptr<Normalizer> replace(std::unique_ptr<Pattern> pattern, std::string content) {
  return std::make_unique<Replace>(std::move(pattern), std::move(content));
}
std::unique_ptr<Normalizer> prepend(std::string text) {
  return std::make_unique<Prepend>(std::move(text));
}
std::unique_ptr<Normalizer> bert_normalizer(const BertNormalizerSettings& settings) {
  return std::make_unique<BertNormalizer>(settings);
}
std::unique_ptr<Normalizer> nmt_normalizer() {
  return std::make_unique<Nmt>();
}
std::unique_ptr<Normalizer> precompiled(Charsmap charsmap) {
  return std::make_unique<Precompiled>(std::move(charsmap));
}
std::unique_ptr<Normalizer> byte_characters() {
  return std::make_unique<ByteCharacters>();
}

}  // namespace echelon::tokenizer
