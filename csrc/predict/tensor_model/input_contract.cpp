#include "predict/tensor_model/input_contract.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <regex>
#include <set>

#include "common/error.h"
#include "common/format.h"

namespace echelon::predict {
namespace {

constexpr std::string_view kCompileAnew =
    "compile it anew with torch._inductor.aoti_compile_and_package of PyTorch 2.7 or newer";

[[noreturn]] void refuse(const std::string& origin, const std::string& what) {
  throw ConfigError(str_format("model: {} {}", origin, what));
}

std::optional<c10::ScalarType> type_of(const std::string& name) {
  static const std::map<std::string, c10::ScalarType> types{
      {"float32", at::kFloat}, {"float64", at::kDouble}, {"bfloat16", at::kBFloat16}, {"float16", at::kHalf},
      {"int64", at::kLong},    {"int32", at::kInt},      {"bool", at::kBool}};
  const auto found = types.find(name);
  return found == types.end() ? std::nullopt : std::optional(found->second);
}

std::string name_of(c10::ScalarType type) {
  return c10::getDtypeNames(type).first;
}

/// The generated source, line by line.
class Reader {
 public:
  Reader(std::string_view source, const std::string& origin) : origin_(origin) {
    const size_t checks = source.find("check_input_0(");
    const size_t run = source.find("AOTInductorModel::run_impl(");
    if (checks == std::string_view::npos || run == std::string_view::npos || run < checks)
      refuse(origin, str_format("does not say what tensors it takes; {}", kCompileAnew));
    each_line(source.substr(checks, run - checks), [&](const std::string& line) { read_check(line); });
    each_line(source.substr(run), [&](const std::string& line) { read_name(line); });
  }

  std::vector<ContractedInput> inputs() {
    for (size_t i = 0; i < inputs_.size(); ++i)
      if (!typed_.contains(i))
        refuse(origin_, str_format("does not say what input_{} is; {}", i, kCompileAnew));
    for (size_t i = 0; i < inputs_.size(); ++i)
      for (size_t d = 0; d < inputs_[i].dimensions.size(); ++d) relate({i, d});
    return std::move(inputs_);
  }

 private:
  template <class F>
  static void each_line(std::string_view text, F use) {
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      const size_t begin = line.find_first_not_of(' ');
      if (begin != std::string_view::npos) use(std::string(line.substr(begin)));
      // Sizes are named at the beginning; what follows may be long.
      if (line.find("this->kernels_.get()") != std::string_view::npos) return;
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  int64_t number(const std::string& text) const {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) unclear(text);
    return value;
  }

  [[noreturn]] void unclear(const std::string& line) const {
    refuse(origin_, str_format("says of its inputs what is not understood here: {}", line));
  }

  void read_check(const std::string& line) {
    static const std::regex input(R"(ConstantHandle (\w+) = ConstantHandle\(input_handles\[(\d+)\]\);.*)");
    static const std::regex type(R"(int32_t (\w+)_expected_dtype = aoti_torch_dtype_(\w+)\(\);.*)");
    static const std::regex equal(R"(if \((\d+)L? != (\w+)_(size|stride)\[(\d+)\]\) \{.*)");
    static const std::regex bound(R"(if \((\w+)_size\[(\d+)\] (<|>) (\d+)L?\) \{.*)");
    static const std::regex device(R"(int32_t \w+_expected_device_type = (\d+);.*)");
    std::smatch match;
    if (std::regex_match(line, match, input)) {
      if (number(match[2]) != std::ssize(inputs_)) unclear(line);
      name_ = match[1];
      places_[name_] = inputs_.size();
      inputs_.emplace_back();
    } else if (std::regex_match(line, match, type)) {
      const auto known = type_of(match[2]);
      if (inputs_.empty() || !known)
        refuse(origin_, str_format("takes numbers of type {}, which no column becomes", match[2].str()));
      inputs_.back().type = *known;
      typed_.insert(inputs_.size() - 1);
    } else if (std::regex_match(line, match, equal) && match[2] == name_) {
      const int64_t value = number(match[1]);
      const auto place = static_cast<size_t>(number(match[4]));
      if (match[3] == "size") {
        dimension(place).least = dimension(place).most = value;
      } else {
        dimension(place);
        inputs_.back().strides[place] = value;
      }
    } else if (std::regex_match(line, match, bound) && match[1] == name_) {
      Dimension& bounded = dimension(static_cast<size_t>(number(match[2])));
      (match[3] == "<" ? bounded.least : bounded.most) = number(match[4]);
    } else if (std::regex_match(line, match, device)) {
      if (match[1] != "0") refuse(origin_, "takes tensors that are not on the CPU");
    } else if (line.starts_with("if (") &&
               (line.find("_size[") != std::string::npos || line.find("_stride[") != std::string::npos)) {
      unclear(line);
    }
  }

  Dimension& dimension(size_t place) {
    constexpr size_t kMost = 64;  // of a tensor
    if (inputs_.empty() || place >= kMost) unclear(str_format("dimension {}", place));
    ContractedInput& input = inputs_.back();
    if (input.dimensions.size() <= place) {
      input.dimensions.resize(place + 1);
      input.strides.resize(place + 1);
    }
    return input.dimensions[place];
  }

  /// `int64_t s31 = arg4_1_size[0];` names a size; `int64_t arg4_1_size_0 = arg4_1_size[0];` one that is
  /// computed from others, which a line after it names.
  void read_name(const std::string& line) {
    static const std::regex named(R"(int64_t (\w+) = (\w+)_size\[(\d+)\];.*)");
    std::smatch match;
    if (!std::regex_match(line, match, named)) return;
    const auto input = places_.find(match[2]);
    if (input == places_.end()) return;
    const auto place = std::pair(input->second, static_cast<size_t>(number(match[3])));
    const bool computed = match[1] == match[2].str() + "_size_" + match[3].str();
    (computed ? computed_ : named_).insert(place);
  }

