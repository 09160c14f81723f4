// Who may do what: bearer tokens and the roles they have.
//
// It knows nothing of gRPC or HTTP: both hand it what their caller sent as
// "authorization". Tokens are never logged and never in an error.

#ifndef MOEVIT_SERVER_ACCESS_CONTROL_H_
#define MOEVIT_SERVER_ACCESS_CONTROL_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "server/token_file.h"

namespace moevit {

// Thread safe. At first everybody may do everything.
class AccessControl {
 public:
  AccessControl() = default;
  AccessControl(const AccessControl&) = delete;
  AccessControl& operator=(const AccessControl&) = delete;

  // From now on admits what the file at `path` grants (token_file.h), and
  // nothing else. Called again it reads the file again. Returns whether that
  // changed anything; on an error it goes on with what it had.
  absl::StatusOr<bool> LoadTokens(const std::string& path);

  // Whether a caller that sent `authorization`, "Bearer TOKEN", may act as
  // `role`; empty when it sent none. Returns kUnauthenticated for a caller
  // that is not known, kPermissionDenied for one without the role. Takes the
  // same time for every token that is wrong.
  absl::Status Check(Role role, absl::string_view authorization) const;

 private:
  mutable Mutex mutex_;
  // Null while everything is admitted.
  std::shared_ptr<const TokenGrants> tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_ACCESS_CONTROL_H_
