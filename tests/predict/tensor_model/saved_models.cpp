#include "predict/tensor_model/saved_models.h"

#include <ATen/ATen.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/api/module.h>

namespace echelon::predict {

void save_script(const fs::path& path, const std::string& source) {
  torch::jit::Module module("Made");
  module.register_parameter("weight", at::arange(1, 7, at::kFloat).view({2, 3}), /*is_buffer=*/false);
  module.register_attribute("total", c10::TensorType::get(), at::zeros({1}));
  module.register_attribute("calls", c10::IntType::get(), int64_t{0});
  module.define(source + "\n");
  module.save(path.string());
}

void save_archive(const fs::path& path, const std::map<std::string, std::string>& records) {
  caffe2::serialize::PyTorchStreamWriter writer(path.string());
  for (const auto& [name, content] : records) writer.writeRecord(name, content.data(), content.size());
  writer.writeEndOfFile();
}

}  // namespace echelon::predict
