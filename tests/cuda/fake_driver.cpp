// Stands for libcuda.so.1 in the loader's tests: the same three functions, answering what $FAKE_CUDA_INIT (a
// CUDA error code) and $FAKE_CUDA_DEVICES say.
#include <cstdlib>

namespace {
int from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? 0 : std::atoi(value);
}
}  // namespace

extern "C" int cuInit(unsigned) {
  return from_environment("FAKE_CUDA_INIT");
}

extern "C" int cuDeviceGetCount(int* count) {
  *count = from_environment("FAKE_CUDA_DEVICES");
  return 0;
}

extern "C" int cuGetErrorName(int code, const char** name) {
  if (code != 999) return 1;  // CUDA_ERROR_INVALID_VALUE
  *name = "CUDA_ERROR_UNKNOWN";
  return 0;
}
