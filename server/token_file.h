// The file that says which bearer tokens may do what.
//
// One line per token: the roles it has, separated by commas, then the token.
// "anonymous" in place of the token gives the roles to callers without one.
// Empty lines, and lines that begin with '#', are skipped.
//
//   infer,metrics        3vH0...
//   infer,admin,metrics  8sKd...
//   metrics              anonymous

#ifndef MOEVIT_SERVER_TOKEN_FILE_H_
#define MOEVIT_SERVER_TOKEN_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

// What a caller may be allowed to do.
enum class Role {
  kInfer,    // inference, and what describes models
  kAdmin,    // loading and unloading models
  kMetrics,  // the metrics port
};

// "infer", "admin" or "metrics".
absl::string_view RoleName(Role role);

class RoleSet {
 public:
  void Add(Role role) { bits_ |= Bit(role); }
  void Add(RoleSet roles) { bits_ |= roles.bits_; }
  bool Has(Role role) const { return (bits_ & Bit(role)) != 0; }
  bool operator==(const RoleSet&) const = default;

 private:
  static unsigned Bit(Role role) { return 1U << static_cast<unsigned>(role); }

  unsigned bits_ = 0;
};

// The tokens themselves are not kept, only their digests.
struct TokenGrants {
  struct Grant {
    std::string token_sha256;  // as Sha256Hex writes it
    RoleSet roles;
    bool operator==(const Grant&) const = default;
  };
  std::vector<Grant> grants;
  RoleSet anonymous;
  bool operator==(const TokenGrants&) const = default;
};

// Returns kInvalidArgument with the number of the line, never its text, for a
// role that does not exist, a token of fewer than 16 or more than 512
// characters or of others than RFC 6750 admits, and a token given twice.
absl::StatusOr<TokenGrants> ParseTokens(absl::string_view text);

// Reads and parses the file. Returns kPermissionDenied, too, when others than
// its owner may write it, or others than its owner and group may read it.
absl::StatusOr<TokenGrants> ReadTokenFile(const std::string& path);

}  // namespace moevit

#endif  // MOEVIT_SERVER_TOKEN_FILE_H_
