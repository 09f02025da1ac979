#include "nn/functional/product_weight.h"

#include <ATen/ATen.h>

#include <utility>

#include "nn/functional/convert.h"

namespace echelon::nn {
namespace {

/// Packing a weight costs about as much as two products with it then save.
constexpr int64_t kUsesWorthPacking = 4;

thread_local SharedWeights* current_weights = nullptr;

}  // namespace

void ProductWeight::set(const at::Tensor& parameter, at::ScalarType type) {
  weight_.reset();  // its memory may serve the new one
  weight_ = convert(parameter.detach(), type);
  forward_.is_current = backward_.is_current = false;
}

bool ProductWeight::prepare() {
  for (Packed* as : {&forward_, &backward_}) {
    if (as->is_current || as->matrix.rows() == 0) continue;
    pack(*as, as->matrix.rows());
    return true;
  }
  return false;
}

void ProductWeight::pack(Packed& as, int64_t rows) const {
  as.matrix.pack(weight_, /*transposed=*/&as == &forward_, rows);
  as.is_current = true;
}

const PackedMatrix* ProductWeight::packed(Packed& as, const at::Tensor& left) const {
  if (!packs_ || !PackedMatrix::possible(weight_)) return nullptr;
  if (!as.is_current) pack(as, left.size(0));
  return as.matrix.rows() == left.size(0) ? &as.matrix : nullptr;
}

at::Tensor ProductWeight::forward(const at::Tensor& x, const at::Tensor& bias) const {
  const PackedMatrix* matrix = packed(forward_, x);
  if (matrix == nullptr) return at::linear(x, weight_, bias);
  const at::Tensor out = at::empty({x.size(0), weight_.size(0)}, x.options());
  if (bias.defined()) out.copy_(bias);
  matrix->multiply(x, out, /*add=*/bias.defined());
  return out;
}

void ProductWeight::add_forward(const at::Tensor& out, const at::Tensor& x) const {
  if (const PackedMatrix* matrix = packed(forward_, x)) {
    matrix->multiply(x, out, /*add=*/true);
  } else {
    out.addmm_(x, weight_.t());
  }
}

at::Tensor ProductWeight::backward(const at::Tensor& gradient) const {
  const PackedMatrix* matrix = packed(backward_, gradient);
  if (matrix == nullptr) return at::mm(gradient, weight_);
  const at::Tensor out = at::empty({gradient.size(0), weight_.size(1)}, gradient.options());
  matrix->multiply(gradient, out, /*add=*/false);
  return out;
}

SharedWeights::SharedWeights(int64_t uses) : packs_(uses >= kUsesWorthPacking) {}

SharedWeights SharedWeights::of_constants() {
  SharedWeights weights(/*uses=*/1);
  weights.constant_ = true;
  return weights;
}

SharedWeights::Scope::Scope(SharedWeights& weights) : outer_(std::exchange(current_weights, &weights)) {
  ++weights.scopes_;
}

SharedWeights::Scope::~Scope() {
  current_weights = outer_;
}

bool SharedWeights::is_current(const Shared& shared, at::ScalarType type) const {
  return (constant_ || shared.scope == scopes_) && shared.weight && shared.type == type &&
         shared.version == shared.parameter._version();
}

void SharedWeights::renew(Shared& shared, at::ScalarType type) {
  const bool old_is_needed = shared.weight.use_count() > 1;  // by a graph
  if (!shared.weight || old_is_needed) shared.weight = std::make_shared<ProductWeight>(packs_);
  shared.weight->set(shared.parameter, type);
  shared.scope = scopes_;
  shared.version = shared.parameter._version();
  shared.type = type;
}

bool SharedWeights::prepare_one() {
  for (auto& [parameter, shared] : shared_) {
    if (!is_current(shared, shared.type)) {
      renew(shared, shared.type);
      return true;
    }
    if (shared.weight->prepare()) return true;
  }
  return false;
}

SharedProductWeight product_weight(const at::Tensor& parameter, at::ScalarType type) {
  if (current_weights == nullptr) {
    auto weight = std::make_shared<ProductWeight>(/*packs=*/false);
    weight->set(parameter, type);
    return weight;
  }
  SharedWeights::Shared& shared = current_weights->shared_[parameter.unsafeGetTensorImpl()];
  shared.parameter = parameter;
  if (!current_weights->is_current(shared, type)) current_weights->renew(shared, type);
  return shared.weight;
}

}  // namespace echelon::nn
