# Small libraries from the distribution, each as one imported target in the namespace ThirdParty.
find_package(PkgConfig REQUIRED)

# fmt, as headers: those that LibTorch ships and includes, the distribution's where it ships none. Through a folder that
# holds fmt alone, so that modules without LibTorch see the same version and nothing else of LibTorch.
find_path(FMT_INCLUDE_DIR fmt/format.h HINTS ${LibTorch_INCLUDE_DIR} REQUIRED)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/third_party)
file(CREATE_LINK ${FMT_INCLUDE_DIR}/fmt ${PROJECT_BINARY_DIR}/third_party/fmt SYMBOLIC)
add_library(ThirdParty_fmt INTERFACE)
target_include_directories(ThirdParty_fmt SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/third_party)
add_library(ThirdParty::fmt ALIAS ThirdParty_fmt)

# A library from pkg-config. Shared: the distributions' archives are not position-independent.
function(third_party name module)
  pkg_check_modules(TP_${name} REQUIRED ${module})
  add_library(ThirdParty_${name} INTERFACE)
  target_include_directories(ThirdParty_${name} SYSTEM INTERFACE ${TP_${name}_INCLUDE_DIRS})
  target_link_libraries(ThirdParty_${name} INTERFACE ${TP_${name}_LINK_LIBRARIES})
  add_library(ThirdParty::${name} ALIAS ThirdParty_${name})
endfunction()

third_party(yaml yaml-cpp)
third_party(jpeg libjpeg)
third_party(webp "libwebp;libwebpdemux")
third_party(pcre2 libpcre2-8)
third_party(utf8proc libutf8proc)
third_party(xxhash libxxhash)
third_party(zlib zlib)
third_party(zstd libzstd)

# PNG by libspng, twice as fast, or by libpng where there is none (Ubuntu 22.04). Shared: their archives need zlib besides.
pkg_check_modules(SPNG QUIET spng)
if(SPNG_FOUND)
  third_party(png spng)
  set(ECHELON_PNG_SOURCE png_libspng.cpp)
else()
  third_party(png libpng)
  set(ECHELON_PNG_SOURCE png_libpng.cpp)
endif()

# Not through pkg-config, which names the library for training as well.
find_path(SENTENCEPIECE_INCLUDE_DIR sentencepiece_processor.h REQUIRED)
find_library(SENTENCEPIECE_LIBRARY sentencepiece REQUIRED)
add_library(ThirdParty_sentencepiece INTERFACE)
target_include_directories(ThirdParty_sentencepiece SYSTEM INTERFACE ${SENTENCEPIECE_INCLUDE_DIR})
target_link_libraries(ThirdParty_sentencepiece INTERFACE ${SENTENCEPIECE_LIBRARY})
add_library(ThirdParty::sentencepiece ALIAS ThirdParty_sentencepiece)

find_path(NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
add_library(ThirdParty_json INTERFACE)
target_include_directories(ThirdParty_json SYSTEM INTERFACE ${NLOHMANN_JSON_INCLUDE_DIR})
add_library(ThirdParty::json ALIAS ThirdParty_json)
