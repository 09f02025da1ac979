// Values of any type in what torch::autograd::Function keeps from forward to backward.
#pragma once

#include <ATen/core/ivalue.h>

#include <utility>

namespace echelon::nn {

template <class T>
struct KeptValue : torch::CustomClassHolder {
  explicit KeptValue(T v) : value(std::move(v)) {}
  T value;
};

/// For AutogradContext::saved_data. It lives as long as the node of the graph.
template <class T>
c10::IValue keep(T value) {
  return c10::IValue::make_capsule(c10::make_intrusive<KeptValue<T>>(std::move(value)));
}

/// What keep<T> made the value of. T is not checked.
template <class T>
const T& kept(const c10::IValue& value) {
  return static_cast<const KeptValue<T>*>(value.toCapsule().get())->value;
}

}  // namespace echelon::nn
