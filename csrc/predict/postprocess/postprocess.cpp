#include "predict/postprocess/postprocess.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/format.h"
#include "models/text_embedding.h"

namespace echelon::predict {
namespace {

using table::Column;
using table::ColumnType;
using table::Field;

Field list_field(const std::string& name, ColumnType items) {
  return {.name = name, .type = ColumnType::kList, .item_type = items};
}

/// Appends [rows, values] as lists.
template <class T>
void append_lists(Column& column, const at::Tensor& rows, std::vector<T>& items) {
  const at::Tensor values = rows.to(c10::CppTypeToScalarType<T>::value).contiguous();
  const T* first = values.const_data_ptr<T>();
  items.insert(items.end(), first, first + values.numel());
  column.items[0].rows = static_cast<int64_t>(items.size());
  for (int64_t row = 0; row < rows.size(0); ++row)
    column.offsets.push_back(column.offsets.back() + rows.size(1));
  column.rows += rows.size(0);
}

void append_float_lists(Column& column, const at::Tensor& rows) {
  append_lists<float>(column, rows, column.items[0].floats);
}

void append_floats(Column& column, const at::Tensor& values) {
  const at::Tensor floats = values.to(at::kFloat).contiguous();
  const float* first = floats.const_data_ptr<float>();
  column.floats.insert(column.floats.end(), first, first + floats.numel());
  column.rows += floats.numel();
}

/// Classes by name, or by number where they have none.
class Classes {
 public:
  explicit Classes(std::vector<std::string> names) : names_(std::move(names)) {}
  ColumnType type() const { return names_.empty() ? ColumnType::kInt64 : ColumnType::kString; }

  /// `indices`: int64.
  void append(Column& column, const at::Tensor& indices) const {
    const at::Tensor flat = indices.contiguous();
    const int64_t* values = flat.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < flat.numel(); ++i) {
      if (names_.empty()) {
        column.integers.push_back(values[i]);
        ++column.rows;
      } else {
        table::append_text(column, names_[static_cast<size_t>(values[i])]);
      }
    }
  }

  void require(int64_t values) const {
    if (!names_.empty() && std::cmp_not_equal(names_.size(), values))
      throw ConfigError(str_format("postprocess.class_names: there are {} names, the model has {} outputs",
                                   names_.size(), values));
  }

 private:
  std::vector<std::string> names_;
};

class OneClass final : public Postprocess {
 public:
  OneClass(const std::string& prefix, Classes classes, bool probability)
      : Postprocess(schema(prefix, classes, probability)),
        classes_(std::move(classes)),
        probability_(probability) {}

 private:
  static table::Schema schema(const std::string& prefix, const Classes& classes, bool probability) {
    table::Schema schema{{.name = prefix + "prediction", .type = classes.type()}};
    if (probability) schema.push_back({.name = prefix + "probability", .type = ColumnType::kFloat32});
    return schema;
  }

  void convert(const at::Tensor& rows, std::vector<Column>& columns) const override {
    classes_.require(rows.size(1));
    const auto [highest, index] = at::softmax(rows, 1).max(1);
    classes_.append(columns[0], index);
    if (probability_) append_floats(columns[1], highest);
  }

  Classes classes_;
  bool probability_;
};

void require_top(int64_t top, int64_t classes) {
  if (top > classes)
    throw ConfigError(str_format("postprocess.top: {} is more than the model's {} classes", top, classes));
}

class TopClasses final : public Postprocess {
 public:
  TopClasses(const std::string& prefix, Classes classes, int64_t top)
      : Postprocess({list_field(prefix + "classes", classes.type()),
                     list_field(prefix + "probabilities", ColumnType::kFloat32)}),
        classes_(std::move(classes)),
        top_(top) {}

 private:
  void convert(const at::Tensor& rows, std::vector<Column>& columns) const override {
    classes_.require(rows.size(1));
    require_top(top_, rows.size(1));
    const auto [sorted, order] = at::softmax(rows, 1).sort(/*stable=*/true, /*dim=*/1, /*descending=*/true);
    Column& names = columns[0];
    classes_.append(names.items[0], order.slice(1, 0, top_));
    for (int64_t row = 0; row < rows.size(0); ++row) names.offsets.push_back(names.offsets.back() + top_);
    names.rows += rows.size(0);
    append_float_lists(columns[1], sorted.slice(1, 0, top_));
  }

  Classes classes_;
  int64_t top_;
};

class Softmax final : public Postprocess {
 public:
  Softmax(const std::string& prefix, Classes classes)
      : Postprocess({list_field(prefix + "probabilities", ColumnType::kFloat32)}),
        classes_(std::move(classes)) {}

 private:
  void convert(const at::Tensor& rows, std::vector<Column>& columns) const override {
    classes_.require(rows.size(1));
    append_float_lists(columns[0], at::softmax(rows, 1));
  }

