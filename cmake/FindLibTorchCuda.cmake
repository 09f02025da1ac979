# Finds the CUDA libraries of the LibTorch that FindLibTorch found: target LibTorch::cuda. LibTorchCuda_CUDA_MAJOR is the
# CUDA that they are built for.
find_library(LibTorchCuda_LIBRARY torch_cuda HINTS ${LibTorch_LIBRARY_DIR} NO_DEFAULT_PATH)
find_library(LibTorchCuda_C10_LIBRARY c10_cuda HINTS ${LibTorch_LIBRARY_DIR} NO_DEFAULT_PATH)

set(LibTorchCuda_CUDA_MAJOR "")
if(LibTorchCuda_C10_LIBRARY)
  file(STRINGS ${LibTorchCuda_C10_LIBRARY} _runtime REGEX "^libcudart\\.so\\.[0-9]+$" LIMIT_COUNT 1)
  string(REGEX REPLACE ".*\\." "" LibTorchCuda_CUDA_MAJOR "${_runtime}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorchCuda REQUIRED_VARS LibTorchCuda_LIBRARY LibTorchCuda_C10_LIBRARY)
if(LibTorchCuda_FOUND AND NOT TARGET LibTorch::cuda)
  add_library(LibTorch::c10_cuda SHARED IMPORTED)
  set_target_properties(LibTorch::c10_cuda PROPERTIES IMPORTED_LOCATION ${LibTorchCuda_C10_LIBRARY})
  add_library(LibTorch::cuda INTERFACE IMPORTED)
  # No symbol of libtorch_cuda is named in our code: it registers its kernels when it is loaded.
  target_link_libraries(LibTorch::cuda INTERFACE LibTorch::c10_cuda LibTorch::cpu
    -Wl,--push-state,--no-as-needed ${LibTorchCuda_LIBRARY} -Wl,--pop-state)
endif()
mark_as_advanced(LibTorchCuda_LIBRARY LibTorchCuda_C10_LIBRARY)
