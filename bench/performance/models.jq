# From the JSON of `moevit bench` to the tables of whole models.

include "markdown";

def rate: .images_per_second.median;
# The case that differs from `.` in the fields of $change only.
def like($cases; $change):
  ({model, batch, threads} + $change) as $key |
  first($cases[] | select({model, batch, threads} == $key));

# The smallest of [{value, case}], which names its case.
def worst(shown):
  min_by(.value) | if . == null then "" else
    "\(.value | shown) (\(.case.model), batch \(.case.batch), "
    + "\(.case.threads) threads)" end;
def judged(value): [.[] | {value: value, case: .}];

.cases as $cases |
[$cases[] | select(.model == "deit_s" or .model == "m3vit_s")] as $large |
"## Whole models",
"",
"`moevit bench \($arguments)` at commit \(.build.commit) on "
+ "\(.machine.processor), \(.machine.processors) processors, "
+ "\(.machine.isa): medians of \(.repeats) turns. The peak is measured in the "
+ "same turns.",
"",
([$cases[] |
  [.model, (.batch, .threads | tostring), (rate | decimals(1)),
   (.images_per_second.spread | percent),
   (1000 * .batch / rate | decimals(2)),
   (.gmacs_per_second | decimals(1)),
   (.peak_multiplications_per_second.median / 1e9 | decimals(1)),
   (.of_peak.median | percent),
   (.weight_bytes / 1e6 | decimals(1)),
   (.activation_bytes / 1e6 | decimals(1))]] |
 table(["model", "batch", "threads", "images/s", "spread", "ms/batch",
        "GMAC/s", "peak", "of peak", "weights MB", "arena MB"])),
"",
"### Two threads against one",
"",
([$cases[] | select(.threads == 2) |
  [.model, (.batch | tostring),
   (rate / (like($cases; {threads: 1}) | rate) | decimals(2))]] |
 table(["model", "batch", "times as fast"])),
"",
"### Sparse against dense",
"",
"M3ViT-S (16 experts, two per token, in every other block) against DeiT-S, "
+ "which multiplies as much but for the gates: GMAC/s by GMAC/s.",
"",
([$cases[] | select(.model == "m3vit_s") |
  [(.batch, .threads | tostring),
   (.gmacs_per_second / (like($cases; {model: "deit_s"}) | .gmacs_per_second) |
    percent)]] |
 table(["batch", "threads", "sparse by dense"])),
"",
"### Against the targets",
"",
([["DeiT-S and M3ViT-S, batch 8 and more", "at least 60 % of the peak",
   ([$large[] | select(.batch > 1)] | judged(.of_peak.median) |
    worst(percent))],
  ["the same, batch 1", "at least 50 % of the peak",
   ([$large[] | select(.batch == 1)] | judged(.of_peak.median) |
    worst(percent))],
  ["two threads against one", "at least 1.85 times",
   ([$large[] | select(.threads == 2)] |
    judged(rate / (like($cases; {threads: 1}) | rate)) | worst(decimals(2)))],
  ["M3ViT-S against DeiT-S, batch 8 and more", "at least 95 %",
   ([$large[] | select(.model == "m3vit_s" and .batch > 1)] |
    judged(.gmacs_per_second /
           (like($cases; {model: "deit_s"}) | .gmacs_per_second)) |
    worst(percent))],
  ["the bundled model, batch 1, one thread", "at least 1000 images/s",
   ([$cases[] | select((.model | startswith("models/")) and .batch == 1 and
                       .threads == 1)] | judged(rate) | worst(decimals(1)))]] |
 table(["case", "target", "worst measured"]))
