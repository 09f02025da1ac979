#include "cuda/module.h"

#include <dlfcn.h>

#include "common/format.h"
#include "cuda/driver.h"

namespace echelon {
namespace fs = std::filesystem;
namespace {

constexpr char kModuleFile[] = "libechelon_cuda.so";
constexpr char kFactory[] = "echelon_cuda_module";
using Factory = CudaModule* (*)(std::string* why_not);

std::string explain_load_error(const std::string& reason) {
  if (reason.find("cannot open shared object file") != std::string::npos) {
    return str_format(
        "a CUDA library that {} needs is not installed ({}): run launch/bootstrap --gpu, which adds the CUDA "
        "runtime "
        "wheels to LibTorch",
        kModuleFile, reason);
  }
  return str_format(
      "{} does not fit the libraries it is loaded with ({}): build Echelon again with the LibTorch and NCCL "
      "of this "
      "machine (launch/bootstrap --gpu)",
      kModuleFile, reason);
}

CudaModule* load_module(const fs::path& path, std::string* why_not) {
  if (!fs::exists(path)) {
    *why_not = str_format(
        "Echelon was built without its CUDA module ({} is not there), because no CUDA toolkit or no NCCL "
        "header was "
        "found: install a CUDA toolkit of LibTorch's major version, then run launch/bootstrap --gpu",
        path.string());
    return nullptr;
  }
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    *why_not = explain_load_error(dlerror());
    return nullptr;
  }
  auto factory = reinterpret_cast<Factory>(dlsym(library, kFactory));
  if (factory == nullptr) {
    *why_not = str_format("{} is not Echelon's CUDA module: it has no symbol {}", path.string(), kFactory);
    return nullptr;
  }
  return factory(why_not);
}

}  // namespace

CudaPaths default_cuda_paths() {
  CudaPaths paths;
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&default_cuda_paths), &self) != 0 && self.dli_fname != nullptr) {
    std::error_code ignored;
    paths.module = fs::absolute(self.dli_fname, ignored).parent_path() / kModuleFile;
  }
  return paths;
}

CudaLookup look_for_cuda(const CudaPaths& paths) {
  CudaLookup lookup;
  const DriverAnswer driver = ask_cuda_driver(paths.device_files, paths.driver);
  lookup.gpu_present = driver.gpu_present;
  lookup.why_not = driver.why_not;
  if (driver.devices > 0) lookup.module = load_module(paths.module, &lookup.why_not);
  return lookup;
}

const CudaLookup& cuda_lookup() {
  static const CudaLookup lookup = look_for_cuda(default_cuda_paths());
  return lookup;
}

CudaModule* open_cuda_module(std::string* why_not) {
  if (why_not != nullptr) *why_not = cuda_lookup().why_not;
  return cuda_lookup().module;
}

}  // namespace echelon
