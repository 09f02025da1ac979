#include "predict/tensor_model/script_model.h"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/alias_analysis.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/version.h>

#include <algorithm>
#include <charconv>
#include <new>

#include "common/error.h"
#include "common/format.h"
#include "predict/scorer/require_name.h"

namespace echelon::predict {
namespace {

namespace jit = torch::jit;

jit::Module load(const std::string& path) {
  try {
    jit::Module module = jit::load(path, at::kCPU);
    for (const jit::Module& part : module.modules())
      if (part.hasattr("training")) part._ivalue()->setAttr("training", false);
    return module;
  } catch (const std::exception& error) {
    throw CheckpointError(
        str_format("{}: LibTorch {} cannot load it: {}", path, TORCH_VERSION, reason_of(error)));
  }
}

jit::Function& find_method(const jit::Module& module, const TensorModelOptions& options) {
  const std::string name = options.method.empty() ? "forward" : options.method;
  if (const auto method = module.find_method(name)) return method->function();
  std::vector<std::string> known;
  for (const jit::Method& method : module.get_methods()) known.push_back(method.name());
  if (options.method.empty())
    throw ConfigError(
        str_format("model.method: {} has no method forward; choose one of {}", options.path, join(known)));
  require_name("model.method", name, known);
  throw InternalError("TorchScript lists a method that it does not find");
}

/// Whether a call leaves something of the module other than it was, as far as can be seen.
bool writes(const jit::AliasDb& aliases, jit::Value* self, jit::Block* block) {
  return std::ranges::any_of(block->nodes(), [&](jit::Node* node) {
    if (node->kind() == c10::prim::SetAttr || node->kind() == c10::prim::CallMethod) return true;
    if (const c10::FunctionSchema* schema = node->maybeSchema()) {
      for (size_t i = 0; i < schema->arguments().size() && i < node->inputs().size(); ++i) {
        const c10::AliasInfo* info = schema->arguments()[i].alias_info();
        if (info != nullptr && info->isWrite() && aliases.mayContainAlias(self, node->input(i))) return true;
      }
    }
    return std::ranges::any_of(node->blocks(),
                               [&](jit::Block* inner) { return writes(aliases, self, inner); });
  });
}

bool changes_module(const jit::Function& method) {
  const auto graph = jit::toGraphFunction(method).graph()->copy();
  jit::Inline(*graph);
  const jit::AliasDb aliases(graph);
  return writes(aliases, graph->inputs()[0], graph->block());
}

template <class T>
T parse_number(const std::string& key, const std::string& text, const char* what) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw ConfigError(str_format("{}: \"{}\" is no {}", key, text, what));
  return value;
}

/// The value of an argument that is no tensor.
c10::IValue parse_constant(const c10::Argument& argument, const std::string& text) {
  const std::string key = "constants." + argument.name();
  c10::TypePtr type = argument.type();
  if (const auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
  switch (type->kind()) {
    case c10::TypeKind::IntType:
      return parse_number<int64_t>(key, text, "whole number");
    case c10::TypeKind::FloatType:
      return parse_number<double>(key, text, "number");
    case c10::TypeKind::BoolType:
      if (text != "true" && text != "false")
        throw ConfigError(str_format("{}: \"{}\" is neither true nor false", key, text));
      return text == "true";
    case c10::TypeKind::StringType:
      return text;
    default:
      throw ConfigError(str_format("{}: the model's {} is of type {}, which takes no constant", key,
                                   argument.name(), type->annotation_str()));
  }
}

bool takes_tensor(const c10::Argument& argument) {
  return argument.type()->isSubtypeOf(c10::OptionalType::create(c10::TensorType::get()));
}

bool is_given(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Null where only running it tells. Throws ConfigError for what are no tensors.
std::optional<std::vector<std::string>> outputs_of(const c10::TypePtr& type, const std::string& signature) {
  if (type->kind() == c10::TypeKind::TensorType) return number_outputs(1);
  const auto tensors = [](const auto& types) {
    return std::ranges::all_of(
        types, [](const c10::TypePtr& each) { return each->kind() == c10::TypeKind::TensorType; });
  };
  if (const auto tuple = type->cast<c10::TupleType>(); tuple && tensors(tuple->elements())) {
    std::vector<std::string> names = number_outputs(tuple->elements().size());
    if (tuple->schema() && names.size() > 1)
      for (size_t i = 0; i < names.size(); ++i) names[i] = tuple->schema()->arguments()[i].name();
    return names;
  }
  if (const auto list = type->cast<c10::ListType>(); list && tensors(list->containedTypes()))
    return std::nullopt;
  if (const auto dict = type->cast<c10::DictType>();
      dict && dict->getKeyType()->kind() == c10::TypeKind::StringType &&
      dict->getValueType()->kind() == c10::TypeKind::TensorType)
    return std::nullopt;
  throw ConfigError(
      str_format("model: {} makes {}, of which no columns can be made: a tensor, or a tuple, a list or a "
                 "dictionary of tensors is needed; model.method chooses another method",
                 signature, type->annotation_str()));
}

std::vector<NamedTensor> tensors_of(const c10::IValue& value,
                                    const std::optional<std::vector<std::string>>& names) {
  std::vector<at::Tensor> tensors;
  if (value.isTensor()) {
    tensors = {value.toTensor()};
  } else if (value.isTensorList()) {
    tensors = value.toTensorVector();
  } else if (value.isGenericDict()) {
    std::vector<NamedTensor> named;
    for (const auto& entry : value.toGenericDict())
      named.push_back({entry.key().toStringRef(), entry.value().toTensor()});
    return named;
  } else {
    for (const c10::IValue& element : value.toTupleRef().elements()) tensors.push_back(element.toTensor());
  }
  std::vector<NamedTensor> named;
  const std::vector<std::string> known = names ? *names : number_outputs(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) named.push_back({known[i], std::move(tensors[i])});
  return named;
}

class ScriptModel final : public TensorModel {
 public:
  explicit ScriptModel(const TensorModelOptions& options)
      : module_(load(options.path)),
        method_(find_method(module_, options)),
        changes_(changes_module(method_)) {
    const c10::FunctionSchema& schema = method_.getSchema();
    signature_ = str_format("{}: {}", options.path, describe_method(schema));
    outputs_ = outputs_of(schema.returns()[0].type(), signature_);
    read_arguments(schema, options);
    for (const at::Tensor& parameter : module_.parameters()) weights_.push_back(parameter);
  }

  std::vector<NamedTensor> run(const std::vector<at::Tensor>& inputs) const override {
    // Unoptimised: what is specialised to shapes after some calls would not say the same to the last bit.
    const jit::GraphOptimizerEnabledGuard as_written(false);
    jit::Kwargs arguments = constants_;
    for (size_t i = 0; i < inputs.size(); ++i) arguments.emplace(inputs_[i], inputs[i]);
    try {
      const jit::Module module = changes_ ? fresh_module() : module_;
      return tensors_of(module.get_method(method_.name())({}, arguments), outputs_);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      throw RefusedTensors(reason_of(error));
    }
  }

 private:
  static std::string describe_method(const c10::FunctionSchema& schema) {
    std::string text = schema.name() + "(";
    for (size_t i = 1; i < schema.arguments().size(); ++i) {
      const c10::Argument& argument = schema.arguments()[i];
      text += str_format("{}{} {}", i == 1 ? "" : ", ", argument.type()->annotation_str(), argument.name());
    }
    return text + ")";
  }

  void read_arguments(const c10::FunctionSchema& schema, const TensorModelOptions& options) {
    std::vector<std::string> tensors, others;
    for (size_t i = 1; i < schema.arguments().size(); ++i) {
      const c10::Argument& argument = schema.arguments()[i];
      const bool tensor = takes_tensor(argument);
      (tensor ? tensors : others).push_back(argument.name());
      const auto constant = options.constants.find(argument.name());
      if (tensor && is_given(options.given, argument.name())) {
        inputs_.push_back(argument.name());
      } else if (!tensor && constant != options.constants.end()) {
        constants_.emplace(argument.name(), parse_constant(argument, constant->second));
      } else if (!argument.default_value()) {
        throw ConfigError(str_format("{}.{}: is missing; the model is {}", tensor ? "inputs" : "constants",
                                     argument.name(), signature_));
      }
    }
    for (const std::string& name : options.given) require_name("inputs." + name, name, tensors);
    for (const auto& [name, text] : options.constants) require_name("constants." + name, name, others);
  }

  /// As it lies in the file; it shares the parameters, which scoring does not change.
  jit::Module fresh_module() const {
    c10::IValue::HashIdentityIValueMap shared;
    for (const at::Tensor& weight : weights_) shared.emplace(weight, weight);
    return jit::Module(module_._ivalue()->deepcopy(shared));
  }

  jit::Module module_;
  jit::Function& method_;
  bool changes_;
  jit::Kwargs constants_;
  std::vector<at::Tensor> weights_;
};

}  // namespace

std::unique_ptr<TensorModel> open_script_model(const TensorModelOptions& options) {
  return std::make_unique<ScriptModel>(options);
}

}  // namespace echelon::predict
