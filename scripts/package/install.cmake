# SPDX-License-Identifier: Apache-2.0
# What is installed, and in which of the three packages: reprobe has the programs, libreprobeN what programs
# that use the library load, libreprobe-dev what these are built with.
set(LIBRARY_PACKAGE libreprobe${PROJECT_VERSION_MAJOR})

# Others have programs and man pages of the tools' names: ours have a directory and a prefix.
set(LIBEXEC ${CMAKE_INSTALL_LIBEXECDIR}/reprobe)
install(TARGETS reprobe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT reprobe)
install(TARGETS ${TOOLS} RUNTIME DESTINATION ${LIBEXEC} COMPONENT reprobe)
install(PROGRAMS scripts/lab scripts/lab-init DESTINATION ${LIBEXEC} COMPONENT reprobe)
install(DIRECTORY bpf-src/ DESTINATION ${CMAKE_INSTALL_DATADIR}/reprobe/bpf-src COMPONENT reprobe)
install(DIRECTORY docs/examples/ DESTINATION ${CMAKE_INSTALL_DATADIR}/reprobe/examples COMPONENT reprobe)
install(DIRECTORY docs/labs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/reprobe/labs COMPONENT reprobe
  USE_SOURCE_PERMISSIONS) # workloads are run
file(GLOB MAN_PAGES CONFIGURE_DEPENDS docs/man/*.[178])
foreach(page ${MAN_PAGES})
  get_filename_component(name ${page} NAME)
  string(REGEX MATCH "[0-9]$" section ${page})
  if(NOT name MATCHES "^reprobe")
    string(PREPEND name reprobe-)
  endif()
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} RENAME ${name} COMPONENT reprobe)
endforeach()

install(FILES ${COMPLETION}.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME reprobe COMPONENT reprobe)
install(FILES ${COMPLETION}.zsh
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _reprobe COMPONENT reprobe)
install(FILES ${COMPLETION}.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT reprobe)

install(TARGETS ${LIBRARIES}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${LIBRARY_PACKAGE} NAMELINK_COMPONENT libreprobe-dev
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libreprobe-dev)
install(TARGETS reprobe_clang
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/reprobe COMPONENT ${LIBRARY_PACKAGE})
install(DIRECTORY runtime/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libreprobe-dev)

# The prefix is told relative to the file: `cmake --install --prefix` may choose another one.
file(RELATIVE_PATH PREFIX_OF_PKGCONFIG ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
if(BUILD_SHARED_LIBS)
  set(PRIVATE .private) # what libreprobe.so loads by itself
else()
  set(STATIC_LIBS " -rdynamic")
endif()
configure_file(runtime/reprobe.pc.in reprobe.pc @ONLY)
configure_file(tools/common/reprobe-tool.pc.in reprobe-tool.pc @ONLY)
# pkg-config prefers NAME-uninstalled.pc: what is built with the library before it is installed.
foreach(name reprobe reprobe-tool)
  file(READ ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc text)
  string(REGEX REPLACE "libdir=[^\n]*" "libdir=\${pcfiledir}" text "${text}")
  string(REGEX REPLACE "includedir=[^\n]*" "includedir=${PROJECT_SOURCE_DIR}/runtime/include" text "${text}")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}-uninstalled.pc "${text}")
endforeach()
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/reprobe.pc ${CMAKE_CURRENT_BINARY_DIR}/reprobe-tool.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libreprobe-dev)

include(CMakePackageConfigHelpers)
set(CONFIG_DIRECTORY ${CMAKE_INSTALL_LIBDIR}/cmake/reprobe)
configure_package_config_file(scripts/package/reprobe-config.cmake.in reprobe-config.cmake
  INSTALL_DESTINATION ${CONFIG_DIRECTORY}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/reprobe-config-version.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/reprobe-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/reprobe-config-version.cmake
  DESTINATION ${CONFIG_DIRECTORY} COMPONENT libreprobe-dev)
