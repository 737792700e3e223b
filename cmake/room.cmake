# gatehouse_room(NAME [AT_START] [USES rooms...] [LIBRARIES targets...])
#
# One folder of src/ is one room: a library of its *.cc, a test program of its *_test.cc, and, where there
# are *_bench.cc, a benchmark program. USES names the rooms it may include; links follow the same names, so
# that an include that points upwards does not link. AT_START: a room that reads configuration and does
# nothing for a request. Its code is half of what is compiled, and -O1 compiles it in two thirds of the time;
# with sanitizers, where optimisation brings nothing but speed, -O0 does in half.
function(gatehouse_room name)
  cmake_parse_arguments(ROOM "AT_START" "" "USES;LIBRARIES" ${ARGN})
  set(target gatehouse_${name})
  set_property(GLOBAL APPEND PROPERTY GATEHOUSE_ROOMS ${name})

  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(GATEHOUSE_SANITIZE STREQUAL "thread")
    # ThreadSanitizer's operator new cannot be replaced by one that counts.
    list(FILTER tests EXCLUDE REGEX "allocation_test\\.cc$")
  endif()
  list(FILTER benches INCLUDE REGEX "_bench\\.cc$")

  set(visibility PUBLIC)
  if(sources)
    add_library(${target} STATIC ${sources})
  else()
    add_library(${target} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(${target} ${visibility} ${PROJECT_SOURCE_DIR}/src)
  if(ROOM_AT_START AND CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${target} PRIVATE -O1)
  elseif(ROOM_AT_START AND GATEHOUSE_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
  target_link_libraries(${target} ${visibility} fmt::fmt Threads::Threads ${ROOM_LIBRARIES})
  foreach(used IN LISTS ROOM_USES)
    target_link_libraries(${target} ${visibility} gatehouse_${used})
  endforeach()

  if(tests)
    add_executable(${name}_test ${tests})
    gatehouse_test(${name}_test)
    target_link_libraries(${name}_test PRIVATE ${target} GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)  # a test that hangs fails
  endif()
  if(benches AND GATEHOUSE_BENCH)
    # Not of the default build: tests need none. `ninja benchmarks` builds them all.
    add_executable(${name}_bench EXCLUDE_FROM_ALL ${benches})
    add_dependencies(benchmarks ${name}_bench)
    target_link_libraries(${name}_bench PRIVATE ${target} benchmark::benchmark_main)
  endif()
endfunction()

# Code that only tests run needs no optimisation, which would double its compilation; glibc's checks of _FORTIFY_SOURCE need it.
function(gatehouse_test target)
  target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE)
  add_dependencies(unit_tests ${target})
endfunction()

# gatehouse_embed(ROOM HEADER FOLDER FILES...)
#
# The files, as they are, are in the binary: constants in the header HEADER, in namespace gatehouse::FOLDER (`app/demo`: gatehouse::app::demo),
# named after the files, and written anew when a file changes. FOLDER/FILE is the path below src/.
function(gatehouse_embed room header folder)
  set(constants "")
  foreach(file IN LISTS ARGN)
    set(path ${PROJECT_SOURCE_DIR}/src/${folder}/${file})
    file(READ ${path} text)
    string(MAKE_C_IDENTIFIER ${file} name)
    string(APPEND constants "inline constexpr char ${name}[] = R\"~~~(${text})~~~\";\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  endforeach()
  string(REPLACE "/" "::" namespace ${folder})
  set(generated ${PROJECT_BINARY_DIR}/generated)
  file(CONFIGURE OUTPUT ${generated}/${header} CONTENT "#pragma once

namespace gatehouse::@namespace@ {

@constants@
}  // namespace gatehouse::@namespace@
" @ONLY)
  target_include_directories(gatehouse_${room} PRIVATE ${generated})
endfunction()
