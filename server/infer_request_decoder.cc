#include "server/infer_request_decoder.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "server/error_mapping.h"
#include "server/little_endian.h"
#include "server/tensor_names.h"

namespace moevit {
namespace {

using Input = inference::ModelInferRequest::InferInputTensor;

constexpr size_t kLengthBytes = 4;  // before each element of BYTES

std::string ShapeText(const Input& input) {
  return absl::StrCat("[", absl::StrJoin(input.shape(), ", "), "]");
}

// The request's only input.
absl::StatusOr<const Input*> FindInput(
    const inference::ModelInferRequest& request) {
  if (request.inputs_size() != 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the request has %d inputs; exactly one, '%s' or '%s', is expected",
        request.inputs_size(), kImageTensor, kPixelsTensor));
  }
  const Input& input = request.inputs(0);
  if (input.name() != kImageTensor && input.name() != kPixelsTensor) {
    return absl::InvalidArgumentError(
        absl::StrFormat("there is no input %s; there are '%s' and '%s'",
                        Quoted(input.name()), kImageTensor, kPixelsTensor));
  }
  return &input;
}

absl::Status CheckDatatype(const Input& input, absl::string_view expected) {
  if (input.datatype() == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("input '%s' has the datatype %s, it must be %s",
                      input.name(), Quoted(input.datatype()), expected));
}

// The first dimension counts the images; the others must be `image_shape`.
absl::StatusOr<int> CheckShape(const Input& input,
                               const std::vector<int64_t>& image_shape,
                               int max_images) {
  bool fits = input.shape_size() == static_cast<int>(image_shape.size()) + 1;
  for (size_t i = 0; fits && i < image_shape.size(); ++i) {
    fits = input.shape(static_cast<int>(i) + 1) == image_shape[i];
  }
  if (!fits || input.shape(0) < 1) {
    std::string expected = "images";
    for (const int64_t extent : image_shape) {
      absl::StrAppend(&expected, ", ", extent);
    }
    return absl::InvalidArgumentError(absl::StrFormat(
        "input '%s' has the shape %s, it must be [%s] with at least one image",
        input.name(), ShapeText(input), expected));
  }
  if (input.shape(0) > max_images) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("input '%s' has %d images, the limit is %d",
                        input.name(), input.shape(0), max_images));
  }
  return static_cast<int>(input.shape(0));
}

// The input's raw contents, or null when it has typed contents.
absl::StatusOr<const std::string*> FindRawContents(
    const inference::ModelInferRequest& request, const Input& input) {
  const int raw = request.raw_input_contents_size();
  if (raw == 0) {
    if (input.has_contents()) return nullptr;
    return absl::InvalidArgumentError(
        absl::StrFormat("there is no data for input '%s'", input.name()));
  }
  if (input.has_contents()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "input '%s' has contents although raw_input_contents is used; only "
        "one of the two is admitted",
        input.name()));
  }
  if (raw != request.inputs_size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("there are %d raw_input_contents for %d inputs", raw,
                        request.inputs_size()));
  }
  return &request.raw_input_contents(0);
}

// Refuses contents in fields other than the one of the input's datatype, which
// must hold `expected` elements.
absl::Status CheckTypedContents(const Input& input, int64_t in_field,
                                int64_t expected) {
  const inference::InferTensorContents& contents = input.contents();
  const int64_t in_all =
      int64_t{contents.bool_contents_size()} + contents.int_contents_size() +
      contents.int64_contents_size() + contents.uint_contents_size() +
      contents.uint64_contents_size() + contents.fp32_contents_size() +
      contents.fp64_contents_size() + contents.bytes_contents_size();
  if (in_field != in_all) {
    return absl::InvalidArgumentError(
        absl::StrFormat("input '%s' has contents in a field that is not for %s",
                        input.name(), input.datatype()));
  }
  if (in_field != expected) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "input '%s' has %d elements in its contents, its shape %s asks for %d",
        input.name(), in_field, ShapeText(input), expected));
  }
  return absl::OkStatus();
}

// Splits raw BYTES into `images` elements.
absl::Status SplitBytes(absl::string_view raw, int images,
                        std::vector<ImageInput>& out) {
  absl::string_view rest = raw;
  for (int i = 0; i < images; ++i) {
    if (rest.size() < kLengthBytes) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the raw contents of input '%s' end before element %d of %d",
          kImageTensor, i, images));
    }
    const uint32_t length = LoadLittleEndian32(rest);
    rest.remove_prefix(kLengthBytes);
    if (length > rest.size()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "element %d of the raw contents of input '%s' has a length of %d "
          "bytes where %d are left",
          i, kImageTensor, length, rest.size()));
    }
    out.push_back({ImageInput::Kind::kEncoded, rest.substr(0, length)});
    rest.remove_prefix(length);
  }
  if (!rest.empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the raw contents of input '%s' have %d bytes after the last of %d "
        "elements",
        kImageTensor, rest.size(), images));
  }
  return absl::OkStatus();
}

