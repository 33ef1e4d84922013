# SPDX-License-Identifier: MIT
# What `cmake --install` puts where. Nothing installed holds an absolute path.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/filch)

install(TARGETS filch filch_shared filch_static EXPORT filch-targets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")
install(EXPORT filch-targets
    NAMESPACE filch::
    DESTINATION ${package_dir})

configure_package_config_file(filch-config.cmake.in filch-config.cmake
    INSTALL_DESTINATION ${package_dir}
    NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(filch-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_CURRENT_BINARY_DIR}/filch-config.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/filch-config-version.cmake
    DESTINATION ${package_dir})

# ${pcfiledir} is where pkg-config finds the file: the way from there to the
# prefix stays right when the tree is moved.
file(RELATIVE_PATH pc_prefix
    /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" pc_prefix ${pc_prefix})
configure_file(filch.pc.in filch.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/filch.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
