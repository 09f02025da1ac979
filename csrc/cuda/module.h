// The CUDA module: all that needs CUDA or NCCL, in a library of its own (libechelon_cuda.so) that is opened
// at run time.
//
// The main library links nothing of CUDA, so that one binary starts fast on a CPU node and serves a GPU node
// as well. Whether a GPU is there is asked of the driver, never of LibTorch: LibTorch looks its CUDA hooks up
// once, and a module opened after that look-up stays invisible. Open the module before anything asks LibTorch
// about CUDA; it is not unloaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace echelon {

class Communicator;
class WatchedCommunicator;
namespace image {
class GpuDecoder;
}

struct CudaDevice {
  std::string name;
  int capability_major = 0;
  int capability_minor = 0;
};

struct CudaMemory {
  int64_t free_bytes = 0;
  int64_t total_bytes = 0;
};

/// Versions as their makers write them: "13.0", "2.28.9".
struct CudaVersions {
  std::string driver;   ///< newest CUDA that the driver supports
  std::string runtime;  ///< libcudart of this process
  std::string nccl;
  std::string nvjpeg;  ///< empty: the module was built without it
};

/// What libechelon_cuda.so offers. Functions throw InternalError with CUDA's text; make_nccl CommError, too.
class CudaModule {
 public:
  virtual ~CudaModule() = default;
  virtual int device_count() const = 0;
  /// The device that the calling thread uses from now on.
  virtual void set_device(int device) = 0;
  virtual CudaDevice describe(int device) const = 0;
  virtual CudaMemory memory(int device) const = 0;
  virtual CudaVersions versions() const = 0;
  /// A NCCL communicator of the ranks of `bootstrap`, this one with `device`: comm/nccl/communicator.h. It
  /// takes splits of `bootstrap`, and its timeout. Collective; waits. Finalize it before `bootstrap`.
  virtual std::unique_ptr<Communicator> make_nccl(WatchedCommunicator& bootstrap, int device) = 0;
  /// Decodes images on `device`: image/gpu/decoder.h. Null with the reason in `*why_not` where the module was
  /// built without nvJPEG.
  virtual std::shared_ptr<image::GpuDecoder> make_image_decoder(int device, std::string* why_not) = 0;
};

/// Where the parts are looked for. The defaults are the machine; tests name others.
struct CudaPaths {
  std::filesystem::path device_files = "/dev";  ///< holds nvidiactl (dxg under WSL) where a GPU is visible
  std::string driver = "libcuda.so.1";
  std::filesystem::path module;  ///< libechelon_cuda.so, beside the library that holds this code
};
CudaPaths default_cuda_paths();

struct CudaLookup {
  CudaModule* module = nullptr;  ///< lives as long as the process
  bool gpu_present = false;      ///< the driver shows at least one GPU, or one is there that it cannot start
  std::string why_not;           ///< without a module: what is missing, and how to get it
};

/// Looks for device files, driver, GPU and module, in this order, and opens the module.
CudaLookup look_for_cuda(const CudaPaths& paths);

/// look_for_cuda() on this machine: looks at the first call, answers the same ever after. Thread-safe.
const CudaLookup& cuda_lookup();

/// The module of cuda_lookup(); null with the reason in `*why_not`.
CudaModule* open_cuda_module(std::string* why_not = nullptr);

}  // namespace echelon
