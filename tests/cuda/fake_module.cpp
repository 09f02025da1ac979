// Stands for libechelon_cuda.so in the loader's tests. Built a second time against a library that is then not
// found.
#include "cuda/fake_module.h"

#ifdef FAKE_NEEDS_ABSENT_LIBRARY
extern "C" int absent_library_function();
extern "C" int fake_use_absent_library() {
  return absent_library_function();
}
#endif

extern "C" echelon::CudaModule* echelon_cuda_module(std::string* why_not) {
  static echelon::FakeCudaModule module(2);
  why_not->clear();
  return &module;
}
