#include "server/access_log.h"

#include <cmath>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/error_mapping.h"

namespace moevit {
namespace {

bool IsFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

uint64_t RandomNumber() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

}  // namespace

bool AccessLog::IsSampled() {
  const auto before = static_cast<double>(requests_.fetch_add(1));
  return std::floor((before + 1) * sampling_) > std::floor(before * sampling_);
}

void AccessLog::Record(const absl::Status& status,
                       absl::FunctionRef<RequestRecord()> describe) {
  const bool sampled = IsSampled();
  std::string suppressed;
  const bool fault = IsFault(status) && faults_.Admit(absl::Now(), &suppressed);
  if (!sampled && !fault) return;
  const RequestRecord record = describe();
  const std::string code = GrpcCodeName(status);
  const TraceParent trace = record.trace.value_or(TraceParent());
  const LogFields fields = {{"request_id", record.request_id},
                            {"trace_id", trace.trace_id},
                            {"parent_id", trace.parent_id},
                            {"client", record.client},
                            {"model", record.model},
                            {"version", record.version},
                            {"code", code},
                            {"error", status.message()},
                            {"duration", record.duration}};
  if (fault) {
    LogError(absl::StrCat("the server failed a request", suppressed), fields);
  } else {
    LogInfo("request", fields);
  }
}

void LogRefusedCaller(const absl::Status& refusal, absl::string_view client) {
  static LogLimit limit(/*count=*/10, /*interval=*/absl::Minutes(1));
  std::string suppressed;
  if (!limit.Admit(absl::Now(), &suppressed)) return;
  LogWarning(absl::StrCat("refused a caller: ", refusal.message(), suppressed),
             {{"client", client}});
}

std::string RequestId(absl::string_view chosen) {
  if (!chosen.empty()) return std::string(chosen);
  // Random per process, then counted.
  static const uint64_t process = RandomNumber();
  static std::atomic<uint64_t> requests = 0;
  return absl::StrFormat("%016x-%x", process, requests.fetch_add(1));
}

}  // namespace moevit
