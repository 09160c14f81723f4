// Between absl::Duration and google.protobuf.Duration.

#ifndef MOEVIT_SERVER_PROTO_DURATION_H_
#define MOEVIT_SERVER_PROTO_DURATION_H_

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace moevit {

// REQUIRES: duration is finite.
inline void SetDuration(absl::Duration duration,
                        google::protobuf::Duration* out) {
  const timespec value = absl::ToTimespec(duration);
  out->set_seconds(value.tv_sec);
  out->set_nanos(static_cast<int32_t>(value.tv_nsec));
}

inline absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

}  // namespace moevit

#endif  // MOEVIT_SERVER_PROTO_DURATION_H_
