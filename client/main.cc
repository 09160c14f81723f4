#include <iostream>
#include <string>
#include <vector>

#include "client/bench_command.h"
#include "client/classify_command.h"
#include "client/command.h"
#include "client/dispatch.h"
#include "client/evaluate_command.h"
#include "client/health_command.h"
#include "client/load_command.h"
#include "client/plan_command.h"
#include "client/quantize_command.h"
#include "client/simulate_command.h"

int main(int argc, char** argv) {
  moevit::BenchCommand bench;
  moevit::ClassifyCommand classify;
  moevit::EvaluateCommand evaluate;
  moevit::HealthCommand health;
  moevit::LoadCommand load;
  moevit::PlanCommand plan;
  moevit::QuantizeCommand quantize;
  moevit::SimulateCommand simulate;
  moevit::Command* const commands[] = {&bench, &classify, &evaluate, &health,
                                       &load,  &plan,     &quantize, &simulate};
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return moevit::DispatchCommand(
      commands, arguments,
      {.in = &std::cin, .out = &std::cout, .err = &std::cerr});
}
