# From the JSON of `moevit bench` to Markdown tables.

def decimals($n):
  . * pow(10; $n) | round | tostring |
  if length > $n then . else "0" * ($n + 1 - length) + . end |
  .[:-$n] + "." + .[-$n:];
def percent: 100 * . | decimals(1) + " %";
def table_row: "| " + join(" | ") + " |";
def table($columns): ($columns | table_row),
                     ([$columns[] | "---"] | table_row),
                     (.[] | table_row);

def rate: .images_per_second.median;
# The case that differs from `.` in the fields of $change only.
def like($cases; $change):
  ({model, batch, threads} + $change) as $key |
  first($cases[] | select({model, batch, threads} == $key));

.cases as $cases |
"## Whole models",
"",
"`moevit bench \($arguments)` at commit \(.build.commit) on \(.machine.processor), "
+ "\(.machine.processors) processors, \(.machine.isa): medians of \(.repeats) "
+ "turns. The peak is measured in the same turns.",
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
"M3ViT-S (16 experts, two per token, in every other block) against DeiT-S, which "
+ "multiplies as much but for the gates: GMAC/s by GMAC/s.",
"",
([$cases[] | select(.model == "m3vit_s") |
  [(.batch, .threads | tostring),
   (.gmacs_per_second / (like($cases; {model: "deit_s"}) | .gmacs_per_second) |
    percent)]] |
 table(["batch", "threads", "sparse by dense"])),
"",
"### Time by operation",
"",
"Batch 8, one thread.",
"",
([$cases[] | select(.batch == 8 and .threads == 1) | .model as $model |
  .ops[] | select(.share >= 0.001) |
  [$model, .kind, (.microseconds_per_image | decimals(1)), (.share | percent),
   (if .of_peak > 0 then .of_peak | percent else "" end)]] |
 table(["model", "operation", "us/image", "of time", "of peak"]))
