# Run by each build: writes OUTPUT from TEMPLATE if the commit has changed.

execute_process(
  COMMAND git -C ${SOURCE_DIR} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(COMMIT "")
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