  Classes classes_;
};

class Sigmoid final : public Postprocess {
 public:
  Sigmoid(const std::string& prefix, Classes classes, int64_t values)
      : Postprocess({values == 1 ? Field{.name = prefix + "probability", .type = ColumnType::kFloat32}
                                 : list_field(prefix + "probabilities", ColumnType::kFloat32)}),
        classes_(std::move(classes)) {}

 private:
  void convert(const at::Tensor& rows, std::vector<Column>& columns) const override {
    classes_.require(rows.size(1));
    const at::Tensor probabilities = at::sigmoid(rows);
    if (columns[0].type == ColumnType::kList) return append_float_lists(columns[0], probabilities);
    append_floats(columns[0], probabilities);
  }

  Classes classes_;
};

class Regression final : public Postprocess {
 public:
  Regression(const std::string& prefix, const ModelOutput& output)
      : Postprocess({output.values == 1 ? Field{.name = prefix + "prediction", .type = ColumnType::kFloat64}
                                        : list_field(prefix + "prediction", ColumnType::kFloat64)}),
        scale_(output.scale),
        shift_(output.shift) {}

 private:
  void convert(const at::Tensor& rows, std::vector<Column>& columns) const override {
    const at::Tensor values = rows.to(at::kDouble).mul(scale_).add_(shift_);
    if (columns[0].type == ColumnType::kList)
      return append_lists<double>(columns[0], values, columns[0].items[0].doubles);
    const double* first = values.const_data_ptr<double>();
    columns[0].doubles.insert(columns[0].doubles.end(), first, first + values.numel());
    columns[0].rows += values.numel();
  }

  double scale_, shift_;
};

class Embedding final : public Postprocess {
 public:
  Embedding(const std::string& prefix, bool normalise)
      : Postprocess({list_field(prefix + "embedding", ColumnType::kFloat32)}), normalises_(normalise) {}

 private:
  void convert(const at::Tensor& rows, std::vector<Column>& columns) const override {
    append_float_lists(columns[0], normalises_ ? models::normalise_rows(rows) : rows);
  }

  bool normalises_;
};

class Raw final : public Postprocess {
 public:
  explicit Raw(const std::string& prefix)
      : Postprocess({list_field(prefix + "output", ColumnType::kFloat32)}) {}

 private:
  void convert(const at::Tensor& rows, std::vector<Column>& columns) const override {
    append_float_lists(columns[0], rows);
  }
  bool needs_finite() const override { return false; }
};

bool has_classes(PostprocessKind kind) {
  using enum PostprocessKind;
  return kind == kClass || kind == kArgmax || kind == kTopK || kind == kSoftmax || kind == kSigmoid;
}

}  // namespace

void Postprocess::append(const at::Tensor& rows, Scores& scores) const {
  const at::Tensor flat = rows.flatten(1).contiguous();
  const int64_t first = scores.columns.front().rows;
  convert(flat, scores.columns);
  if (!needs_finite() || flat.isfinite().all().item<bool>()) return;
  const at::Tensor bad = flat.isfinite().all(1).logical_not().nonzero().flatten();
  for (int64_t i = 0; i < bad.size(0); ++i)
    scores.problems.emplace(first + bad[i].item<int64_t>(), "the model's output is not finite");
}

std::unique_ptr<const Postprocess> make_postprocess(const PostprocessSettings& settings,
                                                    const ModelOutput& output, const std::string& prefix) {
  const PostprocessKind kind = settings.as.value_or(output.usual);
  if (!settings.class_names.empty() && !has_classes(kind))
    throw ConfigError("postprocess.class_names: has no effect, as no classes are made");
  if ((settings.pooling || settings.normalise) && kind != PostprocessKind::kEmbedding)
    throw ConfigError("postprocess.pooling and normalise: have no effect, as no embedding is made");
  Classes classes(settings.class_names.empty() ? output.class_names : settings.class_names);
  if (has_classes(kind) && output.values > 0) classes.require(output.values);
  switch (kind) {
    case PostprocessKind::kClass:
      return std::make_unique<OneClass>(prefix, std::move(classes), true);
    case PostprocessKind::kArgmax:
      return std::make_unique<OneClass>(prefix, std::move(classes), false);
    case PostprocessKind::kTopK:
      if (output.values > 0) require_top(settings.top, output.values);
      return std::make_unique<TopClasses>(prefix, std::move(classes), settings.top);
    case PostprocessKind::kSoftmax:
      return std::make_unique<Softmax>(prefix, std::move(classes));
    case PostprocessKind::kSigmoid:
      return std::make_unique<Sigmoid>(prefix, std::move(classes), output.values);
    case PostprocessKind::kRegression:
      return std::make_unique<Regression>(prefix, output);
    case PostprocessKind::kEmbedding:
      return std::make_unique<Embedding>(prefix, settings.normalise.value_or(false));
    case PostprocessKind::kText:
    case PostprocessKind::kPerplexity:
      throw ConfigError(
          "postprocess.as: only a language model (gpt, encoder_decoder) writes text and finds texts "
          "probable");
    case PostprocessKind::kRaw:
      break;
  }
  return std::make_unique<Raw>(prefix);
}

}  // namespace echelon::predict
