# Finds LibTorch's CPU libraries: target LibTorch::cpu (libtorch_cpu and libc10, nothing of CUDA).
#
# Searched, in order: -DLibTorch_ROOT / the LibTorch_ROOT environment variable, CMAKE_PREFIX_PATH, then the wheel that
# launch/bootstrap unpacks. CMake's own `find_package(Torch)` is not used: it links libtorch_cuda with --no-as-needed.
set(_wheel ${PROJECT_SOURCE_DIR}/.deps/site/torch)
foreach(_root "${LibTorch_ROOT}" "$ENV{LibTorch_ROOT}")
  if(_root AND NOT EXISTS "${_root}/include/ATen/ATen.h")
    message(FATAL_ERROR "LibTorch_ROOT is ${_root}, which holds no LibTorch: include/ATen/ATen.h is not in it.")
  endif()
endforeach()
find_path(LibTorch_INCLUDE_DIR ATen/ATen.h PATH_SUFFIXES include HINTS ${LibTorch_ROOT} $ENV{LibTorch_ROOT} PATHS ${_wheel})
find_library(LibTorch_CPU_LIBRARY torch_cpu PATH_SUFFIXES lib HINTS ${LibTorch_ROOT} $ENV{LibTorch_ROOT} PATHS ${_wheel})
find_library(LibTorch_C10_LIBRARY c10 PATH_SUFFIXES lib HINTS ${LibTorch_ROOT} $ENV{LibTorch_ROOT} PATHS ${_wheel})

set(LibTorch_VERSION "")
set(_version_header ${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h)
if(NOT EXISTS ${_version_header})
  set(_version_header ${LibTorch_INCLUDE_DIR}/torch/csrc/api/include/torch/version.h)
endif()
if(EXISTS ${_version_header})
  file(STRINGS ${_version_header} _lines REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH)")
  string(REGEX REPLACE "[^0-9;]" "" _numbers "${_lines}")
  list(JOIN _numbers "." LibTorch_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "Run launch/bootstrap, or give -DLibTorch_ROOT=/path/to/libtorch (2.7 or newer).")
if(LibTorch_VERSION VERSION_LESS 2.7)
  message(FATAL_ERROR "LibTorch ${LibTorch_VERSION} at ${LibTorch_INCLUDE_DIR} is too old: 2.7 or newer is needed.")
endif()

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  get_filename_component(LibTorch_LIBRARY_DIR ${LibTorch_CPU_LIBRARY} DIRECTORY)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES IMPORTED_LOCATION ${LibTorch_C10_LIBRARY})
  add_library(LibTorch::cpu SHARED IMPORTED)
  set_target_properties(LibTorch::cpu PROPERTIES IMPORTED_LOCATION ${LibTorch_CPU_LIBRARY})
  target_include_directories(LibTorch::cpu SYSTEM INTERFACE ${LibTorch_INCLUDE_DIR}
    ${LibTorch_INCLUDE_DIR}/torch/csrc/api/include)
  target_link_libraries(LibTorch::cpu INTERFACE LibTorch::c10)
  # libtorch_cpu's own dependencies (libcudart, libcupti, libgomp) are found through its run path, not ours.
  target_link_options(LibTorch::cpu INTERFACE -Wl,--allow-shlib-undefined)
endif()
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)
