// A vector of lanes that move together: hls::vector in simulation.

#ifndef MOEVIT_KERNELS_HLS_SIM_VEC_H_
#define MOEVIT_KERNELS_HLS_SIM_VEC_H_

namespace moevit {
namespace hls {

// Left uninitialized by default, like the tool's.
template <typename T, int kLanes>
struct alignas(sizeof(T) * kLanes % 64 == 0 ? 64 : alignof(T)) Vec {
  T lanes[kLanes];

  T& operator[](int lane) { return lanes[lane]; }
  const T& operator[](int lane) const { return lanes[lane]; }
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_SIM_VEC_H_
