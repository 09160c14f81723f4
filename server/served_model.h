// A model that is being served: what it is, where its images queue, and what
// is recorded about it.

#ifndef MOEVIT_SERVER_SERVED_MODEL_H_
#define MOEVIT_SERVER_SERVED_MODEL_H_

#include <cstdint>
#include <string>

#include "program/quantized_model.h"
#include "scheduler/batch_scheduler.h"
#include "server/metrics.h"
#include "server/model_statistics.h"

namespace moevit {

// Shared read-only by the requests that use it, apart from the recorders,
// which are thread safe.
struct ServedModel {
  std::string name;
  int64_t version = 0;
  QuantizedModel model;
  ModelId queue = 0;

  mutable ModelMetrics metrics;
  mutable ModelStatistics statistics;

  std::string version_text() const { return std::to_string(version); }

  // What an executor of the model reads and writes for one image.
  ImageShape shape() const;

  // The name of a class; empty when the model has no names.
  // REQUIRES: 0 <= index < classes.
  std::string class_name(int index) const;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_SERVED_MODEL_H_
