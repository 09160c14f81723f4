# Flags that every target of the project is compiled with.
#
# moevit_library(NAME SOURCES... DEPS...) declares a static library of the
# project's own sources, moevit_test(NAME SOURCES... DEPS...) a C++ test.

add_library(moevit_flags INTERFACE)
target_compile_options(moevit_flags INTERFACE -Wall -Wextra)
if(NOT MOEVIT_SANITIZE)
  # GCC 12 sees overflows in instrumented code that are none.
  target_compile_options(moevit_flags INTERFACE -Werror)
endif()
target_include_directories(moevit_flags INTERFACE ${PROJECT_SOURCE_DIR})
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(moevit_flags INTERFACE -Wthread-safety)
endif()

if(MOEVIT_SANITIZE)
  add_compile_options(-pthread -fsanitize=${MOEVIT_SANITIZE}
                      -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MOEVIT_SANITIZE})
endif()

function(moevit_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE moevit_flags PUBLIC ${ARG_DEPS})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
  endif()
endfunction()

function(moevit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/bin)
  target_link_libraries(${name} PRIVATE moevit_flags ${ARG_DEPS}
                        moevit_test_main)
  add_test(NAME ${name} COMMAND ${name}
           WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()
