#include "tokenizer/decoder.h"

#include <optional>
#include <utility>

#include "tokenizer/byte_level.h"
#include "tokenizer/utf8.h"

namespace echelon::tokenizer {
namespace {

std::string replace_all(std::string_view text, std::string_view wanted, std::string_view with) {
  if (wanted.empty()) return std::string(text);
  std::string replaced;
  for (size_t at = text.find(wanted); at != text.npos; at = text.find(wanted)) {
    replaced.append(text.substr(0, at)).append(with);
    text.remove_prefix(at + wanted.size());
  }
  return replaced.append(text);
}

/// What the first tokenizers of BERT undid of their own blanks.
std::string clean_up(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> kChanges[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kChanges) text = replace_all(text, from, to);
  return text;
}

std::string join_all(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

class Bytes : public Decoder {
 public:
  Tokens decode(Tokens tokens) const override { return {replace_invalid_utf8(join_all(tokens))}; }
};

class ByteLevel : public Decoder {
 public:
  Tokens decode(Tokens tokens) const override {
    std::string bytes;
    for (const std::string& token : tokens) bytes += characters_to_bytes(token).value_or(token);
    return {replace_invalid_utf8(bytes)};
  }
};

class MetaspaceDecoder : public Decoder {
 public:
  explicit MetaspaceDecoder(const MetaspaceSettings& settings) : settings_(settings) {}
  Tokens decode(Tokens tokens) const override {
    bool first = settings_.prepend != MetaspaceSettings::Prepend::kNever;
    for (std::string& token : tokens) {
      token = replace_all(token, settings_.replacement, first ? "" : " ");
      first = false;
    }
    return tokens;
  }

 private:
  MetaspaceSettings settings_;
};

class WordPieceDecoder : public Decoder {
 public:
  WordPieceDecoder(std::string prefix, bool cleanup) : prefix_(std::move(prefix)), cleanup_(cleanup) {}
  Tokens decode(Tokens tokens) const override {
    bool first = true;
    for (std::string& token : tokens) {
      if (!first && token.starts_with(prefix_)) {
        token.erase(0, prefix_.size());
      } else if (!first) {
        token.insert(0, 1, ' ');
      }
      if (cleanup_) token = clean_up(std::move(token));
      first = false;
    }
    return tokens;
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

std::optional<char> byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  int value = 0;
  for (const char digit : token.substr(3, 2)) {
    const char lower = static_cast<char>(digit | 0x20);
    const bool decimal = digit >= '0' && digit <= '9', letter = lower >= 'a' && lower <= 'f';
    // A sign may stand first, for the reference reads a number.
    if (digit == '+' && value == 0 && token[3] == '+' && token[4] != '+') continue;
    if (!decimal && !letter) return std::nullopt;
    value = value * 16 + (decimal ? digit - '0' : lower - 'a' + 10);
  }
  return static_cast<char>(value);
}

class ByteFallback : public Decoder {
 public:
  Tokens decode(Tokens tokens) const override {
    Tokens decoded;
    std::string bytes;
    const auto flush = [&] {
      if (first_invalid_utf8(bytes) == bytes.size()) {
        if (!bytes.empty()) decoded.push_back(bytes);
      } else {
        decoded.insert(decoded.end(), bytes.size(), "\xef\xbf\xbd");
      }
      bytes.clear();
    };
    for (std::string& token : tokens) {
      if (const auto byte = byte_of(token)) {
        bytes.push_back(*byte);
      } else {
        flush();
        decoded.push_back(std::move(token));
      }
    }
    flush();
    return decoded;
  }
};

class Fuse : public Decoder {
 public:
  Tokens decode(Tokens tokens) const override { return {join_all(tokens)}; }
};

class StripDecoder : public Decoder {
 public:
  StripDecoder(std::string character, size_t start, size_t stop)
      : character_(std::move(character)), start_(start), stop_(stop) {}
  Tokens decode(Tokens tokens) const override {
    for (std::string& token : tokens) {
      std::string_view left = token;
      for (size_t i = 0; i < start_ && left.starts_with(character_); ++i)
        left.remove_prefix(character_.size());
      for (size_t i = 0; i < stop_ && left.ends_with(character_); ++i) left.remove_suffix(character_.size());
      token = std::string(left);
    }
    return tokens;
  }

 private:
  std::string character_;
  size_t start_, stop_;
};

class ReplaceDecoder : public Decoder {
 public:
  ReplaceDecoder(std::unique_ptr<Pattern> pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  Tokens decode(Tokens tokens) const override {
    for (std::string& token : tokens) {
      std::string replaced;
      size_t done = 0;
      pattern_->find(token, [&](size_t start, size_t end) {
        replaced.append(token, done, start - done).append(content_);
        done = end;
      });
      token = replaced.append(token, done);
    }
    return tokens;
  }

 private:
  std::unique_ptr<Pattern> pattern_;
  std::string content_;
};

class SuffixDecoder : public Decoder {
 public:
  explicit SuffixDecoder(std::string suffix) : suffix_(std::move(suffix)) {}
  Tokens decode(Tokens tokens) const override {
    for (std::string& token : tokens)
      token = replace_all(token, suffix_, &token == &tokens.back() ? "" : " ");
    return tokens;
  }

 private:
  std::string suffix_;
};

class Ctc : public Decoder {
 public:
  Ctc(std::string pad, std::string delimiter, bool cleanup)
      : pad_(std::move(pad)), delimiter_(std::move(delimiter)), cleanup_(cleanup) {}
  Tokens decode(Tokens tokens) const override {
    Tokens decoded;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0 && tokens[i] == tokens[i - 1]) continue;
      std::string text = replace_all(tokens[i], pad_, "");
      if (cleanup_) text = replace_all(clean_up(std::move(text)), delimiter_, " ");
      if (!text.empty()) decoded.push_back(std::move(text));
    }
    return decoded;
  }

 private:
  std::string pad_, delimiter_;
  bool cleanup_;
};

}  // namespace

std::unique_ptr<Decoder> decode_bytes() {
  return std::make_unique<Bytes>();
}
std::unique_ptr<Decoder> decode_byte_level() {
  return std::make_unique<ByteLevel>();
}
std::unique_ptr<Decoder> decode_metaspace(const MetaspaceSettings& settings) {
  return std::make_unique<MetaspaceDecoder>(settings);
}
std::unique_ptr<Decoder> decode_word_piece(std::string prefix, bool cleanup) {
  return std::make_unique<WordPieceDecoder>(std::move(prefix), cleanup);
}
std::unique_ptr<Decoder> decode_byte_fallback() {
  return std::make_unique<ByteFallback>();
}
std::unique_ptr<Decoder> decode_fuse() {
  return std::make_unique<Fuse>();
}
std::unique_ptr<Decoder> decode_strip(std::string character, size_t start, size_t stop) {
  return std::make_unique<StripDecoder>(std::move(character), start, stop);
}
std::unique_ptr<Decoder> decode_replace(std::unique_ptr<Pattern> pattern, std::string content) {
  return std::make_unique<ReplaceDecoder>(std::move(pattern), std::move(content));
}
std::unique_ptr<Decoder> decode_suffix(std::string suffix) {
  return std::make_unique<SuffixDecoder>(std::move(suffix));
}
std::unique_ptr<Decoder> decode_ctc(std::string pad, std::string delimiter, bool cleanup) {
  return std::make_unique<Ctc>(std::move(pad), std::move(delimiter), cleanup);
}

}  // namespace echelon::tokenizer
