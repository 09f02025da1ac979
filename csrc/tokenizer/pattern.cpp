#include "tokenizer/pattern.h"

namespace echelon::tokenizer {
namespace {

class Literal : public Pattern {
 public:
  explicit Literal(std::string_view wanted) : wanted_(wanted) {}
  void find(std::string_view text, FunctionRef<void(size_t, size_t)> found) const override {
    for (size_t at = text.find(wanted_); at != text.npos; at = text.find(wanted_, at + wanted_.size()))
      found(at, at + wanted_.size());
  }

 private:
  std::string wanted_;
};

}  // namespace

std::unique_ptr<Pattern> make_literal(std::string_view text) {
  return std::make_unique<Literal>(text);
}

std::unique_ptr<Pattern> make_pattern(std::string_view regex) {
  auto scanner = make_scanner(regex);
  return scanner ? std::move(scanner) : make_general_pattern(regex);
}

}  // namespace echelon::tokenizer
