#include "data/image/field_reader.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/format.h"
#include "image/orientation.h"
#include "tokenizer/tokenizer.h"

namespace echelon::data {
namespace {

using nlohmann::json;

/// What of the file is meant.
json member(const FieldPlaceSettings& place, const std::string& text) {
  json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) throw DataError("is no JSON");
  if (!place.key) return parsed;
  const auto found = parsed.is_object() ? parsed.find(*place.key) : parsed.end();
  if (found == parsed.end()) throw DataError(str_format("has no member \"{}\"", *place.key));
  return *found;
}

double number(const json& value) {
  if (!value.is_number()) throw DataError(str_format("holds {} where a number is expected", value.dump()));
  return value.get<double>();
}

/// float32 or float64.
void store(const at::Tensor& tensor, int64_t place, double value) {
  if (tensor.scalar_type() == at::kDouble) {
    tensor.mutable_data_ptr<double>()[place] = value;
  } else {
    tensor.mutable_data_ptr<float>()[place] = static_cast<float>(value);
  }
}

at::Tensor whole_numbers(at::IntArrayRef shape, const at::TensorOptions& options) {
  return at::empty(shape, options.dtype(at::kLong));
}

class TokensReader final : public FieldReader {
 public:
  explicit TokensReader(const TokensFieldSettings& settings)
      : settings_(settings), tokenizer_(tokenizer::load_tokenizer(settings.tokenizer.path)) {}

  void allocate(const std::string& name, int64_t samples, const at::TensorOptions& options,
                Batch& batch) const override {
    batch.inputs[name] = whole_numbers({samples, settings_.length}, options);
    batch.inputs[name + ".length"] = whole_numbers({samples}, options);
  }

  void read(const std::string& name, const std::string& text, const image::Placement&, Batch& batch,
            int64_t row) const override {
    const auto tokens =
        tokenizer_->encode(settings_.key ? string_member(text) : text, settings_.special_tokens);
    const auto used = std::min(static_cast<int64_t>(tokens.size()), settings_.length);
    auto* target = batch.inputs.at(name).mutable_data_ptr<int64_t>() + row * settings_.length;
    std::copy_n(tokens.begin(), used, target);
    std::fill(target + used, target + settings_.length, settings_.padding);
    batch.inputs.at(name + ".length").mutable_data_ptr<int64_t>()[row] = used;
  }

 private:
  std::string string_member(const std::string& text) const {
    const json value = member(settings_, text);
    if (!value.is_string()) throw DataError(str_format("has no text as its member \"{}\"", *settings_.key));
    return value.get<std::string>();
  }

  TokensFieldSettings settings_;
  std::unique_ptr<tokenizer::Tokenizer> tokenizer_;
};

class BoxesReader final : public FieldReader {
 public:
  explicit BoxesReader(const BoxesFieldSettings& settings) : settings_(settings) {}

  void allocate(const std::string& name, int64_t samples, const at::TensorOptions& options,
                Batch& batch) const override {
    batch.inputs[name] = at::empty({samples, settings_.count, 4}, options);
    batch.inputs[name + ".valid"] = whole_numbers({samples, settings_.count}, options);
  }

  void read(const std::string& name, const std::string& text, const image::Placement& placement, Batch& batch,
            int64_t row) const override {
    const json list = member(settings_, text);
    if (!list.is_array())
      throw DataError(str_format("holds {} instead of a list of boxes", list.type_name()));
    const auto given = static_cast<int64_t>(list.size());
    if (given > settings_.count)
      throw DataError(
          str_format("holds {} boxes, more than its count of {}; raise it", given, settings_.count));
    const at::Tensor& boxes = batch.inputs.at(name);
    auto* valid = batch.inputs.at(name + ".valid").mutable_data_ptr<int64_t>() + row * settings_.count;
    for (int64_t i = 0; i < settings_.count; ++i) {
      const std::optional<image::Box> box =
          i < given ? placed(list[static_cast<size_t>(i)], placement) : std::nullopt;
      valid[i] = box ? 1 : 0;
      const image::Box corners = box.value_or(image::Box{});
      const double numbers[] = {corners.left, corners.top, corners.left + corners.width,
                                corners.top + corners.height};
      for (int64_t n = 0; n < 4; ++n) store(boxes, (row * settings_.count + i) * 4 + n, numbers[n]);
    }
  }

 private:
  std::optional<image::Box> placed(const json& value, const image::Placement& placement) const {
    if (!value.is_array() || value.size() != 4)
      throw DataError(str_format("holds {} where a box of four numbers is expected", value.dump()));
    double left = number(value[0]), top = number(value[1]), width = number(value[2]),
           height = number(value[3]);
    if (settings_.format == BoxFormat::kXyxy) {
      width -= left;
      height -= top;
    }
    if (settings_.format == BoxFormat::kCxcywh) {
      left -= width / 2;
      top -= height / 2;
    }
    if (width < 0 || height < 0)
      throw DataError(str_format("holds the box {}, which ends before it begins", value.dump()));
    const image::ImageSize size =
        settings_.upright ? image::turned(placement.stored, placement.orientation) : placement.stored;
    const double across = settings_.normalized ? static_cast<double>(size.width) : 1;
    const double down = settings_.normalized ? static_cast<double>(size.height) : 1;
    const image::Box box{left * across, top * down, width * across, height * down};
    return settings_.upright ? image::place_upright_box(box, placement) : image::place_box(box, placement);
  }

  BoxesFieldSettings settings_;
};

class NumbersReader final : public FieldReader {
 public:
  explicit NumbersReader(const NumbersFieldSettings& settings) : settings_(settings) {}

  void allocate(const std::string& name, int64_t samples, const at::TensorOptions& options,
                Batch& batch) const override {
    batch.inputs[name] = at::empty({samples, settings_.count}, options);
  }

  void read(const std::string& name, const std::string& text, const image::Placement&, Batch& batch,
            int64_t row) const override {
    const json value = member(settings_, text);
    const json list = value.is_array() ? value : json::array({value});
    if (static_cast<int64_t>(list.size()) != settings_.count)
      throw DataError(str_format("holds {} numbers instead of {}", list.size(), settings_.count));
    for (int64_t i = 0; i < settings_.count; ++i)
      store(batch.inputs.at(name), row * settings_.count + i, number(list[static_cast<size_t>(i)]));
  }

 private:
  NumbersFieldSettings settings_;
};

}  // namespace

std::unique_ptr<FieldReader> make_reader(const TokensFieldSettings& settings) {
  return std::make_unique<TokensReader>(settings);
}

std::unique_ptr<FieldReader> make_reader(const BoxesFieldSettings& settings) {
  return std::make_unique<BoxesReader>(settings);
}

std::unique_ptr<FieldReader> make_reader(const NumbersFieldSettings& settings) {
  return std::make_unique<NumbersReader>(settings);
}

}  // namespace echelon::data
