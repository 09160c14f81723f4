// What a batch of a whole model costs the host on the way through XRT: all of
// its time but what the kernels ran, against what its copies and launches cost
// by themselves.
//
//   card_overhead_batch --model=models/cifar10-moe-vit/1 --batches=1,8 --json
//
// On an emulated card, whose kernels are functions and whose copies are the
// processor's: what is MEASURED(cpu) is the host's part alone. Wall time, one
// batch at a time; medians over repeats.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/json.h"
#include "base/samples.h"
#include "base/status_macros.h"
#include "base/stopwatch.h"
#include "kernels/card/card_executor.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/card/resident_program.h"
#include "kernels/card/xrt_card.h"
#include "kernels/emulation/control.h"
#include "program/quantized_model.h"
#include "program/random_program.h"

ABSL_FLAG(std::string, model, "models/cifar10-moe-vit/1",
          "directory of a quantized model");
ABSL_FLAG(std::vector<std::string>, batches,
          (std::vector<std::string>{"1", "4", "16"}), "images per batch");
ABSL_FLAG(int, repeats, 20, "measured batches of each size");
ABSL_FLAG(bool, json, false, "print JSON instead of a table");

namespace moevit {
namespace {

constexpr int64_t kCopiedBytes = int64_t{16} << 20;

// What the emulated card counts, from one call of the function to the next.
MoevitEmulatedCardCounts Counts() {
  MoevitEmulatedCardCounts counts = {};
  MoevitEmulatedCardGetCounts(0, &counts);
  return counts;
}

// One piece of work: its time, and its time without the kernels'.
struct Cost {
  double wall_us = 0;
  double host_us = 0;
};

absl::StatusOr<Cost> CostOf(absl::FunctionRef<absl::Status()> work) {
  absl::Status done;
  const int64_t before_ns = Counts().unit_ns;
  Cost cost;
  cost.wall_us = absl::ToDoubleMicroseconds(
      TimeOf(TimeSource::kWall, [&] { done = work(); }));
  MOEVIT_RETURN_IF_ERROR(done);
  cost.host_us =
      cost.wall_us - static_cast<double>(Counts().unit_ns - before_ns) * 1e-3;
  return cost;
}

// Of work that is done often: medians.
struct Costs {
  Samples wall_us;
  Samples host_us;
};

absl::StatusOr<Costs> CostsOf(int repeats,
                              absl::FunctionRef<absl::Status()> work) {
  MOEVIT_RETURN_IF_ERROR(work());  // warms up
  Costs costs;
  for (int i = 0; i < repeats; ++i) {
    MOEVIT_ASSIGN_OR_RETURN(const Cost cost, CostOf(work));
    costs.wall_us.Add(cost.wall_us);
    costs.host_us.Add(cost.host_us);
  }
  return costs;
}

// What copies and launches cost by themselves.
struct UnitCosts {
  double launch_us = 0;
  double bytes_per_us = 0;
};

absl::StatusOr<UnitCosts> MeasureUnitCosts(const card::CardContext& context) {
  const int repeats = absl::GetFlag(FLAGS_repeats);
  MOEVIT_ASSIGN_OR_RETURN(const auto weights0,
                          context.Allocate(card::LinearPort::kWeights0, 64));
  MOEVIT_ASSIGN_OR_RETURN(const auto weights1,
                          context.Allocate(card::LinearPort::kWeights1, 64));
  MOEVIT_ASSIGN_OR_RETURN(const auto schedule,
                          context.Allocate(card::LinearPort::kSchedule, 64));
  MOEVIT_ASSIGN_OR_RETURN(const auto rows,
                          context.AllocateActivations(kCopiedBytes));
  MOEVIT_ASSIGN_OR_RETURN(const Costs launch, CostsOf(repeats * 10, [&] {
                            return context.RunLinear(
                                schedule.get(), weights0.get(), weights1.get(),
                                rows.get(), rows.get(), rows.get(),
                                /*items=*/0);
                          }));
  MOEVIT_ASSIGN_OR_RETURN(
      const Costs copies, CostsOf(repeats, [&] {
        const absl::Status there = context.CopyToCard(rows.get(), kCopiedBytes);
        return there.ok() ? context.CopyFromCard(rows.get(), kCopiedBytes)
                          : there;
      }));
  UnitCosts costs;
  costs.launch_us = launch.host_us.Median();
  costs.bytes_per_us = 2.0 * kCopiedBytes / copies.wall_us.Median();
  return costs;
}

absl::StatusOr<Json> MeasureBatch(
    const std::shared_ptr<const ResidentProgram>& resident, int batch,
    const UnitCosts& unit) {
  CardExecutorOptions options;
  options.max_batch = batch;
  MOEVIT_ASSIGN_OR_RETURN(const std::unique_ptr<Executor> executor,
                          NewCardExecutor(resident, options));
  const Program& program = resident->program();
  const std::vector<uint8_t> pixels = RandomPixels(program, batch, /*seed=*/1);
  std::vector<int32_t> logits(int64_t{batch} * program.classes);
  const auto run = [&] {
    return executor->Run(batch, pixels, absl::MakeSpan(logits), nullptr);
  };
  MOEVIT_RETURN_IF_ERROR(run());  // sends the schedules that stay
  const MoevitEmulatedCardCounts before = Counts();
  MOEVIT_RETURN_IF_ERROR(run());
  const MoevitEmulatedCardCounts after = Counts();
  const int64_t bytes = after.bytes_to_card - before.bytes_to_card +
                        after.bytes_from_card - before.bytes_from_card;
  const int64_t launches = after.launches - before.launches;
  MOEVIT_ASSIGN_OR_RETURN(const Costs costs,
                          CostsOf(absl::GetFlag(FLAGS_repeats), run));
  return Json{{"batch", batch},
              {"wall_us", costs.wall_us.Median()},
              {"host_us", costs.host_us.Median()},
              {"host_spread", costs.host_us.Spread()},
              {"bytes", bytes},
              {"copies_us", static_cast<double>(bytes) / unit.bytes_per_us},
              {"launches", launches},
              {"launches_us", static_cast<double>(launches) * unit.launch_us}};
}

absl::StatusOr<std::unique_ptr<Card>> OpenCard() {
  MOEVIT_RETURN_IF_ERROR(StartEmulatedCards(1));
  XrtCardOptions options;
  MOEVIT_ASSIGN_OR_RETURN(options.bus_address, EmulatedCardAddress(0));
  MOEVIT_ASSIGN_OR_RETURN(options.image_path, EmulatedCardImage());
  options.power_period = absl::InfiniteDuration();
  return OpenXrtCard(options);
}

absl::StatusOr<Json> Measure() {
  if (absl::GetFlag(FLAGS_repeats) < 1) {
    return absl::InvalidArgumentError("--repeats must be at least 1");
  }
  MOEVIT_ASSIGN_OR_RETURN(const QuantizedModel model,
                          LoadQuantizedModel(absl::GetFlag(FLAGS_model)));
  MOEVIT_ASSIGN_OR_RETURN(const std::unique_ptr<Card> card, OpenCard());
  MOEVIT_ASSIGN_OR_RETURN(
      const std::shared_ptr<const ResidentProgram> resident,
      ResidentProgram::Load(&model.program, card.get(), {}));
  MOEVIT_ASSIGN_OR_RETURN(const UnitCosts unit,
                          MeasureUnitCosts(resident->context()));
  Json all = {{"model", absl::GetFlag(FLAGS_model)},
              {"launch_us", unit.launch_us},
              {"bytes_per_us", unit.bytes_per_us},
              {"batches", Json::array()}};
  for (const std::string& text : absl::GetFlag(FLAGS_batches)) {
    int batch = 0;
    if (!absl::SimpleAtoi(text, &batch) || batch < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\" is not a number of images"));
    }
    MOEVIT_ASSIGN_OR_RETURN(Json row, MeasureBatch(resident, batch, unit));
    all["batches"].push_back(std::move(row));
  }
  return all;
}

