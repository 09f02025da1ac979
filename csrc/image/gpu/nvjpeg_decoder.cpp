// nvJPEG's decoupled phases, by the sequence of its guide ("Decode using Decoupled Phases"), one image a
// thread of the loader.
//
// Not nvjpegDecodeBatched: a damaged image would spoil its whole batch, while here it alone falls back to the
// CPU, and the loader's threads undo Huffman's code side by side. Asked for are the planes as the file has
// them, never RGB: how nvJPEG enlarges chroma is its own, and colours at edges would be others.
#include "image/gpu/nvjpeg_decoder.h"

#include <c10/cuda/CUDAGuard.h>
#include <nvjpeg.h>

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/format.h"
#include "cuda/backend/event.h"
#include "image/gpu/cuda_memory.h"
#include "image/gpu/sample_kernels.h"

namespace echelon::image {
namespace {

void check_nvjpeg(nvjpegStatus_t status, std::string_view what) {
  if (status == NVJPEG_STATUS_SUCCESS) return;
  throw InternalError(str_format("nvJPEG failed ({}): status {} (nvjpegStatus_t of nvjpeg.h)", what,
                                 static_cast<int>(status)));
}

/// False where nvJPEG refuses a file; throws where it fails.
bool is_taken(nvjpegStatus_t status, std::string_view what) {
  if (status == NVJPEG_STATUS_BAD_JPEG || status == NVJPEG_STATUS_JPEG_NOT_SUPPORTED ||
      status == NVJPEG_STATUS_INCOMPLETE_BITSTREAM || status == NVJPEG_STATUS_IMPLEMENTATION_NOT_SUPPORTED)
    return false;
  check_nvjpeg(status, what);
  return true;
}

/// An object of nvJPEG, given back by the function that is the template's argument.
template <class Pointer, nvjpegStatus_t (*kDestroy)(Pointer)>
class Owned {
 public:
  Owned() = default;
  ~Owned() { reset(); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  operator Pointer() const { return pointer_; }
  Pointer* out() { return &pointer_; }
  void reset() {
    if (pointer_ != nullptr) kDestroy(std::exchange(pointer_, nullptr));
  }

 private:
  Pointer pointer_ = nullptr;
};

using Handle = Owned<nvjpegHandle_t, nvjpegDestroy>;

/// What decodes one image at a time: the types of which the guide asks one a thread, a stream, and memory.
class Lane {
 public:
  explicit Lane(nvjpegHandle_t library) : library_(library) {
    check_nvjpeg(nvjpegDecoderCreate(library, NVJPEG_BACKEND_HYBRID, decoder_.out()), "creating a decoder");
    check_nvjpeg(nvjpegDecoderStateCreate(library, decoder_, state_.out()), "creating a decoder's state");
    check_nvjpeg(nvjpegBufferPinnedCreate(library, nullptr, pinned_.out()), "creating a pinned buffer");
    check_nvjpeg(nvjpegBufferDeviceCreate(library, nullptr, device_.out()), "creating a device buffer");
    check_nvjpeg(nvjpegJpegStreamCreate(library, file_.out()), "creating a stream of JPEG");
    check_nvjpeg(nvjpegDecodeParamsCreate(library, parameters_.out()), "creating parameters");
    check_nvjpeg(nvjpegDecodeParamsSetOutputFormat(parameters_, NVJPEG_OUTPUT_UNCHANGED),
                 "asking for planes");
    check_nvjpeg(nvjpegStateAttachPinnedBuffer(state_, pinned_), "attaching the pinned buffer");
    check_nvjpeg(nvjpegStateAttachDeviceBuffer(state_, device_), "attaching the device buffer");
  }

  /// False where nvJPEG does not take the file as planes of these sizes; the lane serves for others.
  bool parse(std::span<const uint8_t> encoded, const YccPlanes& planes) {
    int unsupported = 1;
    return is_taken(nvjpegJpegStreamParse(library_, encoded.data(), encoded.size(), 0, 0, file_),
                    "reading a header") &&
           has_planes(planes) &&
           is_taken(nvjpegDecoderJpegSupported(decoder_, file_, parameters_, &unsupported),
                    "asking for support") &&
           unsupported == 0;
  }

  /// The phase of the CPU, after parse(). False where nvJPEG refuses the file after all; the lane is then in
  /// no known state.
  bool decode_on_host() {
    return is_taken(nvjpegDecodeJpegHost(library_, decoder_, state_, parameters_, file_),
                    "decoding on the CPU");
  }

  /// The phases of the GPU, after decode_on_host(). Waits for them.
  void finish(const PlannedSample& sample, void* target) {
    const YccPlanes planes = make_planes(sample.planes());
    nvjpegImage_t image{};
    image.channel[0] = const_cast<uint8_t*>(planes.luma);
    image.channel[1] = const_cast<uint8_t*>(planes.blue);
    image.channel[2] = const_cast<uint8_t*>(planes.red);
    image.pitch[0] = static_cast<size_t>(planes.pitch);
    image.pitch[1] = image.pitch[2] = static_cast<size_t>(planes.chroma_pitch);
    check_nvjpeg(nvjpegDecodeJpegTransferToDevice(library_, decoder_, state_, file_, stream_),
                 "moving an image to the GPU");
    check_nvjpeg(nvjpegDecodeJpegDevice(library_, decoder_, state_, &image, stream_), "decoding on the GPU");

    const std::span<const int32_t> numbers = sample.numbers();
    auto* plan_memory = reinterpret_cast<int32_t*>(numbers_.room(numbers.size_bytes()));
    check_cuda(
        cudaMemcpyAsync(plan_memory, numbers.data(), numbers.size_bytes(), cudaMemcpyHostToDevice, stream_),
        "copying the plan of a sample");
    uint8_t* colours = room_.room(sample.colour_bytes() + sample.narrow_bytes());
    check_cuda(launch_sample(sample.bind(plan_memory, planes), colours, colours + sample.colour_bytes(),
                             target, stream_),
               "resizing an image");
    stream_.wait();
  }

