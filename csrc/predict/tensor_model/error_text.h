// What libraries that know no exceptions say to std::cerr.
#pragma once

#include <string>

namespace echelon::predict {

/// Keeps what this thread writes to std::cerr while it lives, instead of showing it. Other threads' text goes
/// where it went. Not nested.
class ErrorText {
 public:
  ErrorText();
  ~ErrorText();
  ErrorText(const ErrorText&) = delete;
  ErrorText& operator=(const ErrorText&) = delete;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Of what a compiled package and LibTorch below it wrote, what went wrong: LibTorch's words, without where
/// in its sources, else the package's; `otherwise` where there are none.
std::string reason_in(const std::string& text, const std::string& otherwise);

}  // namespace echelon::predict
