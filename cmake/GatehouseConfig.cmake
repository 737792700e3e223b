# find_package(Gatehouse) gives the target Gatehouse::gatehouse. The libraries are those of cmake/libraries.cmake that end up in a
# program.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(PkgConfig)
find_dependency(fmt)
find_dependency(OpenSSL)
find_dependency(simdjson)
pkg_check_modules(yaml_cpp REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(libcurl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(libidn2 REQUIRED IMPORTED_TARGET libidn2)
include(${CMAKE_CURRENT_LIST_DIR}/GatehouseTargets.cmake)
