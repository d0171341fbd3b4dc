# SPDX-License-Identifier: Apache-2.0
# cpack, in the build's directory, makes Debian packages of what install.cmake installs.
find_program(DPKG_QUERY dpkg-query)
if(NOT DPKG_QUERY)
  return()
endif()

# package_of(FILE VARIABLE): the installed Debian package that has the file; empty if none has.
function(package_of file variable)
  get_filename_component(real ${file} REALPATH)
  execute_process(COMMAND ${DPKG_QUERY} -S ${real} OUTPUT_VARIABLE owner ERROR_QUIET)
  if(NOT owner) # where /lib is a link to /usr/lib, dpkg knows only one of the names
    string(REGEX REPLACE "^/usr" "" real ${real})
    execute_process(COMMAND ${DPKG_QUERY} -S ${real} OUTPUT_VARIABLE owner ERROR_QUIET)
  endif()
  string(REGEX REPLACE "[:\n].*" "" owner "${owner}")
  set(${variable} "${owner}" PARENT_SCOPE)
endfunction()
# What is opened when it is needed, no linker tells.
package_of(${LIBBCC} BCC_PACKAGE)
package_of(${LIBCLANG} CLANG_PACKAGE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME reprobe)
set(CPACK_PACKAGE_VENDOR reprobe)
set(CPACK_PACKAGE_CONTACT "reprobe maintainers <maintainers@reprobe.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL reprobe ${LIBRARY_PACKAGE} libreprobe-dev)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/scripts/package/stage.cmake)

string(TOUPPER ${LIBRARY_PACKAGE} LIBRARY_COMPONENT)
set(same "(= ${PROJECT_VERSION})")
set(whole "reprobe turns questions into BPF programs in BCC's C, which are compiled,
attached and keep running while you ask more.
")

set(CPACK_DEBIAN_REPROBE_PACKAGE_NAME reprobe)
set(CPACK_DEBIAN_REPROBE_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_REPROBE_PACKAGE_DEPENDS "${LIBRARY_PACKAGE} ${same}, ${BCC_PACKAGE}")
set(CPACK_DEBIAN_REPROBE_PACKAGE_RECOMMENDS "${CLANG_PACKAGE}, binutils")
set(CPACK_DEBIAN_REPROBE_PACKAGE_SUGGESTS
  "qemu-system-x86, busybox-static, cpio, kmod, xz-utils, zstd, bash-completion, libdebuginfod1")
set(CPACK_COMPONENT_REPROBE_DESCRIPTION "questions to the running kernel, as BPF programs in C
${whole}This package has its prompt, its tools and the lab, a virtual machine with
another kernel.")

set(CPACK_DEBIAN_${LIBRARY_COMPONENT}_PACKAGE_NAME ${LIBRARY_PACKAGE})
set(CPACK_DEBIAN_${LIBRARY_COMPONENT}_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_${LIBRARY_COMPONENT}_PACKAGE_DEPENDS "${BCC_PACKAGE}")
set(CPACK_DEBIAN_${LIBRARY_COMPONENT}_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/scripts/package/triggers)
set(CPACK_COMPONENT_${LIBRARY_COMPONENT}_DESCRIPTION "library that compiles and attaches BPF C at run time
${whole}This package has the library behind it, for programs that are built with it.")

set(CPACK_DEBIAN_LIBREPROBE-DEV_PACKAGE_NAME libreprobe-dev)
set(CPACK_DEBIAN_LIBREPROBE-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBREPROBE-DEV_PACKAGE_DEPENDS
  "${LIBRARY_PACKAGE} ${same}, libbpf-dev, libelf-dev, zlib1g-dev, libmd-dev")
set(CPACK_COMPONENT_LIBREPROBE-DEV_DESCRIPTION "library that compiles BPF C at run time - development files
${whole}This package has what programs that use its library are built with.")
include(CPack)
