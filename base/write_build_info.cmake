# Run by each build: writes OUTPUT from TEMPLATE if the commit has changed.

# Not a checkout that SOURCE_DIR merely lies in.
execute_process(
  COMMAND git --git-dir=${SOURCE_DIR}/.git --work-tree=${SOURCE_DIR}
          describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(COMMIT "")
endif()
configure_file(${TEMPLATE} ${OUTPUT} @ONLY)