  void relate(Dimension::Place place) {
    Dimension& own = inputs_[place.input].dimensions[place.dimension];
    const std::pair key(place.input, place.dimension);
    if (own.is_fixed() || named_.contains(key)) return;
    if (!computed_.contains(key)) {
      for (const auto& [input, dimension] : named_) {
        if (dimension >= inputs_[input].dimensions.size()) continue;
        const Dimension& other = inputs_[input].dimensions[dimension];
        const bool both_rows = (dimension == 0) == (place.dimension == 0);
        if (both_rows && other.least == own.least && other.most == own.most)
          own.equals.push_back({input, dimension});
      }
    }
    if (own.equals.empty())
      refuse(origin_,
             str_format("takes an input_{} whose dimension {} is computed from other sizes, which does "
                        "not score here; export it with a size of its own",
                        place.input, place.dimension));
  }

  const std::string& origin_;
  std::string name_;
  std::map<std::string, size_t> places_;
  std::set<size_t> typed_;
  std::vector<ContractedInput> inputs_;
  std::set<std::pair<size_t, size_t>> named_, computed_;
};

std::string describe(const Dimension& dimension) {
  if (dimension.is_fixed()) return str_format("{}", dimension.least);
  if (dimension.most == std::numeric_limits<int64_t>::max()) return str_format("{} or more", dimension.least);
  return str_format("{} to {}", dimension.least, dimension.most);
}

/// Strides of [rows, …] in an input: its own, and where it has none, those of a contiguous tensor.
std::vector<int64_t> strides_of(const ContractedInput& input, at::IntArrayRef sizes) {
  std::vector<int64_t> strides(sizes.size());
  int64_t contiguous = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = input.strides[i].value_or(contiguous);
    contiguous *= std::max(sizes[i], int64_t{1});
  }
  return strides;
}

/// Whether its strides are those of a contiguous tensor, as far as its sizes are known.
bool is_contiguous(const ContractedInput& input) {
  std::optional<int64_t> contiguous = 1;
  for (size_t i = input.dimensions.size(); i-- > 0;) {
    if (contiguous && input.strides[i] && input.strides[i] != contiguous) return false;
    const Dimension& dimension = input.dimensions[i];
    contiguous =
        contiguous && dimension.is_fixed() ? std::optional(*contiguous * dimension.least) : std::nullopt;
  }
  return true;
}

bool all_strides_known(const ContractedInput& input) {
  return std::ranges::all_of(input.strides, [](const auto& stride) { return stride.has_value(); });
}

}  // namespace

InputContract::InputContract(std::string_view source, const std::string& origin)
    : inputs_(Reader(source, origin).inputs()) {
  find_rows(origin);
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (!is_contiguous(inputs_[i]) && !all_strides_known(inputs_[i]))
      refuse(origin,
             str_format("takes an input_{} whose rows lie in memory in an order that depends on their size; "
                        "export it with contiguous tensors",
                        i));
}

void InputContract::find_rows(const std::string& origin) {
  if (inputs_.empty()) refuse(origin, "takes no tensors");
  most_rows_ = std::numeric_limits<int64_t>::max();
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].dimensions.empty())
      refuse(origin, str_format("takes an input_{} without dimensions, which has no rows", i));
    const Dimension& rows = inputs_[i].dimensions[0];
    least_rows_ = std::max({least_rows_, rows.least, int64_t{1}});
    most_rows_ = std::min(most_rows_, rows.most);
    if (rows.is_fixed() != inputs_[0].dimensions[0].is_fixed() || least_rows_ > most_rows_)
      refuse(origin,
             str_format("takes an input_0 whose first dimension is {}, and an input_{} where it is {}: they "
                        "must be as many rows",
                        describe(inputs_[0].dimensions[0]), i, describe(rows)));
  }
}

std::string InputContract::problem(const std::vector<at::Tensor>& tensors,
                                   const std::vector<std::string>& names) const {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const ContractedInput& input = inputs_[i];
    const at::Tensor& tensor = tensors[i];
    if (tensor.scalar_type() != input.type)
      return str_format("{} is {} there, not {} (tensors.{}.type)", names[i], name_of(input.type),
                        name_of(tensor.scalar_type()), names[i]);
    if (tensor.dim() != std::ssize(input.dimensions))
      return str_format("{} has {} dimensions there, not {} (tensors.{}.shape)", names[i],
                        input.dimensions.size(), tensor.dim(), names[i]);
    for (size_t d = 1; d < input.dimensions.size(); ++d) {
      const Dimension& dimension = input.dimensions[d];
      const int64_t size = tensor.size(static_cast<int64_t>(d));
      if (size < dimension.least || size > dimension.most)
        return str_format("dimension {} of {} is {} there, not {}", d, names[i], describe(dimension), size);
      for (const Dimension::Place& other : dimension.equals) {
        const int64_t expected = tensors[other.input].size(static_cast<int64_t>(other.dimension));
        if (size != expected)
          return str_format(
              "dimension {} of {} is {}, and must be as large as dimension {} of {}, which is {}", d,
              names[i], size, other.dimension, names[other.input], expected);
      }
    }
  }
  return "";
}

at::Tensor InputContract::laid_out(const at::Tensor& tensor, size_t input) const {
  const std::vector<int64_t> strides = strides_of(inputs_[input], tensor.sizes());
  if (tensor.strides() == at::IntArrayRef(strides)) return tensor;
  return at::empty_strided(tensor.sizes(), strides, tensor.options()).copy_(tensor);
}

}  // namespace echelon::predict
