#include "predict/tensor_model/package_model.h"

#include <ATen/ATen.h>
#include <ATen/DynamicLibrary.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <torch/csrc/inductor/aoti_runner/model_container_runner_cpu.h>
#include <torch/version.h>

#include <algorithm>
#include <iostream>
#include <new>
#include <nlohmann/json.hpp>

#include "common/checksum.h"
#include "common/error.h"
#include "common/file.h"
#include "common/format.h"
#include "common/own_library.h"
#include "predict/scorer/require_name.h"
#include "predict/tensor_model/compiled_package.h"
#include "predict/tensor_model/error_text.h"
#include "predict/tensor_model/input_contract.h"

namespace echelon::predict {
namespace {

using nlohmann::json;

/// Lets the process have a library of the name libtorch.so, which packages want.
void provide_libtorch_name() {
  static const bool provided = [] {
    if (dlopen("libtorch.so", RTLD_LAZY | RTLD_NOLOAD) != nullptr) return true;
    constexpr char kLibrary[] = "libechelon_torch.so";
    for (const fs::path& path : own_library_paths(kLibrary))
      if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return true;
    throw CheckpointError(str_format(
        "compiled packages need {}, which is not beside libechelon.so: build Echelon anew, or copy "
        "all of its libraries",
        kLibrary));
  }();
  static_cast<void>(provided);
}

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& package) {
    std::error_code error;
    path_ = (fs::temp_directory_path(error) / "echelon-package-XXXXXX").string();
    if (error || mkdtemp(path_.data()) == nullptr)
      throw CheckpointError(str_format(
          "{} cannot be unpacked: no folder can be made in TMPDIR, or where that is not set in /tmp; let "
          "it name a folder that can be written",
          package));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  fs::path path() const { return path_; }

 private:
  std::string path_;
};

/// LibTorch's, and what it does not tell.
class Runner final : public torch::inductor::AOTIModelContainerRunnerCpu {
 public:
  using AOTIModelContainerRunnerCpu::AOTIModelContainerRunnerCpu;

  size_t inputs() const { return count("AOTInductorModelContainerGetNumInputs"); }
  size_t outputs() const { return count("AOTInductorModelContainerGetNumOutputs"); }

 private:
  size_t count(const char* function) const {
    using Count = AOTIRuntimeError (*)(AOTInductorModelContainerHandle, size_t*);
    size_t number = 0;
    if (reinterpret_cast<Count>(model_so_->sym(function))(container_handle_, &number) != AOTI_RUNTIME_SUCCESS)
      throw InternalError(str_format("{} failed", function));
    return number;
  }
};

/// The package's files are gone when it is loaded, so that nothing stays behind whatever ends the process.
std::unique_ptr<Runner> load(const CompiledPackage& package, const TensorModelOptions& options) {
  provide_libtorch_name();
  // The second guard: read by the package at its first call.
  setenv("AOTI_RUNTIME_CHECK_INPUTS", "1", /*overwrite=*/0);
  const TemporaryFolder folder(options.path);
  const fs::path library = package.unpack(folder.path());
  const ErrorText said;
  try {
    return std::make_unique<Runner>(library.string(), static_cast<size_t>(options.calls_at_once));
  } catch (const std::exception& error) {
    throw CheckpointError(str_format("{}: LibTorch {} cannot load it: {}", options.path, TORCH_VERSION,
                                     reason_in(said.text(), reason_of(error))));
  }
}

bool is_leaf(const json& spec) {
  return spec.at("type").is_null();
}

size_t count_leaves(const json& spec) {
  if (is_leaf(spec)) return 1;
  size_t leaves = 0;
  for (const json& child : spec.at("children_spec")) leaves += count_leaves(child);
  return leaves;
}

/// Appends a name for each leaf of `spec`: its key where it lies in a dictionary itself, else `prefix` and
/// its place.
void name_leaves(const json& spec, const std::string& prefix, std::vector<std::string>& names) {
  const json& children = spec.at("children_spec");
  const bool keys = spec.at("type") == "builtins.dict";
  const json context = keys ? json::parse(spec.at("context").get<std::string>()) : json();
  for (size_t i = 0; i < children.size(); ++i) {
    if (is_leaf(children[i]) && keys) {
      names.push_back(context.at(i).get<std::string>());
    } else {
      for (size_t leaves = count_leaves(children[i]); leaves > 0; --leaves)
        names.push_back(str_format("{}{}", prefix, names.size()));
    }
  }
}

/// Inputs that are no tensors have become part of the code, and which those are is not told.
std::vector<std::string> input_names(const std::string& call_spec, size_t count) {
  std::vector<std::string> names;
  const json spec = json::parse(call_spec).at(1);
  if (count_leaves(spec) == count)
    for (const json& arguments : spec.at("children_spec")) name_leaves(arguments, "input_", names);
  if (names.size() != count) names.clear();
  while (names.size() < count) names.push_back(str_format("input_{}", names.size()));
  return names;
}

std::vector<std::string> output_names(const std::string& call_spec, size_t count) {
  const json spec = json::parse(call_spec).at(1);
  if (is_leaf(spec) || count_leaves(spec) != count || spec.at("type") != "builtins.dict")
    return number_outputs(count);
  std::vector<std::string> names;
  name_leaves(spec, "output_", names);
  return names;
}

/// "input_0 float32 [rows, 4], …".
std::string describe(const InputContract& contract, const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < names.size(); ++i) {
    const ContractedInput& input = contract.inputs()[i];
    std::vector<std::string> sizes{"rows"};
    for (size_t d = 1; d < input.dimensions.size(); ++d) {
      const Dimension& dimension = input.dimensions[d];
      sizes.push_back(dimension.is_fixed() ? str_format("{}", dimension.least) : "any");
    }
    texts.push_back(str_format("{} {} [{}]", names[i], c10::getDtypeNames(input.type).first, join(sizes)));
  }
  return join(texts);
}

