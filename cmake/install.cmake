# `cmake --install`: the programs, their manual pages and completions, what
# emulated cards need, and the bundled model.

include(GNUInstallDirs)

# Manual pages and completions are made from what the programs say of
# themselves, so a build for another processor has none.
set(documents ${CMAKE_BINARY_DIR}/documents)
set(package ${PROJECT_SOURCE_DIR}/deploy/package)
if(NOT CMAKE_CROSSCOMPILING)
  add_custom_command(
    OUTPUT ${documents}/written
    COMMAND ${package}/write_manuals.sh ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}
            ${documents}
    COMMAND ${package}/write_completions.sh ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}
            ${documents}
    COMMAND ${CMAKE_COMMAND} -E touch ${documents}/written
    DEPENDS moevit moevit-server
            ${package}/flag_table.awk ${package}/help_tables.sh
            ${package}/write_completions.sh ${package}/write_manuals.sh
    VERBATIM)
  add_custom_target(moevit_documents ALL DEPENDS ${documents}/written)
  install(DIRECTORY ${documents}/man1 ${documents}/man8
          DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(DIRECTORY ${documents}/bash/
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(DIRECTORY ${documents}/zsh/
          DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endif()

install(TARGETS moevit moevit-server
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${package}/copyright
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/moevit)
# Not CMAKE_INSTALL_LIBDIR, which may name the architecture: the programs look
# in "../lib/moevit".
if(MOEVIT_WITH_EMULATED_CARDS)
  install(TARGETS moevit_emulated_card LIBRARY DESTINATION lib/moevit)
  install(FILES ${CMAKE_BINARY_DIR}/lib/moevit/moevit_card_image.xclbin
          DESTINATION lib/moevit)
endif()
# XRT loads its own parts from $XILINX_XRT/lib, which its installer sets and
# Debian's package does not: there, the libraries are in another place, to which
# the programs take this link (kernels/card/xrt_location.cc).
if(MOEVIT_WITH_XRT)
  get_filename_component(xrt_libraries ${MOEVIT_XRT_LIBRARY} DIRECTORY)
  set(xrt ${CMAKE_BINARY_DIR}/lib/moevit/xrt)
  file(MAKE_DIRECTORY ${xrt})
  file(CREATE_LINK ${xrt_libraries} ${xrt}/lib SYMBOLIC)
  install(DIRECTORY ${xrt} DESTINATION lib/moevit)
endif()
install(DIRECTORY models
        DESTINATION ${CMAKE_INSTALL_DATADIR}/moevit
        PATTERN .* EXCLUDE)
install(DIRECTORY deploy/samples
        DESTINATION ${CMAKE_INSTALL_DATADIR}/moevit
        FILES_MATCHING PATTERN *.jpg PATTERN *.png)
