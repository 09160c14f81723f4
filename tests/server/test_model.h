// A model for tests of the server: images of 2 x 2 pixels, three classes, and
// FakeExecutor in place of a program.

#ifndef MOEVIT_TESTS_SERVER_TEST_MODEL_H_
#define MOEVIT_TESTS_SERVER_TEST_MODEL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "program/quantized_model.h"

namespace moevit {

inline constexpr int kTestImageSize = 2;
inline constexpr int kTestImageBytes = 2 * 2 * 3;
inline constexpr int kTestClasses = 3;

// Classes "plane", "ship" and "truck"; no ops.
QuantizedModel TestModel();

// Pixels that FakeExecutor classifies as `index`.
std::vector<uint8_t> TestPixels(int index);

// An image file, as far as PrepareTestImage is concerned, of that class.
std::string TestImage(int index);

// An ImagePreparer. Returns kInvalidArgument for what TestImage did not make.
absl::StatusOr<std::vector<uint8_t>> PrepareTestImage(
    absl::string_view encoded, const ModelConfig& config);

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_TEST_MODEL_H_
