// A counter of microjoules that begins somewhere and may wrap around.

#ifndef MOEVIT_ENERGY_ENERGY_COUNTER_H_
#define MOEVIT_ENERGY_ENERGY_COUNTER_H_

#include <cstdint>
#include <optional>

namespace moevit {

// Thread-compatible.
class EnergyCounter {
 public:
  // range: the counter goes back to 0 after this value; 0 if it never does.
  explicit EnergyCounter(int64_t range) : range_(range) {}

  // What was used since the last call, given what the counter says now.
  // Nothing in the first call, and when the counter began anew: went back
  // other than by a wrap. Wraps are seen if it is read at least twice in one.
  int64_t Advance(int64_t value) {
    const int64_t last = last_.value_or(value);
    last_ = value;
    if (value >= last) return value - last;
    const int64_t wrapped = range_ - last + value;
    return wrapped >= 0 && wrapped <= range_ / 2 ? wrapped : 0;
  }

 private:
  const int64_t range_;
  std::optional<int64_t> last_;
};

}  // namespace moevit

#endif  // MOEVIT_ENERGY_ENERGY_COUNTER_H_
