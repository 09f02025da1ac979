// What happens to text before it is cut into words.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/charsmap.h"
#include "tokenizer/normal_form.h"
#include "tokenizer/pattern.h"

namespace echelon::tokenizer {

/// Thread-safe. Texts are well-formed UTF-8 and not empty; what is returned may be empty.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual std::string normalise(std::string_view text) const = 0;
  /// Whether text within ASCII stays as it is.
  virtual bool keeps_ascii() const { return false; }
  /// Whether the start of a text may go, so that what is left does not start where the text does.
  virtual bool may_drop_start() const { return false; }
};

using Normalizers = std::vector<std::unique_ptr<Normalizer>>;

/// `text` after all steps: itself, or kept in `storage`.
std::string_view normalise_by_all(const Normalizers& steps, std::string_view text, std::string& storage);

struct BertNormalizerSettings {
  bool clean_text = true, handle_chinese_chars = true, strip_accents = true, lowercase = true;
};

std::unique_ptr<Normalizer> normal_form(NormalForm form);
std::unique_ptr<Normalizer> lowercase();
std::unique_ptr<Normalizer> strip(bool left, bool right);  ///< white space
std::unique_ptr<Normalizer> strip_accents();
std::unique_ptr<Normalizer> replace(std::unique_ptr<Pattern> pattern, std::string content);
std::unique_ptr<Normalizer> prepend(std::string text);
std::unique_ptr<Normalizer> bert_normalizer(const BertNormalizerSettings& settings);
std::unique_ptr<Normalizer> nmt_normalizer();
std::unique_ptr<Normalizer> precompiled(Charsmap charsmap);
std::unique_ptr<Normalizer> byte_characters();  ///< byte_level.h

}  // namespace echelon::tokenizer
