#include "predict/tensor_model/saved_models.h"

#include <ATen/ATen.h>
#include <caffe2/serialize/inline_container.h>
#include <sys/utsname.h>
#include <torch/csrc/jit/api/module.h>

#include <nlohmann/json.hpp>

#include "common/format.h"

namespace echelon::predict {
namespace {

std::string check_of(size_t input, const CheckedInput& checked) {
  const std::string name = str_format("arg{}_1", input);
  std::string text = str_format(
      "AOTI_NOINLINE static void check_input_{}(\n    AtenTensorHandle* input_handles\n) {{\n"
      "    ConstantHandle {} = ConstantHandle(input_handles[{}]);\n"
      "    int32_t {}_expected_dtype = aoti_torch_dtype_{}();\n"
      "    if ({}_expected_dtype != {}_dtype) {{\n    }}\n",
      input, name, input, name, checked.type, name, name);
  for (size_t d = 0; d < checked.sizes.size(); ++d) {
    const CheckedSize& size = checked.sizes[d];
    if (size.least == size.most) {
      text += str_format("    if ({} != {}_size[{}]) {{\n    }}\n", size.most, name, d);
      continue;
    }
    if (size.least >= 0) text += str_format("    if ({}_size[{}] < {}) {{\n    }}\n", name, d, size.least);
    if (size.most >= 0) text += str_format("    if ({}_size[{}] > {}) {{\n    }}\n", name, d, size.most);
  }
  for (size_t d = 0; d < checked.sizes.size(); ++d)
    if (checked.sizes[d].stride >= 0)
      text += str_format("    if ({} != {}_stride[{}]) {{\n    }}\n", checked.sizes[d].stride, name, d);
  return text + str_format("    int32_t {}_expected_device_type = 0;\n}}\n", name);
}

std::string names_in(size_t input, const CheckedInput& checked) {
  std::string text;
  for (size_t d = 0; d < checked.sizes.size(); ++d) {
    const std::string size = str_format("arg{}_1_size[{}];\n", input, d);
    if (checked.sizes[d].name == CheckedSize::Name::kOwn)
      text += str_format("    int64_t s{}{} = {}", input, d, size);
    if (checked.sizes[d].name == CheckedSize::Name::kComputed)
      text += str_format("    int64_t arg{}_1_size_{} = {}", input, d, size);
  }
  return text;
}

}  // namespace

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

std::string generated_source(const std::vector<CheckedInput>& inputs) {
  std::string text;
  for (size_t i = 0; i < inputs.size(); ++i) text += check_of(i, inputs[i]);
  text += "void AOTInductorModel::run_impl(\n    AtenTensorHandle*\n        input_handles\n) {\n";
  for (size_t i = 0; i < inputs.size(); ++i) text += names_in(i, inputs[i]);
  return text + "    auto& kernels = static_cast<AOTInductorModelKernels&>(*this->kernels_.get());\n}\n";
}

std::map<std::string, std::string> package_metadata() {
  utsname system{};
  uname(&system);
  return {{"AOTI_DEVICE_KEY", "cpu"},
          {"AOTI_PLATFORM", "linux"},
          {"AOTI_MACHINE", system.machine},
          {"AOTI_CPU_ISA", "INVALID_VEC_ISA"}};
}

void save_package(const fs::path& path, const fs::path& library, const std::string& source,
                  const std::map<std::string, std::string>& metadata) {
  const std::string stem = "data/aotinductor/model/made.wrapper";
  save_archive(path, {{"archive_format", "pt2"},
                      {stem + ".so", read_file(library)},
                      {stem + ".cpp", source},
                      {stem + "_metadata.json", nlohmann::json(metadata).dump()}});
}

}  // namespace echelon::predict