  void upload(std::span<const std::byte> bytes, void* target) {
    check_cuda(cudaMemcpyAsync(target, bytes.data(), bytes.size(), cudaMemcpyHostToDevice, stream_),
               "copying a sample");
    stream_.wait();
  }

 private:
  bool has_planes(const YccPlanes& planes) const {
    unsigned components = 0;
    if (nvjpegJpegStreamGetComponentsNum(file_, &components) != NVJPEG_STATUS_SUCCESS || components != 3)
      return false;
    for (unsigned i = 0; i < 3; ++i) {
      unsigned width = 0, height = 0;
      if (nvjpegJpegStreamGetComponentDimensions(file_, i, &width, &height) != NVJPEG_STATUS_SUCCESS)
        return false;
      const int expected_width = i == 0 ? planes.width : planes.chroma_width;
      const int expected_height = i == 0 ? planes.height : planes.chroma_height;
      if (static_cast<int>(width) != expected_width || static_cast<int>(height) != expected_height)
        return false;
    }
    return true;
  }

  YccPlanes make_planes(YccPlanes planes) {
    planes.pitch = planes.width;
    planes.chroma_pitch = planes.chroma_width;
    const int64_t luma_bytes = planes.pitch * planes.height;
    const int64_t chroma_bytes = planes.chroma_pitch * planes.chroma_height;
    const uint8_t* memory = planes_.room(static_cast<size_t>(luma_bytes + 2 * chroma_bytes));
    planes.luma = memory;
    planes.blue = memory + luma_bytes;
    planes.red = memory + luma_bytes + chroma_bytes;
    return planes;
  }

  nvjpegHandle_t library_;
  Owned<nvjpegJpegDecoder_t, nvjpegDecoderDestroy> decoder_;
  Owned<nvjpegBufferPinned_t, nvjpegBufferPinnedDestroy> pinned_;
  Owned<nvjpegBufferDevice_t, nvjpegBufferDeviceDestroy> device_;
  Owned<nvjpegJpegState_t, nvjpegJpegStateDestroy> state_;  // goes before its buffers
  Owned<nvjpegJpegStream_t, nvjpegJpegStreamDestroy> file_;
  Owned<nvjpegDecodeParams_t, nvjpegDecodeParamsDestroy> parameters_;
  DeviceMemory planes_, numbers_, room_;
  OwnStream stream_;  // goes first; it is idle outside finish() and upload()
};

class NvjpegDecoder final : public GpuDecoder {
 public:
  explicit NvjpegDecoder(int device) : device_(static_cast<c10::DeviceIndex>(device)) {
    const c10::cuda::CUDAGuard guard(device_);
    // Strict: what breaks the standard is left to the CPU, which knows what libjpeg makes of it.
    check_nvjpeg(nvjpegCreateEx(NVJPEG_BACKEND_DEFAULT, nullptr, nullptr, NVJPEG_FLAGS_BITSTREAM_STRICT,
                                library_.out()),
                 "starting");
  }
  ~NvjpegDecoder() override {
    const c10::cuda::CUDAGuard guard(device_);
    lanes_.clear();
    library_.reset();
  }

  bool decode(std::span<const uint8_t> encoded, const PlannedSample& sample, void* target) override {
    const c10::cuda::CUDAGuard guard(device_);
    std::unique_ptr<Lane> lane = take_lane();
    if (!lane->parse(encoded, sample.planes())) {
      put_back(std::move(lane));
      return false;
    }
    if (!lane->decode_on_host()) return false;
    lane->finish(sample, target);
    put_back(std::move(lane));
    return true;
  }

  void upload(std::span<const std::byte> bytes, void* target) override {
    const c10::cuda::CUDAGuard guard(device_);
    std::unique_ptr<Lane> lane = take_lane();
    lane->upload(bytes, target);
    put_back(std::move(lane));
  }

 private:
  std::unique_ptr<Lane> take_lane() {
    {
      const std::lock_guard lock(mutex_);
      if (!lanes_.empty()) {
        std::unique_ptr<Lane> lane = std::move(lanes_.back());
        lanes_.pop_back();
        return lane;
      }
    }
    return std::make_unique<Lane>(library_);
  }

  void put_back(std::unique_ptr<Lane> lane) {
    const std::lock_guard lock(mutex_);
    lanes_.push_back(std::move(lane));
  }

  c10::DeviceIndex device_;
  Handle library_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Lane>> lanes_;  ///< those that are idle: as many as threads were busy at once
};

}  // namespace

std::shared_ptr<GpuDecoder> make_nvjpeg_decoder(int device, std::string*) {
  return std::make_shared<NvjpegDecoder>(device);
}

std::string nvjpeg_version() {
  int major = 0, minor = 0, patch = 0;
  check_nvjpeg(nvjpegGetProperty(MAJOR_VERSION, &major), "asking for its version");
  check_nvjpeg(nvjpegGetProperty(MINOR_VERSION, &minor), "asking for its version");
  check_nvjpeg(nvjpegGetProperty(PATCH_LEVEL, &patch), "asking for its version");
  return str_format("{}.{}.{}", major, minor, patch);
}

}  // namespace echelon::image