void PrintTable(const Json& all) {
  absl::PrintF(
      "%s; an empty launch %.1f us, copies %.2f GB/s.\n\n"
      "| batch | all, ms | host, us | spread | KB copied | by the copy rate, "
      "us | launches | by their cost, us | host / sum |\n"
      "|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
      all["model"].get<std::string>(), all["launch_us"].get<double>(),
      all["bytes_per_us"].get<double>() * 1e-3);
  for (const Json& row : all["batches"]) {
    const double host_us = row["host_us"];
    const double copies_us = row["copies_us"];
    const double launches_us = row["launches_us"];
    absl::PrintF(
        "| %d | %.2f | %.0f | %.0f%% | %.1f | %.0f | %d | %.0f | "
        "%.2f |\n",
        row["batch"].get<int>(), row["wall_us"].get<double>() * 1e-3, host_us,
        row["host_spread"].get<double>() * 100,
        row["bytes"].get<double>() * 1e-3, copies_us,
        row["launches"].get<int>(), launches_us,
        host_us / (copies_us + launches_us));
  }
}

int Main() {
  const absl::StatusOr<Json> measured = Measure();
  if (!measured.ok()) {
    absl::FPrintF(stderr, "%s\n", measured.status().ToString());
    return 1;
  }
  if (absl::GetFlag(FLAGS_json)) {
    absl::PrintF("%s\n", measured->dump(2));
  } else {
    PrintTable(*measured);
  }
  return 0;
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Measures the host's part of a batch on an emulated card.");
  absl::ParseCommandLine(argc, argv);
  return moevit::Main();
}