absl::Status DecodeImages(const inference::ModelInferRequest& request,
                          const Input& input, const InferRequestLimits& limits,
                          DecodedInferRequest& out) {
  MOEVIT_RETURN_IF_ERROR(CheckDatatype(input, "BYTES"));
  MOEVIT_ASSIGN_OR_RETURN(const int images,
                          CheckShape(input, {}, limits.max_images));
  MOEVIT_ASSIGN_OR_RETURN(const std::string* raw,
                          FindRawContents(request, input));
  if (raw != nullptr) return SplitBytes(*raw, images, out.images);
  const auto& elements = input.contents().bytes_contents();
  MOEVIT_RETURN_IF_ERROR(CheckTypedContents(input, elements.size(), images));
  for (const std::string& image : elements) {
    out.images.push_back({ImageInput::Kind::kEncoded, image});
  }
  return absl::OkStatus();
}

// Narrows pixels that came one per 32-bit integer.
absl::Status ConvertPixels(const Input& input, std::vector<uint8_t>& out) {
  out.reserve(input.contents().uint_contents_size());
  for (const uint32_t pixel : input.contents().uint_contents()) {
    if (pixel > 255) {
      return absl::InvalidArgumentError(
          absl::StrFormat("input '%s' has the element %d, UINT8 ends at 255",
                          input.name(), pixel));
    }
    out.push_back(static_cast<uint8_t>(pixel));
  }
  return absl::OkStatus();
}

absl::Status DecodePixels(const inference::ModelInferRequest& request,
                          const Input& input, const InferRequestLimits& limits,
                          DecodedInferRequest& out) {
  MOEVIT_RETURN_IF_ERROR(CheckDatatype(input, "UINT8"));
  MOEVIT_ASSIGN_OR_RETURN(
      const int images,
      CheckShape(input, {limits.image_size, limits.image_size, limits.channels},
                 limits.max_images));
  const size_t image_bytes =
      size_t{1} * limits.image_size * limits.image_size * limits.channels;
  const size_t expected = image_bytes * images;
  MOEVIT_ASSIGN_OR_RETURN(const std::string* raw,
                          FindRawContents(request, input));
  absl::string_view pixels;
  if (raw != nullptr) {
    pixels = *raw;
    if (pixels.size() != expected) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "the raw contents of input '%s' have %d bytes, its shape %s asks "
          "for %d",
          input.name(), pixels.size(), ShapeText(input), expected));
    }
  } else {
    MOEVIT_RETURN_IF_ERROR(CheckTypedContents(
        input, input.contents().uint_contents_size(), expected));
    MOEVIT_RETURN_IF_ERROR(ConvertPixels(input, out.converted));
    pixels = {reinterpret_cast<const char*>(out.converted.data()),
              out.converted.size()};
  }
  for (int i = 0; i < images; ++i) {
    out.images.push_back({ImageInput::Kind::kPixels,
                          pixels.substr(i * image_bytes, image_bytes)});
  }
  return absl::OkStatus();
}

// The number of classes that the requested output asks for, 0 for scores.
absl::StatusOr<int64_t> DecodeOutputs(
    const inference::ModelInferRequest& request) {
  if (request.outputs_size() == 0) return 0;
  const auto& output = request.outputs(0);
  if (request.outputs_size() > 1 || output.name() != kScoresTensor) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the request asks for %d outputs, the first being %s; there is '%s' "
        "only",
        request.outputs_size(), Quoted(output.name()), kScoresTensor));
  }
  const auto parameter = output.parameters().find("classification");
  if (parameter == output.parameters().end()) return 0;
  const inference::InferParameter& value = parameter->second;
  if (value.parameter_choice_case() != inference::InferParameter::kInt64Param ||
      value.int64_param() < 1) {
    return absl::InvalidArgumentError(
        "the parameter 'classification' must be an int64 of at least 1");
  }
  return value.int64_param();
}

// The parameters `priority` and `timeout`, as Triton has them: a level from 1,
// and microseconds; 0 means the default. Others are for other servers.
absl::Status DecodeParameters(const inference::ModelInferRequest& request,
                              DecodedInferRequest& out) {
  using Parameter = inference::InferParameter;
  const auto& parameters = request.parameters();
  if (const auto found = parameters.find("priority");
      found != parameters.end()) {
    const Parameter& value = found->second;
    const bool is_signed =
        value.parameter_choice_case() == Parameter::kInt64Param;
    if ((!is_signed &&
         value.parameter_choice_case() != Parameter::kUint64Param) ||
        value.int64_param() < 0) {
      return absl::InvalidArgumentError(
          "the parameter 'priority' must be an int64 or uint64 of at least 0");
    }
    out.priority = is_signed ? value.int64_param() : value.uint64_param();
  }
  if (const auto found = parameters.find("timeout");
      found != parameters.end()) {
    const Parameter& value = found->second;
    if (value.parameter_choice_case() != Parameter::kInt64Param ||
        value.int64_param() < 0) {
      return absl::InvalidArgumentError(
          "the parameter 'timeout' must be an int64 of at least 0, in "
          "microseconds");
    }
    out.timeout = absl::Microseconds(value.int64_param());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DecodedInferRequest> DecodeInferRequest(
    const inference::ModelInferRequest& request,
    const InferRequestLimits& limits) {
  DecodedInferRequest decoded;
  MOEVIT_ASSIGN_OR_RETURN(const Input* input, FindInput(request));
  const auto decode =
      input->name() == kImageTensor ? DecodeImages : DecodePixels;
  MOEVIT_RETURN_IF_ERROR(decode(request, *input, limits, decoded));
  MOEVIT_ASSIGN_OR_RETURN(decoded.classification, DecodeOutputs(request));
  MOEVIT_RETURN_IF_ERROR(DecodeParameters(request, decoded));
  return decoded;
}

}  // namespace moevit
