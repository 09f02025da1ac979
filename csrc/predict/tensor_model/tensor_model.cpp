#include "predict/tensor_model/tensor_model.h"

#include <c10/util/Exception.h>

#include "common/format.h"

namespace echelon::predict {

std::vector<std::string> number_outputs(size_t count) {
  if (count == 1) return {""};
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back(str_format("output_{}", i));
  return names;
}

std::string reason_of(const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  const std::string text = of_torch != nullptr ? of_torch->what_without_backtrace() : error.what();
  const size_t end = text.find_last_not_of(" \n");
  if (end == std::string::npos) return "it does not say why";
  const size_t before = text.rfind('\n', end);
  const size_t begin = before == std::string::npos ? 0 : before + 1;
  return text.substr(begin, end + 1 - begin);
}

}  // namespace echelon::predict
