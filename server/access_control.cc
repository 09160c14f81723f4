#include "server/access_control.h"

#include <openssl/crypto.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr absl::string_view kScheme = "Bearer ";

absl::Status Unauthenticated(absl::string_view what, Role role) {
  return absl::UnauthenticatedError(absl::StrCat(
      what, "; a bearer token with the role ", RoleName(role), " is needed"));
}

// The grant of `token`, null if there is none. Looks at all of them, whichever
// it is, and compares digests, so that the time tells nothing of a token.
const TokenGrants::Grant* FindGrant(const TokenGrants& tokens,
                                    absl::string_view token) {
  const std::string digest = Sha256Hex(token);
  const TokenGrants::Grant* found = nullptr;
  for (const TokenGrants::Grant& grant : tokens.grants) {
    if (CRYPTO_memcmp(grant.token_sha256.data(), digest.data(),
                      digest.size()) == 0) {
      found = &grant;
    }
  }
  return found;
}

}  // namespace

absl::StatusOr<bool> AccessControl::LoadTokens(const std::string& path) {
  MOEVIT_ASSIGN_OR_RETURN(TokenGrants tokens, ReadTokenFile(path));
  MutexLock lock(&mutex_);
  if (tokens_ != nullptr && *tokens_ == tokens) return false;
  tokens_ = std::make_shared<const TokenGrants>(std::move(tokens));
  return true;
}

absl::Status AccessControl::Check(Role role,
                                  absl::string_view authorization) const {
  std::shared_ptr<const TokenGrants> tokens;
  {
    MutexLock lock(&mutex_);
    tokens = tokens_;
  }
  if (tokens == nullptr || tokens->anonymous.Has(role)) {
    return absl::OkStatus();
  }
  if (authorization.empty()) {
    return Unauthenticated("the call has no authorization", role);
  }
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) {
    return Unauthenticated("the authorization is of another kind", role);
  }
  const TokenGrants::Grant* const grant = FindGrant(
      *tokens,
      absl::StripAsciiWhitespace(authorization.substr(kScheme.size())));
  if (grant == nullptr) return Unauthenticated("the token is not known", role);
  if (grant->roles.Has(role)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the token does not have the role ", RoleName(role)));
}

}  // namespace moevit
