// What running a batch by expert saves against running it image by image:
// loads of experts' weights, their bytes, and time.
//
//   expert_traffic --models=models/cifar10-moe-vit/1 --images=test_u8.bin
//   expert_traffic --models=m3vit_t --count=64 --json
//
// A model is the name of a synthetic one (program/synthetic_program.h) or the
// directory of a quantized model. Loads are counted by an expert device that
// has room for one expert, so that every use of another is a load. Times are
// processor times of one thread.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/json.h"
#include "base/samples.h"
#include "base/status_macros.h"
#include "base/stopwatch.h"
#include "bench/layer_planning.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/cpu/cpu_expert_device.h"
#include "program/quantized_model.h"
#include "program/random_program.h"
#include "program/synthetic_program.h"
#include "scheduler/expert_parallel_executor.h"

ABSL_FLAG(std::vector<std::string>, models,
          (std::vector<std::string>{"models/cifar10-moe-vit/1", "m3vit_t"}),
          "synthetic models or directories of quantized models");
ABSL_FLAG(std::string, images, "",
          "file of raw uint8 images for the models of directories; empty: "
          "random pixels");
ABSL_FLAG(int, count, 64, "images per model; a multiple of the largest batch");
ABSL_FLAG(std::vector<std::string>, batches,
          (std::vector<std::string>{"1", "2", "4", "8", "16", "32", "64"}),
          "images per batch; the first is what the others are compared with");
ABSL_FLAG(int, repeats, 5, "measured turns per batch size");
ABSL_FLAG(bool, json, false, "print JSON instead of tables");

namespace moevit {
namespace {

constexpr size_t kMaxImageFileBytes = size_t{1} << 30;

absl::StatusOr<Program> LoadProgram(const std::string& name) {
  if (!absl::StrContains(name, '/')) return SyntheticProgram(name);
  MOEVIT_ASSIGN_OR_RETURN(QuantizedModel model, LoadQuantizedModel(name));
  return std::move(model.program);
}

absl::StatusOr<std::vector<uint8_t>> LoadPixels(const std::string& name,
                                                const Program& program) {
  const int count = absl::GetFlag(FLAGS_count);
  const std::string file = absl::GetFlag(FLAGS_images);
  if (file.empty() || !absl::StrContains(name, '/')) {
    return RandomPixels(program, count, /*seed=*/1);
  }
  MOEVIT_ASSIGN_OR_RETURN(const std::string bytes,
                          ReadFile(file, kMaxImageFileBytes));
  const int64_t wanted = count * program.image_bytes();
  if (static_cast<int64_t>(bytes.size()) < wanted) {
    return absl::InvalidArgumentError(absl::StrCat(file, " has ", bytes.size(),
                                                   " bytes; ", count,
                                                   " images take ", wanted));
  }
  return std::vector<uint8_t>(bytes.begin(), bytes.begin() + wanted);
}

// One model with its images.
class TrafficBenchmark {
 public:
  TrafficBenchmark(const Program* program, std::vector<uint8_t> pixels)
      : program_(*program),
        pixels_(std::move(pixels)),
        count_(static_cast<int>(static_cast<int64_t>(pixels_.size()) /
                                program->image_bytes())),
        logits_(int64_t{count_} * program->classes) {}

  absl::StatusOr<Json> Measure(int batch) {
    if (batch < 1 || count_ % batch != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          "batches of ", batch, " do not divide ", count_, " images"));
    }
    Json row = {{"batch", batch}};
    MOEVIT_RETURN_IF_ERROR(CountLoads(batch, row));
    MOEVIT_RETURN_IF_ERROR(MeasureRates(batch, row));
    return row;
  }

 private:
  // Runs all images in batches of the given size.
  absl::Status RunAll(Executor& executor, int batch, ExpertLoad* load) {
    for (int first = 0; first < count_; first += batch) {
      if (load != nullptr) load->tokens.clear();
      MOEVIT_RETURN_IF_ERROR(executor.Run(
          batch,
          absl::MakeSpan(pixels_).subspan(first * program_.image_bytes(),
                                          batch * program_.image_bytes()),
          absl::MakeSpan(logits_).subspan(int64_t{first} * program_.classes,
                                          int64_t{batch} * program_.classes),
          load));
      if (load != nullptr) active_ += Active(*load);
    }
    return absl::OkStatus();
  }

  // Experts with at least one token, over all layers.
  static int64_t Active(const ExpertLoad& load) {
    int64_t active = 0;
    for (const std::vector<int64_t>& layer : load.tokens) {
      active += std::count_if(layer.begin(), layer.end(),
                              [](int64_t tokens) { return tokens > 0; });
    }
    return active;
  }

  absl::Status CountLoads(int batch, Json& row) {
    CpuExpertDeviceOptions options;
    MOEVIT_ASSIGN_OR_RETURN(const auto probe,
                            NewCpuExpertDevice(&program_, options));
    options.memory_bytes = probe->ExpertBytes(0);
    ExpertParallelDevice device;
    MOEVIT_ASSIGN_OR_RETURN(device.device,
                            NewCpuExpertDevice(&program_, options));
    std::vector<ExpertParallelDevice> devices;
    devices.push_back(std::move(device));
    ExpertParallelOptions parallel;
    parallel.home = {.threads = 1, .max_batch = batch};
    MOEVIT_ASSIGN_OR_RETURN(const auto executor,
                            ExpertParallelExecutor::Create(
                                &program_, std::move(devices), parallel));
    active_ = 0;
    ExpertLoad load;
    MOEVIT_RETURN_IF_ERROR(RunAll(*executor, batch, &load));
    const ExpertCacheStatistics weights =
        executor->statistics().devices[0].work.weights;
    row["loads"] = static_cast<double>(weights.misses) / count_;
    row["fewest_loads"] = static_cast<double>(active_) / count_;
    row["weight_bytes"] = static_cast<double>(weights.bytes_loaded) / count_;
    return absl::OkStatus();
  }

