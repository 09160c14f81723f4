// The tensors that every model has in the Open Inference Protocol.

#ifndef MOEVIT_SERVER_TENSOR_NAMES_H_
#define MOEVIT_SERVER_TENSOR_NAMES_H_

namespace moevit {

// Encoded images, BYTES [-1].
inline constexpr char kImageTensor[] = "image";

// Images of the model's size, UINT8 [-1, size, size, channels].
inline constexpr char kPixelsTensor[] = "pixels";

// Softmax probabilities, FP32 [-1, classes].
inline constexpr char kScoresTensor[] = "scores";

}  // namespace moevit

#endif  // MOEVIT_SERVER_TENSOR_NAMES_H_
