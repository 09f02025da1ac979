# Small libraries from the distribution, each as one imported target in the namespace ThirdParty.
find_package(PkgConfig REQUIRED)

# fmt is used header-only: LibTorch ships headers of another version than the distribution's shared library.
add_library(ThirdParty_fmt INTERFACE)
target_compile_definitions(ThirdParty_fmt INTERFACE FMT_HEADER_ONLY)
add_library(ThirdParty::fmt ALIAS ThirdParty_fmt)

# A library from pkg-config, linked statically where the distribution ships an archive: each shared library costs
# every rank file look-ups at start.
function(third_party name module archive)
  pkg_check_modules(TP_${name} REQUIRED ${module})
  add_library(ThirdParty_${name} INTERFACE)
  target_include_directories(ThirdParty_${name} SYSTEM INTERFACE ${TP_${name}_INCLUDE_DIRS})
  find_library(TP_${name}_ARCHIVE NAMES ${archive} HINTS ${TP_${name}_LIBRARY_DIRS} ${TP_${name}_LIBDIR})
  if(TP_${name}_ARCHIVE AND NOT ECHELON_SANITIZE)
    target_link_libraries(ThirdParty_${name} INTERFACE ${TP_${name}_ARCHIVE})
  else()
    target_link_libraries(ThirdParty_${name} INTERFACE ${TP_${name}_LINK_LIBRARIES})
  endif()
  mark_as_advanced(TP_${name}_ARCHIVE)
  add_library(ThirdParty::${name} ALIAS ThirdParty_${name})
endfunction()

third_party(yaml yaml-cpp libyaml-cpp.a)
third_party(turbojpeg libturbojpeg libturbojpeg.a)
third_party(spng spng libspng.a)
third_party(pcre2 libpcre2-8 libpcre2-8.a)
third_party(xxhash libxxhash libxxhash.a)

find_path(NLOHMANN_JSON_INCLUDE_DIR nlohmann/json.hpp REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
add_library(ThirdParty_json INTERFACE)
target_include_directories(ThirdParty_json SYSTEM INTERFACE ${NLOHMANN_JSON_INCLUDE_DIR})
add_library(ThirdParty::json ALIAS ThirdParty_json)
