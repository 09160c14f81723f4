// The kernels of the image that emulated cards run: those of kernels/hls,
// compiled as they are.

#include "kernels/emulation/kernel_entry.h"
#include "kernels/hls/kernels.h"

MOEVIT_EMULATED_KERNEL(moevit_linear, schedule, weights0, weights1, input,
                       residual, output, items)
MOEVIT_EMULATED_KERNEL(moevit_attention, qkv, parameters, output, images)
MOEVIT_EMULATED_KERNEL(moevit_vector, parameters, input, residual, routing,
                       output, images)
