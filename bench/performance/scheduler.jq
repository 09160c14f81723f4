# For 55-scheduler.sh: from lines {load, rate, delay_us, seed, p50, p99}, where
# delay_us is null for the cost model, what to try next and a table.

include "markdown";
include "statistics";

def ms: 1000 * . | decimals(2);

# Of one load: the delays that were tried, each with all its seeds.
def by_delay: group_by(.delay_us);
def best_delay: min_by(map(.p99) | mean) | .[0].delay_us;

# Lines "DELAY_US LOAD": half way from the best delay to its neighbours.
def next_delays:
  group_by(.load)[] | .[0].load as $load | (by_delay | best_delay) as $best
  | [.[].delay_us] | unique
  | ((map(select(. < $best)) | last // empty), .[index($best) + 1] // empty)
  | "\(if [., $best] | min == 0 then ([., $best] | max) / 2
       else . * $best | sqrt end | round) \($load)";

# Lines "DELAY_US LOAD".
def best_delays: group_by(.load)[] | "\(by_delay | best_delay) \(.[0].load)";

# Of the cost model and one delay for each load.
def comparison:
  group_by(.load) | map(
    (map(select(.delay_us == null)) | sort_by(.seed)) as $ours
    | (map(select(.delay_us != null)) | sort_by(.seed)) as $theirs
    | [range($ours | length) | $ours[.].p99 / $theirs[.].p99] as $ratios
    | [($ours[0].load | percent), ($ours[0].rate | round | tostring),
       ($theirs[0].delay_us / 1000 | decimals(2)),
       ($theirs | map(.p50) | mean | ms), ($theirs | map(.p99) | mean | ms),
       ($ours | map(.p50) | mean | ms), ($ours | map(.p99) | mean | ms),
       ($ratios | "\(mean | decimals(3)) ± \(uncertainty | decimals(3))")])
  | table(["load", "images/s", "best delay ms", "its p50 ms", "its p99 ms",
           "cost model p50 ms", "p99 ms", "p99 over its"]);
