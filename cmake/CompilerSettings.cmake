# Language level, warnings, sanitizers and compiler cache, for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers are cached only with these two kinds of sloppiness (ccache manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE})
endif()

add_library(echelon_compile_options INTERFACE)
# Designated initialisers leave members to their defaults on purpose.
target_compile_options(echelon_compile_options INTERFACE -Wall -Wextra -Wno-unused-parameter
  -Wno-missing-field-initializers -fpch-preprocess)
if(ECHELON_WERROR)
  # What GCC guesses about the flow of data is no error: it guesses wrongly inside inlined headers of LibTorch and the
  # standard library (GCC bugs 105329, 105651).
  target_compile_options(echelon_compile_options INTERFACE -Werror -Wno-error=maybe-uninitialized -Wno-error=restrict
    -Wno-error=array-bounds -Wno-error=stringop-overflow -Wno-error=stringop-overread -Wno-error=free-nonheap-object
    -Wno-error=dangling-pointer)
endif()
if(ECHELON_SANITIZE)
  list(JOIN ECHELON_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=undefined -O1 -g1)
  add_link_options(-fsanitize=${sanitizers})
endif()
if(ECHELON_LIBFUZZER)
  add_compile_options(-fsanitize=fuzzer-no-link)  # counts which code an input reaches, in all modules
endif()
