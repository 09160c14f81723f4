// The search for the highest rate that a server sustains.

#ifndef MOEVIT_CLIENT_LOAD_SEARCH_H_
#define MOEVIT_CLIENT_LOAD_SEARCH_H_

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

namespace moevit {

struct RateSearch {
  double highest = 0;  // nothing above is tried; the highest itself is not
  int steps = 7;       // the answer is within highest / 2^steps
};

// The highest rate tried for which `sustained` says true, by bisection; 0 if
// there was none. Returns the first error of `sustained`.
absl::StatusOr<double> FindHighestRate(
    const RateSearch& search,
    absl::FunctionRef<absl::StatusOr<bool>(double rate)> sustained);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOAD_SEARCH_H_
