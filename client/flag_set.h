// The flags of one command: their names, types, defaults and help, and the
// parsing of arguments into the variables that hold them.
//
// Unlike absl flags these are not global, so that two commands may give one
// name two meanings and a command refuses the flags of the others.
// Thread-compatible.

#ifndef MOEVIT_CLIENT_FLAG_SET_H_
#define MOEVIT_CLIENT_FLAG_SET_H_

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/flags/marshalling.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace moevit {

struct FlagInfo {
  std::string name;        // without dashes
  std::string value_name;  // what the help calls the value; empty for bool
  std::string help;        // one sentence, without a full stop
  bool required = false;
};

struct ParsedArguments {
  bool help = false;  // --help was given; nothing else was checked
  std::vector<std::string> positional;
};

class FlagSet {
 public:
  // Adds a flag kept in `*variable`, which holds its default now and must
  // outlive the set. T is bool, an integer, double, std::string,
  // absl::Duration or std::vector<std::string>, which takes a,b,c.
  template <typename T>
  void Add(FlagInfo info, T* variable);

  // Takes --name=value, --name value, --name for bool, and --help. After "--"
  // everything is positional, and a lone "-" always is. Returns
  // kInvalidArgument for an unknown flag, a value that does not parse, and a
  // required flag that is missing; variables may then be set in part.
  absl::StatusOr<ParsedArguments> Parse(
      absl::Span<const std::string> arguments);

  // One paragraph per flag, in the order in which they were added.
  std::string Help() const;

 private:
  struct Flag {
    FlagInfo info;
    bool is_bool = false;
    bool given = false;
    std::string default_text;
    // Sets the variable; false and a reason (maybe empty) on a bad value.
    std::function<bool(absl::string_view value, std::string* reason)> set;
  };

  absl::StatusOr<Flag*> Find(absl::string_view name);
  // Sets the flag of `argument`, whose value may be the first of `rest`, from
  // which it is then taken.
  absl::Status Set(const std::string& argument,
                   absl::Span<const std::string>* rest);
  absl::Status CheckRequired() const;

  std::vector<Flag> flags_;
};

// Implementation details follow.

template <typename T>
void FlagSet::Add(FlagInfo info, T* variable) {
  Flag flag;
  flag.info = std::move(info);
  flag.is_bool = std::is_same_v<T, bool>;
  flag.default_text = absl::UnparseFlag<T>(*variable);
  flag.set = [variable](absl::string_view value, std::string* reason) {
    return absl::ParseFlag<T>(value, variable, reason);
  };
  flags_.push_back(std::move(flag));
}

}  // namespace moevit

#endif  // MOEVIT_CLIENT_FLAG_SET_H_
