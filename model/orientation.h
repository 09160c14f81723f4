// The EXIF orientation: how a camera was held.

#ifndef MOEVIT_MODEL_ORIENTATION_H_
#define MOEVIT_MODEL_ORIENTATION_H_

#include "absl/strings/string_view.h"
#include "model/image.h"

namespace moevit {

// The orientation, 1 to 8, in the TIFF structure of an EXIF block (what
// follows "Exif\0\0"); 1, upright, where there is none or it is malformed.
int ParseExifOrientation(absl::string_view tiff);

// Turns an image that was stored with `orientation` upright.
// REQUIRES: 1 <= orientation <= 8.
Image ApplyOrientation(Image image, int orientation);

}  // namespace moevit

#endif  // MOEVIT_MODEL_ORIENTATION_H_
