# echelon_module(NAME [TORCH_FREE] [SETTINGS file…] [SOURCES file…] [DEPENDS module…] [LIBRARIES target…])
#
# One folder of csrc/ (or models/) as one static library `echelon_NAME`. SETTINGS are the files that declare the
# module's part of the configuration: they become `echelon_NAME_settings`, which never sees LibTorch, so that
# `echelon check`, `schema` and `--help` start without it. A TORCH_FREE module sees LibTorch nowhere.
# DEPENDS names modules on lower layers; their settings come along.
set(ECHELON_SOURCE_DIR ${PROJECT_SOURCE_DIR}/csrc)
set_property(GLOBAL PROPERTY ECHELON_MODULES "")
set_property(GLOBAL PROPERTY ECHELON_SETTINGS "")

function(echelon_torch_target target)
  target_link_libraries(${target} PUBLIC LibTorch::cpu)
  target_precompile_headers(${target} REUSE_FROM echelon_pch)
endfunction()

function(echelon_library target)
  add_library(${target} STATIC ${ARGN})
  target_include_directories(${target} PUBLIC ${ECHELON_SOURCE_DIR} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC echelon_compile_options ThirdParty::fmt Threads::Threads)
endfunction()

function(echelon_module name)
  cmake_parse_arguments(ARG "TORCH_FREE" "" "SETTINGS;SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  set(settings_depends "")
  set(depends "")
  foreach(module IN LISTS ARG_DEPENDS)
    list(APPEND depends echelon_${module})
    if(TARGET echelon_${module}_settings)
      list(APPEND settings_depends echelon_${module}_settings)
    endif()
  endforeach()

  if(ARG_SETTINGS)
    echelon_library(echelon_${name}_settings ${ARG_SETTINGS})
    target_link_libraries(echelon_${name}_settings PUBLIC echelon_config ${settings_depends})
    list(APPEND depends echelon_${name}_settings)
    set_property(GLOBAL APPEND PROPERTY ECHELON_SETTINGS echelon_${name}_settings)
  endif()

  echelon_library(echelon_${name} ${ARG_SOURCES})
  if(NOT ARG_TORCH_FREE)
    echelon_torch_target(echelon_${name})
    set_property(GLOBAL APPEND PROPERTY ECHELON_TORCH_MODULES ${name})
  endif()
  target_link_libraries(echelon_${name} PUBLIC ${depends} ${ARG_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY ECHELON_MODULES echelon_${name})
endfunction()
