#include "client/load_search.h"

#include "base/status_macros.h"

namespace moevit {

absl::StatusOr<double> FindHighestRate(
    const RateSearch& search,
    absl::FunctionRef<absl::StatusOr<bool>(double rate)> sustained) {
  double low = 0;
  double high = search.highest;
  for (int step = 0; step < search.steps; ++step) {
    const double middle = (low + high) / 2;
    MOEVIT_ASSIGN_OR_RETURN(const bool yes, sustained(middle));
    (yes ? low : high) = middle;
  }
  return low;
}

}  // namespace moevit
