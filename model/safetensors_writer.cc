#include "model/safetensors_writer.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/json.h"

namespace moevit {
namespace {

static_assert(std::endian::native == std::endian::little,
              "tensors are written in the byte order of this machine");

constexpr size_t kAlignment = 8;  // of the data's place in the file

}  // namespace

absl::Status SafetensorsWriter::AddBytes(const std::string& name, DataType type,
                                         std::vector<int64_t> shape,
                                         absl::string_view bytes) {
  uint64_t size = DataTypeSize(type);
  for (const int64_t dimension : shape) {
    size *= static_cast<uint64_t>(dimension);
  }
  if (size != bytes.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tensor \"", name, "\" of shape [", absl::StrJoin(shape, ", "),
        "] and ", "type ", DataTypeName(type), " needs ", size, " bytes, not ",
        bytes.size()));
  }
  if (!tensors_
           .try_emplace(name,
                        Tensor{type, std::move(shape), std::string(bytes)})
           .second) {
    return absl::AlreadyExistsError(
        absl::StrCat("two tensors are named \"", name, "\""));
  }
  return absl::OkStatus();
}

std::string SafetensorsWriter::Serialize() const {
  // Wider types first, so that every tensor is aligned to its element size.
  std::vector<const std::pair<const std::string, Tensor>*> order;
  for (const auto& entry : tensors_) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) {
    return a->second.type > b->second.type;
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata_.empty()) header["__metadata__"] = metadata_;
  uint64_t offset = 0;
  for (const auto* entry : order) {
    const auto& [name, tensor] = *entry;
    const uint64_t end = offset + tensor.bytes.size();
    header[name] = {{"dtype", std::string(DataTypeName(tensor.type))},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text =
      header.dump(/*indent=*/-1, /*indent_char=*/' ',
                  /*ensure_ascii=*/false, Json::error_handler_t::replace);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');

  const uint64_t length = text.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof(length));
  file.reserve(file.size() + text.size() + offset);
  file += text;
  for (const auto* entry : order) file += entry->second.bytes;
  return file;
}

absl::Status SafetensorsWriter::Write(const std::string& path) const {
  return WriteFile(path, Serialize());
}

}  // namespace moevit
