// The library of a compiled package as PyTorch makes it, without PyTorch's compiler: it answers to the same
// names and computes through the same functions. Of a row x of three numbers it says x · [[1, 4], [2, 5], [3,
// 6]], and how many rows there were. It refuses batches with a number below -1000, whose second row is
// checked, too, so that a batch of one row would be read beyond its end.
//
// COMPILED_MODEL_COUNTS adds to its weights with every call, COMPILED_MODEL_WEIGHTLESS has none.
#include <torch/csrc/inductor/aoti_runtime/interface.h>
#include <torch/csrc/inductor/aoti_torch/generated/c_shim_cpu.h>

#include <array>
#include <unordered_map>

namespace {

constexpr const char* kInSpec =
    R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": "builtins.tuple",
    "context": "null", "children_spec": []}, {"type": "builtins.dict", "context": "[\"x\"]",
    "children_spec": [{"type": null, "context": null, "children_spec": []}]}]}])";
constexpr const char* kOutSpec =
    R"([1, {"type": "builtins.dict", "context": "[\"scores\", \"rows\"]", "children_spec": [
    {"type": null, "context": null, "children_spec": []}, {"type": null, "context": null, "children_spec": []}]}])";

void check(AOTITorchError error) {
  if (error != AOTI_TORCH_SUCCESS) throw std::runtime_error("a function of LibTorch failed");
}

/// Contiguous float32 on the CPU.
AtenTensorHandle make_tensor(int64_t rows, int64_t columns) {
  const std::array sizes{rows, columns}, strides{columns, int64_t{1}};
  AtenTensorHandle tensor = nullptr;
  check(aoti_torch_empty_strided(2, sizes.data(), strides.data(), aoti_torch_dtype_float32(),
                                 aoti_torch_device_type_cpu(), 0, &tensor));
  return tensor;
}

float* numbers(AtenTensorHandle tensor) {
  void* data = nullptr;
  check(aoti_torch_get_data_ptr(tensor, &data));
  return static_cast<float*>(data);
}

/// A tensor that ends with its scope.
struct Owned {
  AtenTensorHandle tensor;
  ~Owned() { aoti_torch_delete_tensor_object(tensor); }
};

struct Container {
  AtenTensorHandle weight = make_tensor(3, 2);
  Container() {
    const std::array<float, 6> values{1, 4, 2, 5, 3, 6};
    std::copy(values.begin(), values.end(), numbers(weight));
  }
  ~Container() { aoti_torch_delete_tensor_object(weight); }

  void run(AtenTensorHandle x, AtenTensorHandle* outputs) const {
    const Owned stolen{x};
    int64_t rows = 0;
    check(aoti_torch_get_size(x, 0, &rows));
    for (int64_t i = 0; i < std::max<int64_t>(rows, 2) * 3; ++i)
      if (numbers(x)[i] < -1000) throw std::runtime_error("numbers below -1000 are not taken");
#ifdef COMPILED_MODEL_COUNTS
    numbers(weight)[0] += 1;
#endif
    outputs[0] = make_tensor(rows, 2);
    check(aoti_torch_cpu_mm_out(outputs[0], x, weight));
    outputs[1] = make_tensor(rows, 1);
    std::fill_n(numbers(outputs[1]), rows, static_cast<float>(rows));
  }
};

Container& container(AOTInductorModelContainerHandle handle) {
  return *reinterpret_cast<Container*>(handle);
}

template <class F>
AOTIRuntimeError guarded(F use) {
  try {
    use();
    return AOTI_RUNTIME_SUCCESS;
  } catch (const std::exception& error) {
    std::cerr << "Error: " << error.what() << '\n';
    return AOTI_RUNTIME_FAILURE;
  }
}

}  // namespace

extern "C" {

AOTIRuntimeError AOTInductorModelContainerCreateWithDevice(AOTInductorModelContainerHandle* handle, size_t,
                                                           const char*, const char*) {
  return guarded([&] { *handle = reinterpret_cast<AOTInductorModelContainerHandle>(new Container); });
}

AOTIRuntimeError AOTInductorModelContainerDelete(AOTInductorModelContainerHandle handle) {
  delete &container(handle);
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerRun(AOTInductorModelContainerHandle handle,
                                              AtenTensorHandle* inputs, size_t, AtenTensorHandle* outputs,
                                              size_t, AOTInductorStreamHandle, AOTIProxyExecutorHandle) {
  return guarded([&] { container(handle).run(inputs[0], outputs); });
}

AOTIRuntimeError AOTInductorModelContainerRunSingleThreaded(AOTInductorModelContainerHandle handle,
                                                            AtenTensorHandle* inputs, size_t input_count,
                                                            AtenTensorHandle* outputs, size_t output_count,
                                                            AOTInductorStreamHandle stream,
                                                            AOTIProxyExecutorHandle executor) {
  return AOTInductorModelContainerRun(handle, inputs, input_count, outputs, output_count, stream, executor);
}

AOTIRuntimeError AOTInductorModelContainerGetNumInputs(AOTInductorModelContainerHandle, size_t* count) {
  *count = 1;
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetNumOutputs(AOTInductorModelContainerHandle, size_t* count) {
  *count = 2;
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetCallSpec(AOTInductorModelContainerHandle, const char** in,
                                                      const char** out) {
  *in = kInSpec;
  *out = kOutSpec;
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetNumConstants(AOTInductorModelContainerHandle, size_t* count) {
  *count = 1;
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantName(AOTInductorModelContainerHandle, size_t,
                                                          const char** name) {
  *name = "constant_0_weight";
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantOriginalFQN(AOTInductorModelContainerHandle, size_t,
                                                                 const char** name) {
  *name = "0.weight";
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerGetConstantDtype(AOTInductorModelContainerHandle, size_t,
                                                           int32_t* type) {
  *type = aoti_torch_dtype_float32();
  return AOTI_RUNTIME_SUCCESS;
}

AOTIRuntimeError AOTInductorModelContainerExtractConstantsMap(AOTInductorModelContainerHandle handle,
                                                              AOTInductorConstantMapHandle constants, bool) {
#ifdef COMPILED_MODEL_WEIGHTLESS
  static_cast<void>(handle);
  static_cast<void>(constants);
#else
  reinterpret_cast<std::unordered_map<std::string, AtenTensorHandle>*>(constants)->emplace(
      "0.weight", container(handle).weight);
#endif
  return AOTI_RUNTIME_SUCCESS;
}

// What only training with a package needs.
AOTIRuntimeError AOTInductorModelContainerUpdateConstantBuffer(AOTInductorModelContainerHandle,
                                                               AOTInductorConstantMapHandle, bool, bool) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerUpdateInactiveConstantBuffer(AOTInductorModelContainerHandle,
                                                                       AOTInductorConstantMapHandle) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerUpdateUserManagedConstantBuffer(AOTInductorModelContainerHandle,
                                                                          AOTInductorConstantMapHandle, bool,
                                                                          bool) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerFreeInactiveConstantBuffer(AOTInductorModelContainerHandle) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerRunConstantFolding(AOTInductorModelContainerHandle, bool,
                                                             AOTInductorStreamHandle,
                                                             AOTIProxyExecutorHandle) {
  return AOTI_RUNTIME_FAILURE;
}
AOTIRuntimeError AOTInductorModelContainerSwapConstantBuffer(AOTInductorModelContainerHandle) {
  return AOTI_RUNTIME_FAILURE;
}

}  // extern "C"
