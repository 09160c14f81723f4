#include "client/flag_set.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

bool IsFlag(absl::string_view argument) {
  return argument.size() > 1 && argument[0] == '-';
}

// "--top=K", or "--json" for a flag without a value.
std::string Spelling(const FlagInfo& info) {
  std::string text = absl::StrCat("--", info.name);
  if (!info.value_name.empty()) absl::StrAppend(&text, "=", info.value_name);
  return text;
}

}  // namespace

absl::StatusOr<FlagSet::Flag*> FlagSet::Find(absl::string_view name) {
  const std::string spelled = absl::StrReplaceAll(name, {{"-", "_"}});
  for (Flag& flag : flags_) {
    if (spelled == flag.info.name) return &flag;
  }
  return absl::InvalidArgumentError(absl::StrCat("unknown flag --", name));
}

absl::StatusOr<ParsedArguments> FlagSet::Parse(
    absl::Span<const std::string> arguments) {
  ParsedArguments parsed;
  while (!arguments.empty()) {
    const std::string& argument = arguments.front();
    arguments.remove_prefix(1);
    if (argument == "--") {
      parsed.positional.insert(parsed.positional.end(), arguments.begin(),
                               arguments.end());
      break;
    }
    if (!IsFlag(argument)) {
      parsed.positional.push_back(argument);
      continue;
    }
    if (argument == "--help" || argument == "-h") {
      parsed.help = true;
      return parsed;
    }
    MOEVIT_RETURN_IF_ERROR(Set(argument, &arguments));
  }
  MOEVIT_RETURN_IF_ERROR(CheckRequired());
  return parsed;
}

absl::Status FlagSet::Set(const std::string& argument,
                          absl::Span<const std::string>* rest) {
  if (!absl::StartsWith(argument, "--")) {
    return absl::InvalidArgumentError(absl::StrCat("unknown flag ", argument));
  }
  const std::vector<std::string> parts =
      absl::StrSplit(argument.substr(2), absl::MaxSplits('=', 1));
  MOEVIT_ASSIGN_OR_RETURN(Flag* const flag, Find(parts[0]));
  std::string value = "true";  // of a bool that stands alone
  if (parts.size() == 2) {
    value = parts[1];
  } else if (!flag->is_bool) {
    if (rest->empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(Spelling(flag->info), " needs a value"));
    }
    value = rest->front();
    rest->remove_prefix(1);
  }
  std::string reason;
  if (!flag->set(value, &reason)) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad value \"", value, "\" for ", Spelling(flag->info),
                     reason.empty() ? "" : ": ", reason));
  }
  flag->given = true;
  return absl::OkStatus();
}

absl::Status FlagSet::CheckRequired() const {
  for (const Flag& flag : flags_) {
    if (flag.info.required && !flag.given) {
      return absl::InvalidArgumentError(
          absl::StrCat(Spelling(flag.info), " is required"));
    }
  }
  return absl::OkStatus();
}

std::string FlagSet::Help() const {
  std::string text;
  for (const Flag& flag : flags_) {
    absl::StrAppend(&text, "  ", Spelling(flag.info), "\n      ",
                    flag.info.help);
    if (flag.info.required) {
      absl::StrAppend(&text, " (required)");
    } else if (!flag.is_bool && !flag.default_text.empty()) {
      absl::StrAppend(&text, " (default: ", flag.default_text, ")");
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace moevit
