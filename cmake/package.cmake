# `cpack`: a package for Debian 12, with the server as a systemd service.

find_program(MOEVIT_DPKG_SHLIBDEPS dpkg-shlibdeps)
mark_as_advanced(MOEVIT_DPKG_SHLIBDEPS)
if(NOT MOEVIT_DPKG_SHLIBDEPS)
  message(STATUS "Without dpkg-shlibdeps: no package. Debian has it in dpkg-dev")
  return()
endif()

# The service is the package's alone: its settings are in /etc, where no
# `cmake --install --prefix DIR` should write.
set(package ${PROJECT_SOURCE_DIR}/deploy/package)
install(FILES ${package}/moevit-server.service
        DESTINATION lib/systemd/system
        COMPONENT service EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/server.pbtxt
        DESTINATION /etc/moevit
        COMPONENT service EXCLUDE_FROM_ALL)
set(CPACK_INSTALL_CMAKE_PROJECTS
    ${CMAKE_BINARY_DIR} ${PROJECT_NAME} ALL /
    ${CMAKE_BINARY_DIR} ${PROJECT_NAME} service /)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME moevit)
set(CPACK_PACKAGE_CONTACT "The moevit developers <moevit@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# For its own libraries, which are no package's.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/lib/moevit)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${package}/conffiles ${package}/postinst ${package}/prerm
    ${package}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
