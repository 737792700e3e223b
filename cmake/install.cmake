# The files that `cmake --install` installs: the program, and the parts of a program with handlers of its own: one archive of all rooms, the
# public headers, and the package that find_package(Gatehouse) finds.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(rooms GLOBAL PROPERTY GATEHOUSE_ROOMS)
set(objects "")
foreach(room IN LISTS rooms)
  get_target_property(type gatehouse_${room} TYPE)
  if(type STREQUAL "STATIC_LIBRARY" AND NOT room STREQUAL "lab")
    list(APPEND objects $<TARGET_OBJECTS:gatehouse_${room}>)
  endif()
endforeach()
add_library(gatehouse_program STATIC ${objects})
set_target_properties(gatehouse_program PROPERTIES OUTPUT_NAME gatehouse EXPORT_NAME gatehouse LINKER_LANGUAGE CXX)
target_compile_features(gatehouse_program INTERFACE cxx_std_20)
target_include_directories(gatehouse_program INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(gatehouse_program INTERFACE
  fmt::fmt Threads::Threads OpenSSL::SSL OpenSSL::Crypto simdjson::simdjson PkgConfig::yaml_cpp PkgConfig::re2
  PkgConfig::sqlite3 PkgConfig::libpq PkgConfig::libidn2 Unistring::unistring)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Gatehouse)
install(TARGETS gatehouse RUNTIME)
install(TARGETS gatehouse_program EXPORT GatehouseTargets ARCHIVE)
install(DIRECTORY include/gatehouse DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT GatehouseTargets NAMESPACE Gatehouse:: DESTINATION ${package})
write_basic_package_version_file(GatehouseConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/GatehouseConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/GatehouseConfigVersion.cmake DESTINATION ${package})
