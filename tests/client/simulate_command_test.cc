#include "client/simulate_command.h"

#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/command_test.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SimulateCommandTest : public CommandTest<SimulateCommand> {
 protected:
  // The error of a command line that must not run.
  std::string ErrorOf(const std::vector<std::string>& arguments) {
    EXPECT_NE(Run(arguments), kExitSuccess);
    EXPECT_THAT(out_.str(), IsEmpty());
    return err_.str();
  }

  std::string WriteTemporary(const std::string& name,
                             const std::string& content) {
    std::string path = testing::TempDir() + "/simulate_" + name;
    EXPECT_TRUE(WriteFile(path, content).ok());
    return path;
  }
};

TEST_F(SimulateCommandTest, PrintsTablesOfASingleRun) {
  ASSERT_EQ(Run({"--devices=card*2:launch=1ms:image=100us,cpu:image=5ms",
                 "--images=500", "--rate=1000", "--layers=2",
                 "--requests=urgent:deadline=50ms,patient*3:priority=2"}),
            kExitSuccess)
      << err_.str();
  EXPECT_THAT(err_.str(), IsEmpty());
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("| 1000.0 |"), HasSubstr("| urgent |"),
                    HasSubstr("| patient |"), HasSubstr("| card1 |"),
                    HasSubstr("| cpu |"), HasSubstr("Images per batch:"),
                    HasSubstr("MiB of weights")));
}

TEST_F(SimulateCommandTest, PrintsARowPerRate) {
  ASSERT_EQ(Run({"--images=300", "--load=0.25,75%"}), kExitSuccess);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("| 25.0 % |"), HasSubstr("| 75.0 % |"),
                    Not(HasSubstr("Images per batch"))));
}

TEST_F(SimulateCommandTest, PrintsJson) {
  ASSERT_EQ(Run({"--devices=a*3:launch=1ms:image=1ms:row=10ns:memory=20M",
                 "--images=400", "--load=50%,80%", "--layers=2", "--sharded",
                 "--zipf=1", "--arrivals=bursty", "--json"}),
            kExitSuccess)
      << err_.str();
  const Json json = Json::parse(out_.str());
  EXPECT_GT(json["capacity_per_second"], 0);
  ASSERT_EQ(json["runs"].size(), 2);
  for (const Json& run : json["runs"]) {
    EXPECT_EQ(run["images"]["all"], 400);
    EXPECT_EQ(run["images"]["answered"], 400);
    EXPECT_GT(run["latency_seconds"]["p99"], run["latency_seconds"]["p50"]);
    EXPECT_GE(run["experts"]["imbalance"], 1);
    EXPECT_GT(run["experts"]["weight_bytes_per_image"], 0);
  }
  EXPECT_DOUBLE_EQ(json["runs"][1]["load"], 0.8);
}

TEST_F(SimulateCommandTest, TheSameSeedPrintsTheSameBytes) {
  const std::vector<std::string> arguments = {
      "--images=600", "--layers=1", "--requests=a,b", "--json", "--seed=5"};
  ASSERT_EQ(Run(arguments), kExitSuccess);
  const std::string first = out_.str();
  ASSERT_EQ(Run(arguments), kExitSuccess);
  EXPECT_EQ(out_.str(), first);
  ASSERT_EQ(Run({"--images=600", "--layers=1", "--requests=a,b", "--json",
                 "--seed=6"}),
            kExitSuccess);
  EXPECT_NE(out_.str(), first);
}

TEST_F(SimulateCommandTest, PlaysRecordedArrivals) {
  const std::string file = WriteTemporary("ok", "5\n5.01\n5020ms\n5.03\n");
  ASSERT_EQ(Run({"--recorded=" + file, "--json"}), kExitSuccess) << err_.str();
  Json run = Json::parse(out_.str())["runs"][0];
  EXPECT_EQ(run["images"]["answered"], 4);
  EXPECT_NEAR(run["rate"], 100, 1e-6);
  EXPECT_NEAR(run["seconds"], 0.033, 1e-6);
  // Ten times slower.
  ASSERT_EQ(Run({"--recorded=" + file, "--rate=10", "--json"}), kExitSuccess);
  run = Json::parse(out_.str())["runs"][0];
  EXPECT_NEAR(run["seconds"], 0.303, 1e-6);
}

TEST_F(SimulateCommandTest, NamesTheBadLineOfRecordedArrivals) {
  const std::string back = WriteTemporary("back", "1\n0.5\n");
  EXPECT_THAT(ErrorOf({"--recorded=" + back}),
              AllOf(HasSubstr(back + ":2: \"0.5\""), HasSubstr("ascend")));
  const std::string words = WriteTemporary("words", "1\n2\nsoon\n");
  EXPECT_THAT(ErrorOf({"--recorded=" + words}),
              HasSubstr(words + ":3: \"soon\""));
  const std::string empty = WriteTemporary("empty", "");
  EXPECT_THAT(ErrorOf({"--recorded=" + empty}), HasSubstr("no arrivals"));
  EXPECT_THAT(ErrorOf({"--recorded=/no/such/file"}),
              HasSubstr("/no/such/file"));
}

