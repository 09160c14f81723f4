// The SHA-256 digest by which the files of a model are recognized.

#ifndef MOEVIT_BASE_SHA256_H_
#define MOEVIT_BASE_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace moevit {

// 64 lower-case hexadecimal digits. Thread safe.
std::string Sha256Hex(absl::string_view bytes);

}  // namespace moevit

#endif  // MOEVIT_BASE_SHA256_H_
