#include "server/token_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr size_t kMinTokenBytes = 16;
constexpr size_t kMaxTokenBytes = 512;
constexpr absl::string_view kAnonymous = "anonymous";
constexpr Role kRoles[] = {Role::kInfer, Role::kAdmin, Role::kMetrics};

// The characters of RFC 6750's b64token.
bool IsTokenCharacter(unsigned char c) {
  return absl::ascii_isalnum(c) ||
         absl::string_view("-._~+/=").find(c) != absl::string_view::npos;
}

absl::Status CheckToken(absl::string_view token) {
  if (token.size() < kMinTokenBytes || token.size() > kMaxTokenBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a token of %d characters, %d to %d are admitted",
                        token.size(), kMinTokenBytes, kMaxTokenBytes));
  }
  if (!std::all_of(token.begin(), token.end(), IsTokenCharacter)) {
    return absl::InvalidArgumentError(
        "a token with characters other than letters, digits and -._~+/=");
  }
  return absl::OkStatus();
}

std::optional<Role> FindRole(absl::string_view name) {
  const auto* const role =
      std::find_if(std::begin(kRoles), std::end(kRoles),
                   [name](Role each) { return RoleName(each) == name; });
  if (role == std::end(kRoles)) return std::nullopt;
  return *role;
}

// The text is not quoted: it may be a token in the wrong place.
absl::StatusOr<RoleSet> ParseRoles(absl::string_view text) {
  RoleSet roles;
  for (const absl::string_view name : absl::StrSplit(text, ',')) {
    const std::optional<Role> role = FindRole(name);
    if (!role.has_value()) {
      return absl::InvalidArgumentError(
          "a role that is none of infer, admin and metrics");
    }
    roles.Add(*role);
  }
  return roles;
}

absl::Status AddLine(absl::string_view line, TokenGrants& tokens) {
  const std::vector<absl::string_view> fields =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (fields.size() != 2) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%d fields, roles and a token are expected", fields.size()));
  }
  MOEVIT_ASSIGN_OR_RETURN(const RoleSet roles, ParseRoles(fields[0]));
  if (fields[1] == kAnonymous) {
    tokens.anonymous.Add(roles);
    return absl::OkStatus();
  }
  MOEVIT_RETURN_IF_ERROR(CheckToken(fields[1]));
  const std::string digest = Sha256Hex(fields[1]);
  for (const TokenGrants::Grant& grant : tokens.grants) {
    if (grant.token_sha256 == digest) {
      return absl::InvalidArgumentError("a token that was given before");
    }
  }
  tokens.grants.push_back({digest, roles});
  return absl::OkStatus();
}

absl::Status CheckPermissions(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot inspect ", path));
  }
  if ((info.st_mode & (S_IWGRP | S_IRWXO)) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrFormat(
      "%s has mode %04o; only its owner may write it, only its owner and group "
      "may read it (mode 0640 or 0600)",
      path, info.st_mode & 07777));
}

}  // namespace

absl::string_view RoleName(Role role) {
  switch (role) {
    case Role::kInfer:
      return "infer";
    case Role::kAdmin:
      return "admin";
    case Role::kMetrics:
      return "metrics";
  }
  return "";
}

absl::StatusOr<TokenGrants> ParseTokens(absl::string_view text) {
  TokenGrants tokens;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const absl::Status added = AddLine(line, tokens);
    if (!added.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, " has ", added.message()));
    }
  }
  return tokens;
}

absl::StatusOr<TokenGrants> ReadTokenFile(const std::string& path) {
  MOEVIT_RETURN_IF_ERROR(CheckPermissions(path));
  MOEVIT_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile(path, kMaxFileBytes));
  absl::StatusOr<TokenGrants> tokens = ParseTokens(text);
  if (tokens.ok()) return tokens;
  return absl::Status(tokens.status().code(),
                      absl::StrCat(path, ": ", tokens.status().message()));
}

}  // namespace moevit
