#include "client/simulation_flags.h"

#include <cmath>
#include <functional>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr int kMaxDevices = 1000;
constexpr double kMaxBytes = 1e15;

// Parses the value of a field into where it belongs; false if it is bad.
using Field = std::function<bool(absl::string_view value)>;
using Fields = std::map<std::string, Field>;

Field DurationField(absl::Duration* duration) {
  return [duration](absl::string_view value) {
    return absl::ParseDuration(std::string(value), duration);
  };
}

Field IntegerField(int* number) {
  return [number](absl::string_view value) {
    return absl::SimpleAtoi(value, number);
  };
}

Field ShareField(double* share) {
  return [share](absl::string_view value) {
    return absl::SimpleAtod(value, share);
  };
}

Field BytesField(int64_t* bytes) {
  return [bytes](absl::string_view value) {
    const absl::StatusOr<int64_t> size = ParseByteSize(value);
    if (size.ok()) *bytes = *size;
    return size.ok();
  };
}

absl::Status Error(absl::string_view flag, absl::string_view text,
                   absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("--", flag, ": \"", text, "\": ", problem));
}

struct NameAndNumber {
  std::string name;
  std::string number = "1";
};

// Sets what `text` says of `fields`.
absl::StatusOr<NameAndNumber> ParseFields(absl::string_view flag,
                                          const std::string& text,
                                          const Fields& fields) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  const std::vector<std::string> head =
      absl::StrSplit(parts[0], absl::MaxSplits('*', 1));
  NameAndNumber result{.name = head[0]};
  if (head.size() == 2) result.number = head[1];
  if (result.name.empty()) return Error(flag, text, "it begins with a name");
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::vector<std::string> pair =
        absl::StrSplit(parts[i], absl::MaxSplits('=', 1));
    const auto field = fields.find(pair[0]);
    if (field == fields.end()) {
      return Error(
          flag, text,
          absl::StrCat("there is no field \"", pair[0], "\"; there are ",
                       absl::StrJoin(fields, ", ", [](auto* out, auto& one) {
                         out->append(one.first);
                       })));
    }
    if (pair.size() < 2 || !field->second(pair[1])) {
      return Error(flag, text, absl::StrCat("bad value in \"", parts[i], "\""));
    }
  }
  return result;
}

}  // namespace

absl::StatusOr<int64_t> ParseByteSize(absl::string_view text) {
  double factor = 1;
  absl::string_view digits = text;
  for (const absl::string_view suffix : {"K", "M", "G"}) {
    factor *= 1024;
    if (absl::ConsumeSuffix(&digits, suffix)) break;
  }
  if (digits.size() == text.size()) factor = 1;
  double number = 0;
  const bool is_number = absl::SimpleAtod(digits, &number);
  if (!is_number || !(number >= 0 && number * factor <= kMaxBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is no number of bytes such as 64M"));
  }
  return static_cast<int64_t>(std::llround(number * factor));
}

absl::StatusOr<std::vector<SimulatedDevice>> ParseSimulatedDevices(
    const std::vector<std::string>& texts) {
  std::vector<SimulatedDevice> devices;
  for (const std::string& text : texts) {
    SimulatedDevice device;
    const Fields fields = {
        {"lanes", IntegerField(&device.lanes)},
        {"launch", DurationField(&device.launch)},
        {"image", DurationField(&device.image)},
        {"stall", DurationField(&device.stall)},
        {"stall_share", ShareField(&device.stall_share)},
        {"load", DurationField(&device.experts.load)},
        {"start", DurationField(&device.experts.launch)},
        {"row", DurationField(&device.experts.row)},
        {"memory", BytesField(&device.experts.memory_bytes)},
        {"fails", DurationField(&device.fails_at)},
        {"back", DurationField(&device.back_at)},
    };
    MOEVIT_ASSIGN_OR_RETURN(const NameAndNumber head,
                            ParseFields("devices", text, fields));
    int count = 0;
    if (!absl::SimpleAtoi(head.number, &count) || count < 1 ||
        count > kMaxDevices) {
      return Error("devices", text,
                   absl::StrCat("the number of devices is ", head.number,
                                "; it must be in [1, ", kMaxDevices, "]"));
    }
    for (int i = 0; i < count; ++i) {
      device.name = count == 1 ? head.name : absl::StrCat(head.name, i);
      devices.push_back(device);
    }
  }
  return devices;
}

absl::StatusOr<std::vector<SimulatedRequests>> ParseSimulatedRequests(
    const std::vector<std::string>& texts) {
  std::vector<SimulatedRequests> all;
  for (const std::string& text : texts) {
    SimulatedRequests requests;
    const Fields fields = {
        {"priority", IntegerField(&requests.priority)},
        {"deadline", DurationField(&requests.deadline)},
    };
    MOEVIT_ASSIGN_OR_RETURN(NameAndNumber head,
                            ParseFields("requests", text, fields));
    requests.name = std::move(head.name);
    if (!absl::SimpleAtod(head.number, &requests.weight) ||
        !std::isfinite(requests.weight) || requests.weight <= 0) {
      return Error("requests", text,
                   absl::StrCat("the weight is ", head.number,
                                "; it must be a positive number"));
    }
    all.push_back(std::move(requests));
  }
  return all;
}

}  // namespace moevit
