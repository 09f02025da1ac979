# Finds NCCL: target NCCL::nccl. Two NCCLs in one process break each other, so the one that LibTorch loads comes first: the
# nvidia-nccl wheel beside the torch wheel (launch/bootstrap --gpu). Else -DNCCL_ROOT, then the CUDA toolkit's.
get_filename_component(_site ${LibTorch_LIBRARY_DIR}/../.. ABSOLUTE)
set(NCCL_WHEEL_DIR ${_site}/nvidia/nccl)
set(_hints HINTS ${NCCL_WHEEL_DIR} ${NCCL_ROOT} $ENV{NCCL_ROOT} ${CUDAToolkit_LIBRARY_ROOT} ${CUDAToolkit_TARGET_DIR})
find_path(NCCL_INCLUDE_DIR nccl.h PATH_SUFFIXES include ${_hints} ${CUDAToolkit_INCLUDE_DIRS})
find_library(NCCL_LIBRARY NAMES libnccl.so.2 nccl PATH_SUFFIXES lib lib64 ${_hints} ${CUDAToolkit_LIBRARY_DIR})

set(NCCL_VERSION "")
if(NCCL_INCLUDE_DIR)
  file(STRINGS ${NCCL_INCLUDE_DIR}/nccl.h _lines REGEX "#define NCCL_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" _numbers "${_lines}")
  list(JOIN _numbers "." NCCL_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL REQUIRED_VARS NCCL_LIBRARY NCCL_INCLUDE_DIR VERSION_VAR NCCL_VERSION)
if(NCCL_FOUND AND NOT TARGET NCCL::nccl)
  add_library(NCCL::nccl SHARED IMPORTED)
  set_target_properties(NCCL::nccl PROPERTIES IMPORTED_LOCATION ${NCCL_LIBRARY})
  target_include_directories(NCCL::nccl SYSTEM INTERFACE ${NCCL_INCLUDE_DIR})
endif()
mark_as_advanced(NCCL_INCLUDE_DIR NCCL_LIBRARY)
