#include "model/jpeg_decoder.h"

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

// jpeglib.h needs what <cstdio> declares.
#include <jerror.h>
#include <jpeglib.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "model/orientation.h"

namespace moevit {
namespace {

// A progressive file may have any number of scans, each of which costs a pass
// over the whole image. Encoders write about ten.
constexpr int kMaxScans = 100;
// The library has fast inverse transforms for 1/2, 1/4 and 1/8.
constexpr unsigned int kMaxReduction = 8;
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned int kMaxMarkerBytes = 0xffff;
constexpr absl::string_view kExifMagic("Exif\0\0", 6);

// The library reports errors by a call that must not return. It is made to
// jump back to Guard; no frame in between has a destructor to run.
struct ErrorHandler {
  jpeg_error_mgr base;  // first, so that a pointer to it points to all
  std::jmp_buf target;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void JumpOut(j_common_ptr info) {
  auto* const handler = reinterpret_cast<ErrorHandler*>(info->err);
  handler->base.format_message(info, handler->message);
  std::longjmp(handler->target, 1);
}

// Warnings that say that a part of the picture is missing or made up are
// errors here; the others concern oddities that do no harm.
void HandleMessage(j_common_ptr info, int level) {
  if (level >= 0) return;  // a trace
  switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
      JumpOut(info);
    default:
      break;
  }
}

void LimitScans(j_common_ptr info) {
  const auto* const decompress = reinterpret_cast<j_decompress_ptr>(info);
  if (decompress->input_scan_number <= kMaxScans) return;
  auto* const handler = reinterpret_cast<ErrorHandler*>(info->err);
  std::snprintf(handler->message, sizeof(handler->message),
                "more than %d scans", kMaxScans);
  std::longjmp(handler->target, 1);
}

// Adobe's CMYK has inverted inks: each is the light it lets through. The
// arithmetic, rounding included, is Pillow's.
void CmykToRgb(const uint8_t* cmyk, int pixels, uint8_t* rgb) {
  for (int i = 0; i < pixels; ++i, cmyk += 4, rgb += 3) {
    const int black_light = cmyk[3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - cmyk[c]) * black_light + 128;
      rgb[c] =
          static_cast<uint8_t>(black_light - (((product >> 8) + product) >> 8));
    }
  }
}

// One decompression. Its steps must be called in the order of declaration.
class JpegDecoder {
 public:
  explicit JpegDecoder(absl::string_view bytes) : bytes_(bytes) {
    info_.err = jpeg_std_error(&handler_.base);
    handler_.base.error_exit = JumpOut;
    handler_.base.emit_message = HandleMessage;
    progress_.progress_monitor = LimitScans;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  absl::Status ReadHeader();
  int width() const { return static_cast<int>(info_.image_width); }
  int height() const { return static_cast<int>(info_.image_height); }
  int Orientation() const;
  void Reduce(int sufficient_side);
  absl::StatusOr<Image> ReadPixels();

 private:
  // Runs calls into the library; false when one of them failed. `calls` must
  // hold no object with a destructor.
  bool Guard(absl::FunctionRef<void()> calls) {
    if (setjmp(handler_.target) != 0) return false;
    calls();
    return true;
  }

  absl::Status Failure() const {
    return absl::InvalidArgumentError(
        absl::StrCat("JPEG of ", bytes_.size(),
                     " bytes is truncated or damaged: ", handler_.message));
  }

  bool is_cmyk() const { return info_.out_color_space == JCS_CMYK; }

  absl::string_view bytes_;
  ErrorHandler handler_ = {};
  jpeg_progress_mgr progress_ = {};
  jpeg_decompress_struct info_ = {};
};

absl::Status JpegDecoder::ReadHeader() {
  const bool ok = Guard([this] {
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_save_markers(&info_, kExifMarker, kMaxMarkerBytes);
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()),
                 bytes_.size());
    jpeg_read_header(&info_, /*require_image=*/TRUE);
    const bool inks = info_.jpeg_color_space == JCS_CMYK ||
                      info_.jpeg_color_space == JCS_YCCK;
    info_.out_color_space = inks ? JCS_CMYK : JCS_RGB;
  });
  return ok ? absl::OkStatus() : Failure();
}

int JpegDecoder::Orientation() const {
  for (auto* marker = info_.marker_list; marker != nullptr;
       marker = marker->next) {
    absl::string_view data(reinterpret_cast<const char*>(marker->data),
                           marker->data_length);
    if (marker->marker == kExifMarker &&
        absl::ConsumePrefix(&data, kExifMagic)) {
      return ParseExifOrientation(data);
    }
  }
  return 1;
}

// Chooses the smallest fraction of the size at which the shorter side keeps
// `sufficient_side` pixels.
void JpegDecoder::Reduce(int sufficient_side) {
  const int shorter = std::min(width(), height());
  info_.scale_num = 1;
  info_.scale_denom = 1;
  while (info_.scale_denom < kMaxReduction &&
         shorter / (2 * static_cast<int>(info_.scale_denom)) >=
             sufficient_side) {
    info_.scale_denom *= 2;
  }
}

absl::StatusOr<Image> JpegDecoder::ReadPixels() {
  if (!Guard([this] { jpeg_calc_output_dimensions(&info_); })) return Failure();
  Image image = BlankImage(static_cast<int>(info_.output_width),
                           static_cast<int>(info_.output_height));
  const size_t stride = image.stride();
  std::vector<uint8_t> inks(is_cmyk() ? size_t{4} * info_.output_width : 0);
  uint8_t* const pixels = image.pixels.data();
  uint8_t* const ink_row = inks.data();
  const bool ok = Guard([this, pixels, ink_row, stride] {
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      uint8_t* const target = pixels + info_.output_scanline * stride;
      JSAMPROW row = is_cmyk() ? ink_row : target;
      jpeg_read_scanlines(&info_, &row, /*max_lines=*/1);
      if (is_cmyk()) {
        CmykToRgb(ink_row, static_cast<int>(info_.output_width), target);
      }
    }
    jpeg_finish_decompress(&info_);
  });
  if (!ok) return Failure();
  return image;
}

}  // namespace

absl::StatusOr<Image> DecodeJpeg(absl::string_view bytes,
                                 const DecodeLimits& limits,
                                 int sufficient_side) {
  JpegDecoder decoder(bytes);
  MOEVIT_RETURN_IF_ERROR(decoder.ReadHeader());
  MOEVIT_RETURN_IF_ERROR(
      CheckImageSize(decoder.width(), decoder.height(), limits));
  if (sufficient_side > 0) decoder.Reduce(sufficient_side);
  // The library forgets the markers when it has read the pixels.
  const int orientation = decoder.Orientation();
  MOEVIT_ASSIGN_OR_RETURN(Image image, decoder.ReadPixels());
  return ApplyOrientation(std::move(image), orientation);
}

}  // namespace moevit
