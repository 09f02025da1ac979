# Finds nvJPEG: target NVJPEG::nvjpeg. Many CUDA toolkits lack it, or its header; the nvidia-nvjpeg wheel beside the torch
# wheel (launch/bootstrap --gpu) has both. In order: -DNVJPEG_ROOT, the CUDA toolkit, the wheel.
get_filename_component(_site ${LibTorch_LIBRARY_DIR}/../.. ABSOLUTE)
set(NVJPEG_WHEEL_DIR ${_site}/nvidia/cu${LibTorchCuda_CUDA_MAJOR})
set(_hints HINTS ${NVJPEG_ROOT} $ENV{NVJPEG_ROOT} ${CUDAToolkit_LIBRARY_ROOT} ${CUDAToolkit_TARGET_DIR}
  ${NVJPEG_WHEEL_DIR})
find_path(NVJPEG_INCLUDE_DIR nvjpeg.h PATH_SUFFIXES include ${_hints} ${CUDAToolkit_INCLUDE_DIRS})
find_library(NVJPEG_LIBRARY NAMES libnvjpeg.so.${CUDAToolkit_VERSION_MAJOR} nvjpeg PATH_SUFFIXES lib lib64 ${_hints}
  ${CUDAToolkit_LIBRARY_DIR})

set(NVJPEG_VERSION "")
if(NVJPEG_INCLUDE_DIR)
  file(STRINGS ${NVJPEG_INCLUDE_DIR}/nvjpeg.h _lines REGEX "#define NVJPEG_VER_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" _numbers "${_lines}")
  list(JOIN _numbers "." NVJPEG_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NVJPEG REQUIRED_VARS NVJPEG_LIBRARY NVJPEG_INCLUDE_DIR VERSION_VAR NVJPEG_VERSION)
if(NVJPEG_FOUND AND NOT TARGET NVJPEG::nvjpeg)
  add_library(NVJPEG::nvjpeg SHARED IMPORTED)
  set_target_properties(NVJPEG::nvjpeg PROPERTIES IMPORTED_LOCATION ${NVJPEG_LIBRARY})
  target_include_directories(NVJPEG::nvjpeg SYSTEM INTERFACE ${NVJPEG_INCLUDE_DIR})
endif()
mark_as_advanced(NVJPEG_INCLUDE_DIR NVJPEG_LIBRARY)
