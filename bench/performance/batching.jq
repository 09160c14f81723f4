# From the runs of `moevit load`, with the server's "method" ("cost_model", or
# the delay of fixed_delay) and the part "load" of the capacity in each, to a
# table of both methods.

include "markdown";

def mean: add / length;
def milliseconds: if . == null then "-" else decimals(2) end;
def errors: [.[].errors[].count] | add // 0;

# Of the rounds of one method at one rate; no percentile where one round has
# too few answers for it.
def summary:
  {method: .[0].method, load: .[0].load, rate: .[0].offered_per_second,
   achieved: (map(.answers_per_second) | mean), errors: errors,
   p50: (map(.latency_ms.p50) | if any(. == null) then null else mean end),
   p99: (map(.latency_ms.p99) | if any(. == null) then null else mean end)};

map(summary) | group_by(.load) | map(
  (map(select(.method == "cost_model"))[0]) as $model |
  (map(select(.method != "cost_model")) | min_by(.p99 // infinite)) as $fixed |
  [($model.load * 100 | round | "\(.) %"), ($model.rate | decimals(1)),
   ($model.p50 | milliseconds), ($fixed.p50 | milliseconds),
   ($model.p99 | milliseconds), ($fixed.p99 | milliseconds), $fixed.method,
   (if $model.p99 == null or $fixed.p99 == null then "-"
    else $model.p99 / $fixed.p99 | decimals(2) end),
   ($model.achieved | decimals(1)), ($fixed.achieved | decimals(1)),
   "\($model.errors) / \($fixed.errors)"]) |
table(["load", "requests/s", "p50 ms", "fixed delay p50 ms", "p99 ms",
       "fixed delay p99 ms", "best delay", "p99 ratio", "answers/s",
       "fixed delay answers/s", "errors"])
