// What a kernel takes of a card, and what a card has. All figures of kernels
// are MODELLED: estimates from the structure of the code, not synthesis
// results.

#ifndef MOEVIT_KERNELS_HLS_RESOURCES_H_
#define MOEVIT_KERNELS_HLS_RESOURCES_H_

#include "kernels/hls/word.h"

namespace moevit {
namespace hls {

struct Resources {
  int dsp;
  int bram36;
  int uram;
  int lut;
};

constexpr Resources operator+(const Resources& a, const Resources& b) {
  return Resources{a.dsp + b.dsp, a.bram36 + b.bram36, a.uram + b.uram,
                   a.lut + b.lut};
}

constexpr Resources operator*(int count, const Resources& a) {
  return Resources{count * a.dsp, count * a.bram36, count * a.uram,
                   count * a.lut};
}

constexpr bool Fits(const Resources& need, const Resources& budget) {
  return need.dsp <= budget.dsp && need.bram36 <= budget.bram36 &&
         need.uram <= budget.uram && need.lut <= budget.lut;
}

// Memory blocks for `depth` elements of `bits` bits that are read and written
// in the same cycle. A BRAM36 is then 72 x 512, a URAM 72 x 4096.
constexpr int BramFor(int bits, int depth) {
  return CeilDivide(bits, 72) * CeilDivide(depth, 512);
}
constexpr int UramFor(int bits, int depth) {
  return CeilDivide(bits, 72) * CeilDivide(depth, 4096);
}

constexpr int kWordBits = 8 * kWordBytes;

// One 512-bit memory port: buffers of its bursts, and its logic. Assumed.
constexpr Resources kMemoryPort = {/*dsp=*/0, /*bram36=*/15, /*uram=*/0,
                                   /*lut=*/4000};
// A product of two 32-bit integers: an address, once per port.
constexpr int kAddressDsps = 4;

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_RESOURCES_H_
