# Images on the GPU, where there is nvJPEG and nvcc works: sets image_decoder to sources and objects for the CUDA module, and
# image_decoder_libraries.
set(gpu ${ECHELON_SOURCE_DIR}/image/gpu)
set(image_decoder ${gpu}/no_nvjpeg.cpp)
set(image_decoder_libraries "")

find_package(NVJPEG QUIET)
if(NOT NVJPEG_FOUND)
  message(STATUS "CUDA module: without nvJPEG (`decode: gpu`); run launch/bootstrap --gpu, or give -DNVJPEG_ROOT=/path/to/cuda")
  return()
endif()
if(NOT DEFINED ENV{CUDACXX})  # where check_language() and enable_language() look first
  set(ENV{CUDACXX} "${CUDAToolkit_NVCC_EXECUTABLE}")
endif()
# Every GPU that CUDA 13 supports: code for one runs on later ones of its major version, and newer ones compile the last.
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 90-real 100)
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)  # the one that LibTorch loads
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  message(STATUS "CUDA module: without `decode: gpu`, for nvcc does not work with this C++ compiler")
  return()
endif()
enable_language(CUDA)
set(CMAKE_CUDA17_STANDARD_COMPILE_OPTION -std=c++20)  # CMake below 3.25.2 does not know nvcc's C++20
message(STATUS "CUDA module: nvJPEG ${NVJPEG_VERSION} (${NVJPEG_LIBRARY}), kernels for ${CMAKE_CUDA_ARCHITECTURES}")

# A library of its own: none of the options that GCC gets is for nvcc.
add_library(echelon_image_kernels OBJECT ${gpu}/sample_kernels.cu)
set_target_properties(echelon_image_kernels PROPERTIES CUDA_STANDARD 17)
target_include_directories(echelon_image_kernels PRIVATE ${ECHELON_SOURCE_DIR})
target_compile_options(echelon_image_kernels PRIVATE --expt-relaxed-constexpr -Xcompiler=-Wall,-Wextra)
if(ECHELON_WERROR)
  target_compile_options(echelon_image_kernels PRIVATE -Werror=all-warnings)
endif()
set(image_decoder ${gpu}/cuda_memory.cpp ${gpu}/nvjpeg_decoder.cpp $<TARGET_OBJECTS:echelon_image_kernels>)
set(image_decoder_libraries NVJPEG::nvjpeg)