/// `rows` rows of `tensor` from `begin` on, and the last of them again until there are `least`.
at::Tensor part_of(const at::Tensor& tensor, int64_t begin, int64_t rows, int64_t least) {
  const at::Tensor part = tensor.narrow(0, begin, rows);
  if (rows >= least) return part;
  std::vector<int64_t> sizes = part.sizes().vec();
  sizes[0] = least - rows;
  return at::cat({part, part.narrow(0, rows - 1, 1).expand(sizes)});
}

class PackageModel final : public TensorModel {
 public:
  explicit PackageModel(const TensorModelOptions& options)
      : PackageModel(options, {options.path, options.method}) {}

  std::vector<NamedTensor> run(const std::vector<at::Tensor>& inputs) const override {
    if (const std::string problem = contract_.problem(inputs, inputs_); !problem.empty())
      throw RefusedTensors(problem);
    const int64_t rows = inputs[0].size(0);
    std::vector<std::vector<at::Tensor>> made(outputs_->size());
    for (int64_t begin = 0; begin < rows;) {
      const int64_t count = std::min(rows - begin, contract_.most_rows());
      std::vector<at::Tensor> outputs = call(inputs, begin, count);
      for (size_t i = 0; i < made.size(); ++i) made[i].push_back(std::move(outputs[i]));
      begin += count;
    }
    std::vector<NamedTensor> named;
    for (size_t i = 0; i < made.size(); ++i)
      named.push_back({(*outputs_)[i], made[i].size() == 1 ? made[i][0].contiguous() : at::cat(made[i])});
    return named;
  }

 private:
  PackageModel(const TensorModelOptions& options, const CompiledPackage& package)
      : contract_((require_this_machine(options.path, package.metadata()), package.source()), options.path),
        runner_(load(package, options)) {
    name_tensors(options);
    require_weights(options.path);
    require_no_state(options.path);
  }

  void name_tensors(const TensorModelOptions& options) {
    if (runner_->inputs() != contract_.inputs().size())
      throw CheckpointError(str_format("{} was not compiled from the source in it", options.path));
    const std::vector<std::string> call_spec = runner_->get_call_spec();
    try {
      inputs_ = input_names(call_spec[0], contract_.inputs().size());
      outputs_ = output_names(call_spec[1], runner_->outputs());
    } catch (const json::exception& error) {
      throw CheckpointError(
          str_format("{}: how it is called is not understood here ({})", options.path, error.what()));
    }
    for (const ContractedInput& input : contract_.inputs()) types_.push_back(input.type);
    signature_ = str_format("{} ({})", options.path, describe(contract_, inputs_));
    for (const std::string& name : options.given) require_name("inputs." + name, name, inputs_);
    for (const std::string& name : inputs_)
      if (std::ranges::find(options.given, name) == options.given.end())
        throw ConfigError(str_format("inputs.{}: is missing; the model is {}", name, signature_));
    if (!options.constants.empty())
      throw ConfigError(
          str_format("constants.{}: a compiled package holds the values of arguments that are no tensors",
                     options.constants.begin()->first));
  }

