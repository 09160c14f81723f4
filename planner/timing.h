// How fast what is outside of the kernels is. All figures but the wait between
// launches of one unit are published measurements on cards of this family:
// Vitis_Accel_Examples (host copies, launches, memory).

#ifndef MOEVIT_PLANNER_TIMING_H_
#define MOEVIT_PLANNER_TIMING_H_

namespace moevit::planner {

struct Timing {
  // A launch that is waited for before the next one; and how long a unit stands
  // still between two that are queued.
  double launch_seconds = 12e-6;
  double launch_gap_seconds = 3e-6;

  // PCIe, each direction by itself.
  double to_card_bytes_per_second = 7.5e9;
  double from_card_bytes_per_second = 12.0e9;
  double copy_seconds = 14e-6;  // of any size, besides its bytes

  // Of the peak, for reads of 128 bytes at random places of one HBM bank.
  double memory_efficiency = 0.8;
};

// Watts = idle + products per second * joules per product.
//
// Both are set so that CoQMoE's published figures come out: 33.7 W at 1004.3
// GOPS on a U280. Its dynamic part, logic and memory included, is counted per
// product, so that a DSP that makes two products is charged for both.
struct Power {
  double idle_watts = 24.0;  // shell, memory, fan. Assumed
  double joules_per_product = (33.7 - 24.0) / (1004.3e9 / 2);
};

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_TIMING_H_
