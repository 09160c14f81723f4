// Names shared by the reader and the writer of program.json.

#ifndef MOEVIT_PROGRAM_FORMAT_H_
#define MOEVIT_PROGRAM_FORMAT_H_

#include <utility>

#include "absl/strings/string_view.h"
#include "program/program.h"

namespace moevit {

// Raised whenever a program written before would be read differently.
constexpr int kProgramFormatVersion = 1;

constexpr std::pair<ElementType, const char*> kElementTypeNames[] = {
    {ElementType::kCode, "code"},
    {ElementType::kInt16, "int16"},
    {ElementType::kRouting, "routing"},
};

inline absl::string_view ElementTypeName(ElementType type) {
  for (const auto& [candidate, name] : kElementTypeNames) {
    if (candidate == type) return name;
  }
  return "";
}

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_FORMAT_H_
