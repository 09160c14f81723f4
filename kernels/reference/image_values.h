// The intermediate results of one image in the reference executor.

#ifndef MOEVIT_KERNELS_REFERENCE_IMAGE_VALUES_H_
#define MOEVIT_KERNELS_REFERENCE_IMAGE_VALUES_H_

#include <cstdint>
#include <vector>

namespace moevit::reference {

// The content of one program value; only the member of its type is in use.
struct ValueData {
  std::vector<int8_t> codes;      // kCode: [rows, channels]
  std::vector<int16_t> wide;      // kInt16: [rows, channels]
  std::vector<int> experts;       // kRouting: [rows, top_k]
  std::vector<uint16_t> weights;  // kRouting: [rows, top_k], units of 2^-15
};

using ImageValues = std::vector<ValueData>;  // by ValueId

}  // namespace moevit::reference

#endif  // MOEVIT_KERNELS_REFERENCE_IMAGE_VALUES_H_