  /// It runs without them, too, and computes with whatever lies in memory.
  void require_weights(const std::string& path) const {
    const bool needs = std::ranges::any_of(runner_->getConstantNamesToOriginalFQNs(),
                                           [](const auto& constant) { return !constant.second.empty(); });
    if (needs && runner_->extract_constants_map(/*use_inactive=*/false).empty())
      throw CheckpointError(str_format(
          "{} was compiled without its weights (aot_inductor.package_constants_in_so: False); compile "
          "it with them",
          path));
  }

  /// Of what it computes with.
  std::map<std::string, std::string> digests() const {
    std::map<std::string, std::string> digests;
    for (const auto& [name, constant] : runner_->extract_constants_map(/*use_inactive=*/false)) {
      if (!constant.has_storage() || constant.device().type() != at::kCPU) continue;
      const at::Tensor values = constant.contiguous();
      digests[name] = checksum_of({static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes()});
    }
    return digests;
  }

  void require_no_state(const std::string& path) const {
    const auto before = digests();
    try {
      call(smallest(), 0, contract_.least_rows());
    } catch (const RefusedTensors&) {  // other tensors it may take
    }
    for (const auto& [name, digest] : digests())
      if (digest != before.at(name))
        throw ConfigError(
            str_format("model: {} changes its {} with every call, so that what it says of rows depends "
                       "on those before; save it as TorchScript, which begins each batch anew",
                       path, name));
  }

  /// Zeros, as few as it takes.
  std::vector<at::Tensor> smallest() const {
    std::vector<at::Tensor> tensors;
    for (const ContractedInput& input : contract_.inputs()) {
      std::vector<int64_t> sizes{contract_.least_rows()};
      for (size_t d = 1; d < input.dimensions.size(); ++d)
        sizes.push_back(std::max(input.dimensions[d].least, std::min(input.dimensions[d].most, int64_t{1})));
      tensors.push_back(at::zeros(sizes, input.type));
    }
    return tensors;
  }

  /// What it makes of `rows` rows from `begin` on. Throws RefusedTensors.
  std::vector<at::Tensor> call(const std::vector<at::Tensor>& inputs, int64_t begin, int64_t rows) const {
    std::vector<at::Tensor> outputs;
    std::string said;
    try {
      std::vector<at::Tensor> parts;
      for (size_t i = 0; i < inputs.size(); ++i)
        parts.push_back(contract_.laid_out(part_of(inputs[i], begin, rows, contract_.least_rows()), i));
      outputs = ask(parts, said);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      throw RefusedTensors(reason_in(said, reason_of(error)));
    }
    std::cerr << said;
    const int64_t asked = std::max(rows, contract_.least_rows());
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].dim() == 0 || outputs[i].size(0) != asked)
        throw ConfigError(str_format("model: {} makes {}{} of {} rows; the first dimension must be the rows",
                                     signature_, (*outputs_)[i].empty() ? "" : (*outputs_)[i] + " ",
                                     format_shape(outputs[i].sizes()), asked));
      outputs[i] = outputs[i].narrow(0, 0, rows);
    }
    return outputs;
  }

  /// `said`: what was written to std::cerr meanwhile, also where it throws.
  std::vector<at::Tensor> ask(const std::vector<at::Tensor>& parts, std::string& said) const {
    const ErrorText text;
    try {
      std::vector<at::Tensor> outputs = runner_->run(parts);
      said = text.text();
      return outputs;
    } catch (...) {
      said = text.text();
      throw;
    }
  }

  InputContract contract_;
  std::unique_ptr<Runner> runner_;
};

}  // namespace

std::unique_ptr<TensorModel> open_package_model(const TensorModelOptions& options) {
  return std::make_unique<PackageModel>(options);
}

}  // namespace echelon::predict