TEST_F(SimulateCommandTest, DrawsAPlot) {
  const std::string file = testing::TempDir() + "/simulate_plot.svg";
  ASSERT_EQ(Run({"--images=300", "--load=30%,60%,90%", "--plot=" + file}),
            kExitSuccess)
      << err_.str();
  const auto svg = ReadFile(file, 1 << 20);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_THAT(*svg, AllOf(HasSubstr("<svg xmlns="), HasSubstr("</svg>"),
                          HasSubstr("99.9 %"), Not(HasSubstr("nan"))));
  int curves = 0;
  for (size_t at = svg->find("<polyline"); at != std::string::npos;
       at = svg->find("<polyline", at + 1)) {
    ++curves;
  }
  EXPECT_EQ(curves, 3);
  EXPECT_THAT(ErrorOf({"--images=10", "--plot=/no/such/directory/x.svg"}),
              HasSubstr("/no/such/directory"));
}

TEST_F(SimulateCommandTest, DrawsAPlotOfNothing) {
  const std::string file = testing::TempDir() + "/simulate_nothing.svg";
  ASSERT_EQ(
      Run({"--images=1", "--devices=a:image=1ms:fails=0s", "--plot=" + file}),
      kExitSuccess)
      << err_.str();
  EXPECT_THAT(*ReadFile(file, 1 << 20), Not(HasSubstr("<polyline")));
}

TEST_F(SimulateCommandTest, RefusesBadDevices) {
  EXPECT_THAT(ErrorOf({"--devices=:image=1ms"}), HasSubstr("a name"));
  EXPECT_THAT(ErrorOf({"--devices=a*0:image=1ms"}),
              HasSubstr("number of devices is 0; it must be in [1, 1000]"));
  EXPECT_THAT(ErrorOf({"--devices=a*1001:image=1ms"}), HasSubstr("is 1001"));
  EXPECT_THAT(ErrorOf({"--devices=a*999:image=1ms,b*9:image=1ms"}),
              HasSubstr("there are 1008 devices"));
  EXPECT_THAT(ErrorOf({"--devices=a:speed=3"}),
              AllOf(HasSubstr("no field \"speed\""), HasSubstr("launch")));
  EXPECT_THAT(ErrorOf({"--devices=a:image=fast"}),
              HasSubstr("bad value in \"image=fast\""));
  EXPECT_THAT(ErrorOf({"--devices=a:image"}), HasSubstr("\"image\""));
  EXPECT_THAT(ErrorOf({"--devices=a:image=1ms:memory=-4K"}),
              HasSubstr("\"memory=-4K\""));
  EXPECT_THAT(ErrorOf({"--devices=a"}), HasSubstr("device a: "));
  EXPECT_THAT(ErrorOf({"--devices="}), HasSubstr("there are 0 devices"));
}

TEST_F(SimulateCommandTest, RefusesBadFlags) {
  EXPECT_THAT(ErrorOf({"--requests=a*-1"}), HasSubstr("the weight is -1"));
  EXPECT_THAT(ErrorOf({"--requests=a:priority=0"}), HasSubstr("is 0"));
  EXPECT_THAT(ErrorOf({"--requests=a:deadline=-1s"}), HasSubstr("-1s"));
  EXPECT_THAT(ErrorOf({"--rate=0"}), HasSubstr("--rate is \"0\""));
  EXPECT_THAT(ErrorOf({"--load=much"}), HasSubstr("--load is \"much\""));
  EXPECT_THAT(ErrorOf({"--load=1", "--rate=1"}), HasSubstr("not both"));
  EXPECT_THAT(ErrorOf({"--arrivals=monsoon"}), HasSubstr("\"monsoon\""));
  EXPECT_THAT(ErrorOf({"--batching=best"}), HasSubstr("\"best\""));
  EXPECT_THAT(ErrorOf({"--burst_share=2"}), HasSubstr("bursts is 2"));
  EXPECT_THAT(ErrorOf({"--expert_bytes=5X"}), HasSubstr("\"5X\""));
  EXPECT_THAT(ErrorOf({"--max_batch_size=0"}), HasSubstr("not 0"));
  EXPECT_THAT(ErrorOf({"--images=0"}), HasSubstr("images is 0"));
  EXPECT_THAT(ErrorOf({"--experts=4", "--top_k=5"}), HasSubstr("top_k is 5"));
  EXPECT_THAT(ErrorOf({"--sharded"}), HasSubstr("nothing to shard"));
  EXPECT_THAT(ErrorOf({"--replan_after=0", "--layers=1"}),
              HasSubstr("replan_after is 0"));
  EXPECT_THAT(ErrorOf({"--tiny"}), HasSubstr("unknown flag --tiny"));
}

}  // namespace
}  // namespace moevit
