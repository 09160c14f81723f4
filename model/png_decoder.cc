#include "model/png_decoder.h"

#include <png.h>

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

// The largest memory that one chunk other than pixels may ask for.
constexpr png_alloc_size_t kMaxChunkBytes = size_t{1} << 20;
constexpr size_t kMessageBytes = 128;

// One decompression. Its steps must be called in the order of declaration.
class PngDecoder {
 public:
  explicit PngDecoder(absl::string_view bytes)
      : bytes_(bytes),
        png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, /*error_ptr=*/this,
                                    HandleError, IgnoreWarning)) {}
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  absl::Status ReadHeader(const DecodeLimits& limits);
  absl::StatusOr<Image> ReadPixels();

 private:
  // The library reports errors by a call that must not return. It jumps back
  // to Guard; no frame in between has a destructor to run.
  [[noreturn]] static void HandleError(png_structp png, const char* message);
  static void IgnoreWarning(png_structp, const char*) {}
  static void ReadBytes(png_structp png, png_bytep target, size_t count);

  // Runs calls into the library; false when one of them failed. `calls` must
  // hold no object with a destructor.
  bool Guard(absl::FunctionRef<void()> calls) {
    if (setjmp(target_) != 0) return false;
    calls();
    return true;
  }

  absl::Status Failure() const {
    return absl::InvalidArgumentError(
        absl::StrCat("PNG of ", bytes_.size(),
                     " bytes is truncated or damaged: ", message_));
  }

  void AskForRgb();

  absl::string_view bytes_;
  size_t read_ = 0;  // of bytes_
  std::jmp_buf target_;
  char message_[kMessageBytes] = "";
  png_structp png_;
  png_infop info_ = nullptr;
};

void PngDecoder::HandleError(png_structp png, const char* message) {
  auto* const decoder = static_cast<PngDecoder*>(png_get_error_ptr(png));
  std::snprintf(decoder->message_, kMessageBytes, "%s", message);
  std::longjmp(decoder->target_, 1);
}

void PngDecoder::ReadBytes(png_structp png, png_bytep target, size_t count) {
  auto* const decoder = static_cast<PngDecoder*>(png_get_io_ptr(png));
  if (count > decoder->bytes_.size() - decoder->read_) {
    png_error(png, "it ends too early");
  }
  std::memcpy(target, decoder->bytes_.data() + decoder->read_, count);
  decoder->read_ += count;
}

absl::Status PngDecoder::ReadHeader(const DecodeLimits& limits) {
  if (png_ == nullptr) {
    return absl::ResourceExhaustedError("no memory to decode a PNG");
  }
  const bool ok = Guard([this] {
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) png_error(png_, "no memory");
    png_set_read_fn(png_, this, ReadBytes);
    png_set_chunk_malloc_max(png_, kMaxChunkBytes);
    // Of the optional chunks none but tRNS could matter.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    // The library's own limit would hide the size from our message.
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_read_info(png_, info_);
  });
  if (!ok) return Failure();
  return CheckImageSize(png_get_image_width(png_, info_),
                        png_get_image_height(png_, info_), limits);
}

void PngDecoder::AskForRgb() {
  const int type = png_get_color_type(png_, info_);
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png_);
  if (type == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png_);
  if (type == PNG_COLOR_TYPE_GRAY || type == PNG_COLOR_TYPE_GRAY_ALPHA) {
    png_set_gray_to_rgb(png_);
  }
  png_set_strip_16(png_);     // keeps the high byte
  png_set_strip_alpha(png_);  // also what a palette's transparency becomes
  png_set_interlace_handling(png_);
  png_read_update_info(png_, info_);
}

absl::StatusOr<Image> PngDecoder::ReadPixels() {
  Image image = BlankImage(static_cast<int>(png_get_image_width(png_, info_)),
                           static_cast<int>(png_get_image_height(png_, info_)));
  const size_t stride = image.stride();
  std::vector<png_bytep> rows(image.height);
  for (int y = 0; y < image.height; ++y) {
    rows[y] = image.pixels.data() + y * stride;
  }
  png_bytepp const row_pointers = rows.data();
  const bool ok = Guard([this, row_pointers, stride] {
    AskForRgb();
    if (png_get_rowbytes(png_, info_) != stride) {
      png_error(png_, "unexpected layout of its rows");
    }
    png_read_image(png_, row_pointers);
    png_read_end(png_, nullptr);
  });
  if (!ok) return Failure();
  return image;
}

}  // namespace

absl::StatusOr<Image> DecodePng(absl::string_view bytes,
                                const DecodeLimits& limits) {
  PngDecoder decoder(bytes);
  MOEVIT_RETURN_IF_ERROR(decoder.ReadHeader(limits));
  return decoder.ReadPixels();
}

}  // namespace moevit
