#include "kernels/card/resident_program.h"

#include <cstddef>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

absl::Status AtOp(const Op& op, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat("op ", op.name, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ResidentProgram>> ResidentProgram::Load(
    const Program* program, Card* card, const ResidentProgramOptions& options) {
  MOEVIT_ASSIGN_OR_RETURN(
      card::CardContext context,
      card::CardContext::Create(card, options.pipeline, options.timeout));
  MOEVIT_ASSIGN_OR_RETURN(std::vector<card::ValueLayout> layouts,
                          card::LayoutsOf(*program));
  std::shared_ptr<ResidentProgram> resident(
      new ResidentProgram(program, context, std::move(layouts)));
  card::StepLoader with;
  with.program = program;
  with.context = &resident->context_;
  with.layouts = resident->layouts_;
  for (const Op& op : program->ops) {
    card::LoadedStep step = std::visit(
        [&](const auto& body) { return card::LoadStep(body, with); }, op.body);
    if (!step.ok()) return AtOp(op, step.status());
    resident->steps_.push_back(*std::move(step));
  }
  return resident;
}

absl::Status ResidentProgram::Verify() const {
  MutexLock lock(&verify_mutex_);
  for (size_t i = 0; i < steps_.size(); ++i) {
    const absl::Status status = steps_[i]->Verify(context_);
    if (!status.ok()) return AtOp(program_->ops[i], status);
  }
  return absl::OkStatus();
}

}  // namespace moevit
