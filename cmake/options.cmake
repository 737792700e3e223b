set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

set(GATEHOUSE_SANITIZE "" CACHE STRING "address, thread, or empty")
option(GATEHOUSE_FUZZ "Build the fuzzers (Clang only)" OFF)
option(GATEHOUSE_BENCH "Build the micro-benchmarks" ON)
option(GATEHOUSE_JOIN "Compile the files of a room in joined batches" ON)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wimplicit-fallthrough -Werror -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of GCC 12 in inlined std::string, std::variant and coroutine frames.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds
                      -Wno-stringop-overread -Wno-dangling-pointer -Wno-mismatched-new-delete)
else()
  # std::stable_sort of libstdc++ 12 calls a function that the same library calls deprecated.
  add_compile_options(-Wno-deprecated-declarations)
  # Clang leaves a 16-byte compare-and-swap to libatomic unless the whole unit may use the instruction.
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    add_compile_options(-mcx16)
  endif()
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 itself uses std::get_temporary_buffer, in std::stable_sort.
  add_compile_options(-Wno-deprecated-declarations)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
endif()

# Everything ends in an executable: -fPIE, not -fPIC, with which no function of a room could be inlined into another of
# its file, since somebody might replace it at run time.
add_compile_options(-fPIE)
add_link_options(-pie -Wl,-z,relro,-z,now)

if(GATEHOUSE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(GATEHOUSE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(NOT GATEHOUSE_SANITIZE STREQUAL "")
  message(FATAL_ERROR "GATEHOUSE_SANITIZE is '${GATEHOUSE_SANITIZE}'; say address, thread, or leave it empty")
endif()

if(GATEHOUSE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
# Two checkouts share the cache: paths below the sources count as relative.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE})
endif()

# Most of a compilation is reading headers. A batch of files that are compiled as one reads them once: three times faster for
# everything. Thirty files are every room whole today; what is left is mostly generating code, which no joining saves. The presets
# that do not join (asan, tsan) show a file that does not include what it uses.
if(GATEHOUSE_JOIN)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 30)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC takes a joined file for a header. What the warning is for, a header with an anonymous namespace, tests/structure finds.
    add_compile_options(-Wno-subobject-linkage)
    # How much a unit may grow by inlining is bounded by its size: files that are joined must not inline less than each alone, or
    # `text.append("literal")` measures the literal at run time.
    add_compile_options(--param=large-unit-insns=1000000)
  endif()
endif()
