#include "client/dispatch.h"

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/build_info.h"
#include "client/flag_set.h"

namespace moevit {
namespace {

std::string ProgramHelp(absl::Span<Command* const> commands) {
  std::string text =
      "moevit: classifies images with Mixture-of-Experts Vision "
      "Transformers\n\n"
      "Usage: moevit COMMAND [FLAG...] [ARGUMENT...]\n\nCommands:\n";
  for (const Command* command : commands) {
    absl::StrAppendFormat(&text, "  %-10s %s\n", command->name(),
                          command->summary());
  }
  absl::StrAppend(&text, "\n\"moevit COMMAND --help\" explains a command.\n");
  return text;
}

std::string VersionText() {
  const BuildInfo build = ThisBuild();
  return absl::StrCat("moevit ", build.version,
                      build.commit.empty() ? "" : " " + build.commit, "\n");
}

std::string CommandHelp(const Command& command, const FlagSet& flags) {
  return absl::StrCat("moevit ", command.name(), ": ", command.summary(),
                      "\n\nUsage: moevit ", command.name(), " [FLAG...]",
                      command.positional().empty() ? "" : " ",
                      command.positional(), "\n\nFlags:\n", flags.Help());
}

Command* FindCommand(absl::Span<Command* const> commands,
                     absl::string_view name) {
  for (Command* command : commands) {
    if (command->name() == name) return command;
  }
  return nullptr;
}

// Parses the arguments of `command`, and refuses positional ones if it has
// none.
absl::StatusOr<ParsedArguments> ParseArguments(
    const Command& command, FlagSet& flags,
    absl::Span<const std::string> arguments) {
  absl::StatusOr<ParsedArguments> parsed = flags.Parse(arguments);
  if (parsed.ok() && !parsed->positional.empty() &&
      command.positional().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", parsed->positional[0], "\" is not a flag"));
  }
  return parsed;
}

ExitCode RunCommand(Command& command, absl::Span<const std::string> arguments,
                    const Console& console) {
  FlagSet flags;
  command.AddFlags(&flags);
  const absl::StatusOr<ParsedArguments> parsed =
      ParseArguments(command, flags, arguments);
  if (!parsed.ok()) {
    *console.err << "moevit " << command.name() << ": "
                 << parsed.status().message() << "\nSee \"moevit "
                 << command.name() << " --help\".\n";
    return kExitUsage;
  }
  if (parsed->help) {
    *console.out << CommandHelp(command, flags);
    return kExitSuccess;
  }
  absl::Status status = command.Run(parsed->positional, console);
  // As on a full disk.
  if (!console.out->flush()) {
    status.Update(absl::UnavailableError("the output cannot be written"));
  }
  if (status.ok()) return kExitSuccess;
  *console.err << "moevit " << command.name() << ": " << status.message()
               << "\n";
  return kExitFailure;
}

}  // namespace

ExitCode DispatchCommand(absl::Span<Command* const> commands,
                         absl::Span<const std::string> arguments,
                         const Console& console) {
  if (arguments.empty()) {
    *console.err << ProgramHelp(commands);
    return kExitUsage;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" ||
      arguments[0] == "help") {
    *console.out << ProgramHelp(commands);
    return kExitSuccess;
  }
  if (arguments[0] == "--version") {
    *console.out << VersionText();
    return kExitSuccess;
  }
  Command* command = FindCommand(commands, arguments[0]);
  if (command == nullptr) {
    *console.err << "moevit: unknown command \"" << arguments[0]
                 << "\"; the commands are "
                 << absl::StrJoin(commands, ", ",
                                  [](std::string* out, const Command* c) {
                                    absl::StrAppend(out, c->name());
                                  })
                 << "\n";
    return kExitUsage;
  }
  return RunCommand(*command, arguments.subspan(1), console);
}

}  // namespace moevit
