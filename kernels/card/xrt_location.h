// Where XRT finds its own parts.

#ifndef MOEVIT_KERNELS_CARD_XRT_LOCATION_H_
#define MOEVIT_KERNELS_CARD_XRT_LOCATION_H_

namespace moevit {

// Sets the variable XILINX_XRT, unless it is set, to the directory in whose
// "lib" the parts are that XRT itself loads, if it is known: that of the
// vendor's XRT, or "../lib/moevit/xrt" of the program. Call it before any
// thread is started.
void LocateXrt();

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_XRT_LOCATION_H_
