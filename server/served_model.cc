#include "server/served_model.h"

namespace moevit {

ImageShape ServedModel::shape() const {
  const Program& program = model.program;
  const int64_t pixels = int64_t{program.image_size} * program.image_size;
  return {.pixel_bytes = pixels * program.channels, .classes = program.classes};
}

std::string ServedModel::class_name(int index) const {
  const std::vector<std::string>& names = model.config.class_names;
  return names.empty() ? std::string() : names[index];
}

}  // namespace moevit
