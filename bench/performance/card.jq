# From an array of JSON objects of `moevit plan`, each with a name, to the table
# that $mode names.

include "markdown";

def whole: round | tostring;
def result: .MODELLED.result;
def dsps: .MODELLED.budget[] | select(.resource == "DSP") | .need;
def units:
  "\(.card.linear.units) x \(.card.linear.token_lanes)x\(.card.linear.out_lanes), "
  + "\(.card.attention.units) x \(.card.attention.queries), "
  + "\(.card.vector.units)";

# All plans of a model in one row, those of a name in one column.
def rates:
  ([.[].name] | unique_by(split(" ") | map(tonumber? // .))) as $names |
  [group_by(.model)[] | . as $plans | [$plans[0].model] + [
     $names[] as $name | $plans[] | select(.name == $name) |
     result.images_per_second | whole]] |
  table(["model"] + $names);

if $mode == "configurations" then
  [.[] | [.model, .name, units, (dsps | tostring),
     (result | (.images_per_second | decimals(1)), .limited_by,
       (.gops | whole), (.products_per_dsp_and_cycle | decimals(2)),
       (.latency_ms | decimals(1)), (.watts | whole),
       (.images_per_joule | decimals(1)))]] |
  table(["model", "configuration", "linear, attention, vector units", "DSP",
         "images/s", "limited by", "GOP/s", "products/(DSP x cycle)",
         "latency alone, ms", "W", "images/J"])
elif $mode == "operations" then
  [.[].MODELLED.ops[] | [.kind, (.launches | tostring),
     (.microseconds / 1000 | decimals(3)),
     if .multipliers_busy > 0 then .multipliers_busy | percent else "" end,
     (.weight_bytes / 1e6 | decimals(2)), (.activation_bytes / 1e6 | decimals(2)),
     .bound]] |
  table(["operation", "launches", "ms", "multipliers busy", "weights, MB",
         "rows, MB", "bound"])
elif $mode == "rates" then
  rates
elif $mode == "published" then
  [.[0].PUBLISHED[] | [.source, .card, .model, .bits,
     (.images_per_second | decimals(1)), (.gops | whole),
     (.watts | decimals(1)), (.dsps // "-" | tostring),
     (.megahertz | tostring)]] |
  table(["source", "card", "model", "bits", "images/s", "GOP/s", "W", "DSP",
         "MHz"])
else
  error("no table \($mode)")
end