  // Images per second, the batch together and its images one by one, in turns.
  absl::Status MeasureRates(int batch, Json& row) {
    const auto grouped =
        NewCpuExecutor(&program_, {.threads = 1, .max_batch = batch});
    const auto ungrouped =
        NewCpuExecutor(&program_, {.threads = 1, .max_batch = 1});
    Samples grouped_rates;
    Samples ungrouped_rates;
    for (int turn = -1; turn < absl::GetFlag(FLAGS_repeats); ++turn) {
      MOEVIT_ASSIGN_OR_RETURN(const double with, Rate(*grouped, batch));
      MOEVIT_ASSIGN_OR_RETURN(const double without, Rate(*ungrouped, 1));
      if (turn < 0) continue;  // to warm up
      grouped_rates.Add(with);
      ungrouped_rates.Add(without);
    }
    row["grouped_images_per_second"] = grouped_rates.Median();
    row["ungrouped_images_per_second"] = ungrouped_rates.Median();
    return absl::OkStatus();
  }

  absl::StatusOr<double> Rate(Executor& executor, int batch) {
    absl::Status status;
    const absl::Duration time = TimeOf(TimeSource::kThreadCpu, [&] {
      status = RunAll(executor, batch, nullptr);
    });
    if (!status.ok()) return status;
    return count_ / absl::ToDoubleSeconds(time);
  }

  const Program& program_;
  std::vector<uint8_t> pixels_;
  const int count_;
  std::vector<int32_t> logits_;
  int64_t active_ = 0;
};

void PrintTable(const Json& model) {
  absl::PrintF("\n%s: %d sparse layers, %d experts of %d KiB\n\n",
               model["name"].get<std::string>(), model["layers"].get<int>(),
               model["experts"].get<int>(),
               model["expert_bytes"].get<int64_t>() / 1024);
  absl::PrintF(
      "| batch | loads/image | fewest possible | weight MiB/image | fewer than "
      "image by image | images/s by expert | image by image | faster |\n"
      "|---:|---:|---:|---:|---:|---:|---:|---:|\n");
  const double one_by_one = model["batches"][0]["weight_bytes"];
  for (const Json& row : model["batches"]) {
    const double bytes = row["weight_bytes"];
    const double grouped = row["grouped_images_per_second"];
    const double ungrouped = row["ungrouped_images_per_second"];
    absl::PrintF("| %d | %.2f | %.2f | %.3f | %.1fx | %.1f | %.1f | %.2fx |\n",
                 row["batch"].get<int>(), row["loads"].get<double>(),
                 row["fewest_loads"].get<double>(), bytes / (1 << 20),
                 one_by_one / bytes, grouped, ungrouped, grouped / ungrouped);
  }
  const Json& planning = model["planning"];
  absl::PrintF(
      "\nPlanning a layer at batch %d over 4 devices takes %.1f us, %.2f%% of "
      "its experts' %.0f us on one thread.\n",
      planning["batch"].get<int>(), planning["plan_us"].get<double>(),
      100 * planning["plan_us"].get<double>() /
          planning["layer_us"].get<double>(),
      planning["layer_us"].get<double>());
}

absl::StatusOr<Json> MeasureModel(const std::string& name) {
  MOEVIT_ASSIGN_OR_RETURN(const Program program, LoadProgram(name));
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ExpertLayer> layers,
                          FindExpertLayers(program));
  if (layers.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, " has no experts"));
  }
  MOEVIT_ASSIGN_OR_RETURN(std::vector<uint8_t> pixels,
                          LoadPixels(name, program));
  MOEVIT_ASSIGN_OR_RETURN(const auto device, NewCpuExpertDevice(&program, {}));
  Json model = {
      {"name", name},
      {"layers", layers.size()},
      {"experts", std::get<GateOp>(program.ops[layers[0].gate].body).experts},
      {"expert_bytes", device->ExpertBytes(0)},
      {"batches", Json::array()}};
  MOEVIT_ASSIGN_OR_RETURN(const LayerPlanning planning,
                          MeasurePlanning(program, pixels));
  model["planning"] = {
      {"batch", planning.images},
      {"plan_us", absl::ToDoubleMicroseconds(planning.plan)},
      {"layer_us", absl::ToDoubleMicroseconds(planning.layer)}};
  TrafficBenchmark benchmark(&program, std::move(pixels));
  for (const std::string& text : absl::GetFlag(FLAGS_batches)) {
    int batch = 0;
    if (!absl::SimpleAtoi(text, &batch)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text, "\" is not a number of images"));
    }
    MOEVIT_ASSIGN_OR_RETURN(Json row, benchmark.Measure(batch));
    model["batches"].push_back(std::move(row));
  }
  return model;
}

int Main() {
  Json all = Json::array();
  for (const std::string& name : absl::GetFlag(FLAGS_models)) {
    absl::StatusOr<Json> model = MeasureModel(name);
    if (!model.ok()) {
      absl::FPrintF(stderr, "%s\n", model.status().ToString());
      return 1;
    }
    if (!absl::GetFlag(FLAGS_json)) PrintTable(*model);
    all.push_back(*std::move(model));
  }
  if (absl::GetFlag(FLAGS_json)) absl::PrintF("%s\n", all.dump(2));
  return 0;
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Measures what running batches by expert saves.");
  absl::ParseCommandLine(argc, argv);
  return moevit::Main();
}
