# XRT, the driver's interface to Alveo cards. Without it everything builds, and
# behaves the same where there is no card.

include_guard(GLOBAL)

find_path(MOEVIT_XRT_INCLUDE_DIR xrt/xrt_device.h
          HINTS $ENV{XILINX_XRT}/include /opt/xilinx/xrt/include
          PATH_SUFFIXES xrt)
find_library(MOEVIT_XRT_LIBRARY xrt_coreutil
             HINTS $ENV{XILINX_XRT}/lib /opt/xilinx/xrt/lib)
find_library(MOEVIT_UUID_LIBRARY uuid)
# The driver's own interface, which the emulated card answers.
find_path(MOEVIT_XOCL_INCLUDE_DIR xocl_ioctl.h)
mark_as_advanced(MOEVIT_XRT_INCLUDE_DIR MOEVIT_XRT_LIBRARY MOEVIT_UUID_LIBRARY
                 MOEVIT_XOCL_INCLUDE_DIR)

set(found OFF)
if(MOEVIT_XRT_INCLUDE_DIR AND MOEVIT_XRT_LIBRARY AND MOEVIT_UUID_LIBRARY)
  set(found ON)
endif()
option(MOEVIT_WITH_XRT "Build the adapter to Alveo cards" ${found})

if(MOEVIT_WITH_XRT AND NOT found)
  message(FATAL_ERROR "MOEVIT_WITH_XRT is on, but XRT was not found: install "
                      "libxrt-dev and uuid-dev, or set XILINX_XRT")
endif()
set(emulation OFF)
if(MOEVIT_WITH_XRT AND MOEVIT_XOCL_INCLUDE_DIR)
  set(emulation ON)
endif()
set(MOEVIT_WITH_EMULATED_CARDS ${emulation} CACHE INTERNAL "")
if(NOT MOEVIT_WITH_XRT)
  message(STATUS "Without XRT (MOEVIT_WITH_XRT): no Alveo cards, real or "
                 "emulated. Debian has it in libxrt-dev and uuid-dev")
elseif(NOT MOEVIT_WITH_EMULATED_CARDS)
  message(STATUS "xocl_ioctl.h was not found: no emulated cards")
endif()
