#include "predict/tensor_model/error_text.h"

#include <iostream>
#include <streambuf>
#include <string_view>

namespace echelon::predict {
namespace {

thread_local std::string* kept = nullptr;

/// Stands before the buffer that std::cerr had.
class Divider final : public std::streambuf {
 public:
  explicit Divider(std::streambuf* shown) : shown_(shown) {}

 protected:
  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
    if (kept == nullptr) return shown_->sputc(traits_type::to_char_type(character));
    kept->push_back(traits_type::to_char_type(character));
    return character;
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    if (kept == nullptr) return shown_->sputn(text, size);
    kept->append(text, static_cast<size_t>(size));
    return size;
  }
  int sync() override { return kept == nullptr ? shown_->pubsync() : 0; }

 private:
  std::streambuf* shown_;
};

/// For the life of the process: std::cerr is used to its very end.
void divide_cerr() {
  static const auto* divider = [] {
    auto* made = new Divider(std::cerr.rdbuf());
    std::cerr.rdbuf(made);
    return made;
  }();
  static_cast<void>(divider);
}

/// The rest of the line that the last `mark` begins.
std::string after_last(std::string_view mark, std::string_view text) {
  const size_t found = text.rfind(mark);
  if (found == std::string_view::npos) return "";
  const std::string_view rest = text.substr(found + mark.size());
  return std::string(rest.substr(0, rest.find('\n')));
}

}  // namespace

ErrorText::ErrorText() {
  divide_cerr();
  kept = &text_;
}

ErrorText::~ErrorText() {
  kept = nullptr;
}

std::string reason_in(const std::string& text, const std::string& otherwise) {
  for (const char* mark : {"Exception in aoti_torch: ", "Error: "})
    if (std::string reason = after_last(mark, text); !reason.empty()) return reason;
  return otherwise;
}

}  // namespace echelon::predict
