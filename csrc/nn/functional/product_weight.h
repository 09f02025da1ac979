// Weights as matrix products take them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "nn/functional/packed_matrix.h"

namespace echelon::nn {

/// A weight in the type of products, and packed (PackedMatrix) where it is worth it.
class ProductWeight {
 public:
  /// `packs`: many products will use it.
  explicit ProductWeight(bool packs) : packs_(packs) {}
  /// Takes over the value of `parameter`, in `type`.
  void set(const at::Tensor& parameter, at::ScalarType type);

  /// Packs as it was packed for the value before, in one of the two directions. False when there is nothing
  /// to do.
  bool prepare();

  const at::Tensor& tensor() const { return weight_; }

  // Of a weight W [out, in], for contiguous matrices in its type. Not differentiable.

  /// x Wᵀ + bias: [rows, in] → [rows, out]. bias: [out] or undefined.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& bias = {}) const;
  /// out [rows, out] += x Wᵀ.
  void add_forward(const at::Tensor& out, const at::Tensor& x) const;
  /// The gradient of x from that of x Wᵀ: [rows, out] → [rows, in].
  at::Tensor backward(const at::Tensor& gradient) const;

 private:
  struct Packed {
    PackedMatrix matrix;
    bool is_current = false;
  };
  /// Null where packing is not possible or was done for left factors of another height.
  const PackedMatrix* packed(Packed& as, const at::Tensor& left) const;
  void pack(Packed& as, int64_t rows) const;

  bool packs_;
  at::Tensor weight_;
  mutable Packed forward_, backward_;
};

using SharedProductWeight = std::shared_ptr<const ProductWeight>;

/// The weights that the micro-batches of a step share, converted and packed once. Keeps their memory from
/// step to step.
class SharedWeights {
 public:
  /// `uses`: of each parameter in a Scope.
  explicit SharedWeights(int64_t uses);
  /// Of parameters that stay as they are, whatever the Scope. They are not packed: that serves left factors
  /// of one height, and results would depend on which comes first.
  static SharedWeights of_constants();

  /// While it lives, product_weight() on this thread takes its weights from `weights`; between Scopes all
  /// parameters may change, but those of_constants(), within one only by operations that bump their version.
  /// Scopes nest.
  class Scope {
   public:
    explicit Scope(SharedWeights& weights);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    SharedWeights* outer_;
  };

  /// Takes one of the weights that the last Scope used into this one, or packs it, ahead of its use. False
  /// when there is none left.
  bool prepare_one();

 private:
  friend SharedProductWeight product_weight(const at::Tensor& parameter, at::ScalarType type);
  struct Shared {
    at::Tensor parameter;
    int64_t scope = 0;
    int64_t version = 0;
    at::ScalarType type = at::kFloat;
    std::shared_ptr<ProductWeight> weight;
  };

  bool is_current(const Shared& shared, at::ScalarType type) const;
  void renew(Shared& shared, at::ScalarType type);

  bool packs_;
  bool constant_ = false;
  int64_t scopes_ = 0;  // so far
  std::unordered_map<const at::TensorImpl*, Shared> shared_;
};

/// `parameter`, of any shape, for products in `type`.
SharedProductWeight product_weight(const at::Tensor& parameter, at::ScalarType type);

}  // namespace echelon::nn
