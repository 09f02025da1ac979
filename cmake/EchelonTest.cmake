# Tests in three tiers, told apart by ctest label: `unit` (one process; ranks are threads), `mpi` (real processes under
# mpirun) and `end_to_end` (the binary, as a user runs it). A watchdog ends each after 60 seconds unless told otherwise.
set(ECHELON_TEST_TIMEOUT 60)
if(ECHELON_SANITIZE)  # which makes everything slower, up to ten times
  set(ECHELON_TEST_TIMEOUT 600)
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# What Open MPI needs to start more ranks than cores, as root in a container. MPICH ignores it.
set(ECHELON_MPI_ENVIRONMENT
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_hwloc_base_binding_policy=none OMP_NUM_THREADS=1)

function(_echelon_test_properties target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE ECHELON_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    ECHELON_BINARY_DIR="${PROJECT_BINARY_DIR}")
endfunction()

# What tests have in common, precompiled: gmock, and with it LibTorch for the modules that use it, without which each of a
# hundred tests would take ten seconds to compile.
function(_echelon_test_pch target header)
  if(TARGET ${target})
    return()
  endif()
  add_library(${target} OBJECT ${PROJECT_SOURCE_DIR}/tests/test_pch.cpp)
  target_include_directories(${target} PRIVATE ${ECHELON_SOURCE_DIR} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE echelon_compile_options ThirdParty::fmt Threads::Threads GTest::gmock ${ARGN})
  target_precompile_headers(${target} PRIVATE <${header}>)
  # As programs are compiled, not libraries: the compiler uses no header that was compiled otherwise.
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIE)
  _echelon_test_properties(${target})
endfunction()

function(_echelon_test_executable name)
  cmake_parse_arguments(ARG "TORCH_FREE" "" "SOURCES;MODULES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  foreach(source IN LISTS ARG_SOURCES)
    set_property(GLOBAL APPEND PROPERTY ECHELON_LISTED_TESTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  endforeach()
  _echelon_test_pch(echelon_plain_test_pch gmock/gmock.h)
  _echelon_test_pch(echelon_test_pch test_pch.h LibTorch::cpu)
  get_property(torch_modules GLOBAL PROPERTY ECHELON_TORCH_MODULES)
  set(pch echelon_plain_test_pch)
  foreach(module IN LISTS ARG_MODULES)
    if(module IN_LIST torch_modules)
      set(pch echelon_test_pch)
    endif()
  endforeach()
  target_precompile_headers(${name} REUSE_FROM ${pch})
  list(TRANSFORM ARG_MODULES PREPEND echelon_)
  _echelon_test_properties(${name})
  target_link_libraries(${name} PRIVATE ${ARG_MODULES} ${ARG_LIBRARIES} GTest::gmock)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
endfunction()

# echelon_unit_test(NAME SOURCES file… MODULES module… [LIBRARIES target…] [SHARDS n]): a GoogleTest binary, one ctest entry
# (LibTorch takes a quarter of a second to load, so a process a test would cost more than the tests), or n, among which the
# tests are divided, where they take long.
function(echelon_unit_test name)
  cmake_parse_arguments(UNIT_ARG "" "SHARDS" "" ${ARGN})
  _echelon_test_executable(${name} ${UNIT_ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE GTest::gtest_main)
  set(environment
    "OMP_NUM_THREADS=1;TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan_suppressions.txt")
  if(NOT UNIT_ARG_SHARDS)
    add_test(NAME unit.${name} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT ${ECHELON_TEST_TIMEOUT} ENVIRONMENT "${environment}")
    return()
  endif()
  math(EXPR last "${UNIT_ARG_SHARDS} - 1")
  foreach(shard RANGE ${last})
    add_test(NAME unit.${name}.${shard} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(unit.${name}.${shard} PROPERTIES LABELS unit TIMEOUT ${ECHELON_TEST_TIMEOUT}
      ENVIRONMENT "${environment};GTEST_TOTAL_SHARDS=${UNIT_ARG_SHARDS};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()

# echelon_mpi_test(NAME RANKS n… SOURCES file… MODULES module…): the same binary under mpirun, once for each n.
# tests/mpi_main.cpp gives it a main that starts MPI and fails the process when any rank fails.
function(echelon_mpi_test name)
  cmake_parse_arguments(MPI_ARG "" "" "RANKS;SOURCES;MODULES;LIBRARIES" ${ARGN})
  _echelon_test_executable(${name} SOURCES ${MPI_ARG_SOURCES} MODULES ${MPI_ARG_MODULES} LIBRARIES ${MPI_ARG_LIBRARIES})
  target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/mpi_main.cpp)
  target_link_libraries(${name} PRIVATE GTest::gtest MPI::MPI_C)
  foreach(ranks IN LISTS MPI_ARG_RANKS)
    add_test(NAME mpi.${name}.${ranks}_ranks COMMAND ${MPIEXEC_EXECUTABLE} -n ${ranks} $<TARGET_FILE:${name}>)
    set_tests_properties(mpi.${name}.${ranks}_ranks PROPERTIES LABELS mpi TIMEOUT ${ECHELON_TEST_TIMEOUT}
      PROCESSORS 2 ENVIRONMENT "${ECHELON_MPI_ENVIRONMENT}")
  endforeach()
endfunction()

# echelon_end_to_end_test(NAME COMMAND … [TIMEOUT s]): a program or script that runs the echelon binary. It finds the
# binary in $ECHELON, the sources in $ECHELON_SOURCE_DIR.
function(echelon_end_to_end_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "COMMAND" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT ${ECHELON_TEST_TIMEOUT})
  endif()
  add_test(NAME end_to_end.${name} COMMAND ${ARG_COMMAND})
  set_tests_properties(end_to_end.${name} PROPERTIES LABELS end_to_end TIMEOUT ${ARG_TIMEOUT} PROCESSORS 2
    ENVIRONMENT "${ECHELON_MPI_ENVIRONMENT};ECHELON=${PROJECT_BINARY_DIR}/echelon;ECHELON_SOURCE_DIR=${PROJECT_SOURCE_DIR};ECHELON_MPIRUN=${MPIEXEC_EXECUTABLE}")
endfunction()

# echelon_python_test(NAME SCRIPT file PROGRAM source MODULES module…): a Python script that checks, with the reference
# library, what the program built from one source file writes. It gets the program's path as argument, and the packages of
# tests/requirements.txt, which tests/run puts on PYTHONPATH.
function(echelon_python_test name)
  cmake_parse_arguments(ARG "" "SCRIPT;PROGRAM" "MODULES" ${ARGN})
  _echelon_test_executable(${name}_program SOURCES ${ARG_PROGRAM} MODULES ${ARG_MODULES})
  add_test(NAME python.${name}
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SCRIPT} $<TARGET_FILE:${name}_program>)
  set_tests_properties(python.${name} PROPERTIES LABELS end_to_end TIMEOUT ${ECHELON_TEST_TIMEOUT}
    ENVIRONMENT "OMP_NUM_THREADS=1")
endfunction()

# Fails the configuration when a *_test.cpp exists that no target builds.
function(echelon_require_all_tests_listed)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*_test.cpp)
  get_property(listed GLOBAL PROPERTY ECHELON_LISTED_TESTS)
  list(REMOVE_ITEM found ${listed})
  if(found)
    message(FATAL_ERROR "These tests are built by no target; list them in a CMakeLists.txt: ${found}")
  endif()
endfunction()
