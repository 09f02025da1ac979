# Finds Arrow and Parquet: targets Arrow::arrow and Arrow::parquet.
#
# Searched, in order: -DArrow_ROOT / the Arrow_ROOT environment variable, CMAKE_PREFIX_PATH, then the pyarrow wheel that
# launch/bootstrap unpacks. A wheel has its libraries beside include/, under their full name (libarrow.so.2300) alone.
set(_wheel ${PROJECT_SOURCE_DIR}/.deps/site/pyarrow)
find_path(Arrow_INCLUDE_DIR arrow/api.h PATH_SUFFIXES include HINTS ${Arrow_ROOT} $ENV{Arrow_ROOT} PATHS ${_wheel})

# Arrow 23.0.1 has the library version 2300: major × 100 + minor (arrow/util/config.h).
set(Arrow_VERSION "")
set(_so_version "")
if(EXISTS ${Arrow_INCLUDE_DIR}/arrow/util/config.h)
  file(STRINGS ${Arrow_INCLUDE_DIR}/arrow/util/config.h _line REGEX "#define ARROW_VERSION_STRING")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" Arrow_VERSION "${_line}")
  file(STRINGS ${Arrow_INCLUDE_DIR}/arrow/util/config.h _line REGEX "#define ARROW_SO_VERSION")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" _so_version "${_line}")
endif()
get_filename_component(_root "${Arrow_INCLUDE_DIR}" DIRECTORY)
find_library(Arrow_LIBRARY NAMES libarrow.so.${_so_version} arrow HINTS ${_root} PATH_SUFFIXES lib lib64 NO_DEFAULT_PATH)
find_library(Arrow_PARQUET_LIBRARY NAMES libparquet.so.${_so_version} parquet HINTS ${_root} PATH_SUFFIXES lib lib64
  NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Arrow REQUIRED_VARS Arrow_LIBRARY Arrow_PARQUET_LIBRARY Arrow_INCLUDE_DIR
  VERSION_VAR Arrow_VERSION)
if(Arrow_FOUND AND NOT TARGET Arrow::arrow)
  get_filename_component(Arrow_LIBRARY_DIR ${Arrow_LIBRARY} DIRECTORY)
  foreach(_name IN ITEMS arrow parquet)
    add_library(Arrow::${_name} SHARED IMPORTED)
    target_include_directories(Arrow::${_name} SYSTEM INTERFACE ${Arrow_INCLUDE_DIR})
  endforeach()
  set_target_properties(Arrow::arrow PROPERTIES IMPORTED_LOCATION ${Arrow_LIBRARY})
  set_target_properties(Arrow::parquet PROPERTIES IMPORTED_LOCATION ${Arrow_PARQUET_LIBRARY})
  target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)
endif()
mark_as_advanced(Arrow_INCLUDE_DIR Arrow_LIBRARY Arrow_PARQUET_LIBRARY)
