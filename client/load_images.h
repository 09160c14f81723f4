// The images that a load generator sends.

#ifndef MOEVIT_CLIENT_LOAD_IMAGES_H_
#define MOEVIT_CLIENT_LOAD_IMAGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace moevit {

// The contents of files, and of all JPEG and PNG files right in directories by
// name, in order. Returns kInvalidArgument if there is none, and the error of a
// file that cannot be read; kResourceExhausted for more than a GiB together.
absl::StatusOr<std::vector<std::string>> ReadImages(
    absl::Span<const std::string> paths);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOAD_IMAGES_H_
