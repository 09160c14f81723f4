#include "tests/system/card_system.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/card/xrt_card.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"

namespace moevit {
namespace {

constexpr int kDifferentImages = 16;
constexpr int kMaxBatch = 4;
constexpr int kLanesPerCard = 4;  // more than the card has pipelines
constexpr absl::Duration kPatience = absl::Minutes(1);

// As small as a program can be that has every kind of operation.
Program SmallProgram() {
  return RandomProgram({.image_size = 4,
                        .patch_size = 2,
                        .width = 8,
                        .heads = 1,
                        .mlp_width = 8,
                        .experts = 3,
                        .expert_width = 8});
}

BatchSchedulerOptions SchedulerOptions(const CardSystemOptions& options) {
  BatchSchedulerOptions scheduler;
  scheduler.devices.clear();
  const auto add = [&](std::string name, int lanes) {
    DeviceOptions& device = scheduler.devices.emplace_back();
    device.name = std::move(name);
    device.lanes = lanes;
    // Cards that fail all the time are not given up for long.
    device.health.max_probe_delay = absl::Milliseconds(100);
  };
  for (int card = 0; card < options.cards; ++card) {
    add(absl::StrCat("emulated:", card), kLanesPerCard);
  }
  if (options.with_cpu) add("cpu", 1);
  scheduler.dispatcher.max_outage = kPatience;
  return scheduler;
}

}  // namespace

absl::Status StartCards() {
  static const absl::Status started = StartEmulatedCards(kEmulatedCards);
  return started;
}

absl::StatusOr<std::unique_ptr<CardDevice>> OpenEmulatedCard(
    int card, const CardDeviceOptions& options, const std::string& image) {
  XrtCardOptions xrt;
  xrt.name = absl::StrCat("emulated:", card);
  xrt.power_period = absl::Milliseconds(50);
  MOEVIT_ASSIGN_OR_RETURN(xrt.bus_address, EmulatedCardAddress(card));
  xrt.image_path = image;
  if (image.empty()) {
    MOEVIT_ASSIGN_OR_RETURN(xrt.image_path, EmulatedCardImage());
  }
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<Card> opened, OpenXrtCard(xrt));
  return std::make_unique<CardDevice>(std::move(opened), options);
}

// Between the client and the threads that answer.
struct CardSystem::Exchange {
  Mutex mutex;
  CondVar answered;
  int outstanding ABSL_GUARDED_BY(mutex) = 0;
  std::vector<int> answers ABSL_GUARDED_BY(mutex);  // by image
  Answers total ABSL_GUARDED_BY(mutex);
};

CardSystem::CardSystem(const CardSystemOptions& options)
    : options_(options),
      program_(SmallProgram()),
      pixels_(RandomPixels(program_, kDifferentImages, /*seed=*/7)),
      expected_(int64_t{kDifferentImages} * program_.classes) {}

absl::StatusOr<std::unique_ptr<CardSystem>> CardSystem::Start(
    const CardSystemOptions& options) {
  std::unique_ptr<CardSystem> system(new CardSystem(options));
  MOEVIT_RETURN_IF_ERROR(NewReferenceExecutor(&system->program_)
                             ->Run(kDifferentImages, system->pixels_,
                                   absl::MakeSpan(system->expected_),
                                   /*load=*/nullptr));
  for (int card = 0; card < options.cards; ++card) {
    MOEVIT_ASSIGN_OR_RETURN(system->cards_.emplace_back(),
                            OpenEmulatedCard(card, options.device));
  }
  BatchSchedulerOptions scheduler = SchedulerOptions(options);
  scheduler.on_serving_change = [raw = system.get()](bool serving) {
    MutexLock lock(&raw->mutex_);
    raw->outages_ += serving ? 0 : 1;
  };
  system->scheduler_ =
      std::make_unique<BatchScheduler>(scheduler, Clock::Real());
  MOEVIT_RETURN_IF_ERROR(system->AddModel());
  return system;
}

absl::Status CardSystem::AddModel() {
  ScheduledModelOptions model;
  model.shape.pixel_bytes = program_.image_bytes();
  model.shape.classes = program_.classes;
  model.batching.max_batch_size = kMaxBatch;
  model.new_executor =
      [this](DeviceId device) -> absl::StatusOr<std::unique_ptr<Executor>> {
    if (device < options_.cards) {
      return cards_[device]->NewExecutor(&program_, kMaxBatch);
    }
    CpuExecutorOptions cpu;
    cpu.threads = 1;
    cpu.max_batch = kMaxBatch;
    return NewCpuExecutor(&program_, cpu);
  };
  MOEVIT_ASSIGN_OR_RETURN(model_, scheduler_->AddModel(std::move(model)));
  return absl::OkStatus();
}

void CardSystem::Submit(int image, const std::shared_ptr<Exchange>& exchange) {
  const int which = image % kDifferentImages;
  ImageTask task;
  const auto first = pixels_.begin() + which * program_.image_bytes();
  task.pixels.assign(first, first + program_.image_bytes());
  task.done = [=, this](absl::StatusOr<ImageResult> result) {
    const auto expected = expected_.begin() + int64_t{which} * program_.classes;
    MutexLock lock(&exchange->mutex);
    Answers& total = exchange->total;
    --exchange->outstanding;
    total.again += exchange->answers[image]++ > 0 ? 1 : 0;
    if (!result.ok()) {
      if (total.failed++ == 0) total.first_error = result.status().ToString();
    } else {
      const bool right =
          std::equal(result->logits.begin(), result->logits.end(), expected,
                     expected + program_.classes);
      ++(right ? total.right : total.wrong);
    }
    exchange->answered.Signal();
  };
  scheduler_->Submit(model_, std::move(task));
}

Answers CardSystem::Serve(int images, const std::function<void(int)>& before) {
  const int most = 2 * kMaxBatch * kLanesPerCard * std::max(1, options_.cards);
  const auto exchange = std::make_shared<Exchange>();
  {
    MutexLock lock(&exchange->mutex);
    exchange->answers.resize(images);
  }
  for (int image = 0; image < images; ++image) {
    {
      MutexLock lock(&exchange->mutex);
      while (exchange->outstanding >= most) {
        exchange->answered.Wait(&exchange->mutex);
      }
      ++exchange->outstanding;
    }
    if (before) before(image);
    Submit(image, exchange);
  }
  MutexLock lock(&exchange->mutex);
  while (exchange->outstanding > 0) exchange->answered.Wait(&exchange->mutex);
  return exchange->total;
}

bool CardSystem::AwaitAllServing() {
  const absl::Time deadline = absl::Now() + kPatience;
  while (absl::Now() < deadline) {
    const std::vector<DeviceSnapshot> all = devices();
    if (std::all_of(all.begin(), all.end(), [](const DeviceSnapshot& device) {
          return device.state == DeviceHealth::State::kServing;
        })) {
      return true;
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

int CardSystem::outages() {
  MutexLock lock(&mutex_);
  return outages_;
}

}  // namespace moevit
