# From the runs of `moevit load`, with the server's "method" ("cost_model", or
# the delay of fixed_delay) and the part "load" of the capacity in each, to a
# table of both methods. The nth runs of both had the same arrivals.

include "markdown";

def median: sort | (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2;
# No median where one round has too few answers for its percentile.
def median_of(f): map(f) | if any(. == null) then null else median end;
def milliseconds: if . == null then "-" else decimals(2) end;
def ratio: if . == null then "-" else decimals(2) end;
def errors: [.[].errors[].count] | add // 0;

# The medians of what $model took over what $fixed took in the same round.
def ratio_of($model; $fixed; f):
  [range($model | length) | [($model[.] | f), ($fixed[.] | f)]]
  | median_of(if any(. == null) then null else .[0] / .[1] end);

group_by(.load) | map(
  map(select(.method == "cost_model")) as $model |
  map(select(.method != "cost_model")) as $fixed |
  [($model[0].load * 100 | round | "\(.) %"),
   ($model[0].offered_per_second | decimals(1)),
   ($model | median_of(.latency_ms.p50) | milliseconds),
   ($fixed | median_of(.latency_ms.p50) | milliseconds),
   ($model | median_of(.latency_ms.p99) | milliseconds),
   ($fixed | median_of(.latency_ms.p99) | milliseconds), $fixed[0].method,
   (ratio_of($model; $fixed; .latency_ms.p50) | ratio),
   (ratio_of($model; $fixed; .latency_ms.p99) | ratio),
   ($model | median_of(.answers_per_second) | decimals(1)),
   ($fixed | median_of(.answers_per_second) | decimals(1)),
   "\($model | errors) / \($fixed | errors)"]) |
table(["load", "requests/s", "p50 ms", "fixed delay p50 ms", "p99 ms",
       "fixed delay p99 ms", "best delay", "p50 ratio", "p99 ratio",
       "answers/s", "fixed delay answers/s", "errors"])
