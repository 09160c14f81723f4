# From the runs of `moevit load`, with the server's "method" ("cost_model", or
# the delay of fixed_delay) and the part "load" of the capacity in each, to a
# table of both methods. The nth runs of both had the same arrivals.

include "markdown";
include "statistics";

# None where one round has too few answers for its percentile.
def mean_of(f): map(f) | if any(. == null) then null else mean end;
def milliseconds: if . == null then "-" else decimals(2) end;
def errors: [.[].errors[].count] | add // 0;

# What $model took over what $fixed took in the same rounds.
def ratio_of($model; $fixed; f):
  [range($model | length) | [($model[.] | f), ($fixed[.] | f)]]
  | if any(.[]; any(. == null)) then "-"
    else map(.[0] / .[1] | log)
      | (mean | exp) as $ratio | ($ratio * uncertainty) as $half
      | "\($ratio | decimals(2)) ± \($half | decimals(2))" end;

group_by(.load) | map(
  map(select(.method == "cost_model")) as $model |
  map(select(.method != "cost_model")) as $fixed |
  [($model[0].load * 100 | round | "\(.) %"),
   ($model[0].offered_per_second | decimals(1)), $fixed[0].method,
   ($fixed | mean_of(.latency_ms.p50) | milliseconds),
   ($fixed | mean_of(.latency_ms.p99) | milliseconds),
   ($model | mean_of(.latency_ms.p50) | milliseconds),
   ($model | mean_of(.latency_ms.p99) | milliseconds),
   ratio_of($model; $fixed; .latency_ms.p50),
   ratio_of($model; $fixed; .latency_ms.p90),
   ratio_of($model; $fixed; .latency_ms.p99),
   "\($model | mean_of(.answers_per_second) | decimals(1)) / " +
   "\($fixed | mean_of(.answers_per_second) | decimals(1))",
   "\($model | errors) / \($fixed | errors)"]) |
table(["load", "requests/s", "best delay", "its p50 ms", "its p99 ms",
       "cost model p50 ms", "p99 ms", "p50 over its", "p90 over its",
       "p99 over its", "answers/s", "errors"])
