# From the JSON of `moevit bench --ops` to the table of its operations.

include "markdown";

"## Time by operation",
"",
"`moevit bench \($arguments)`; reading the clock takes time as well.",
"",
([.cases[] | .model as $model | .ops[] | select(.share >= 0.001) |
  [$model, .kind, (.microseconds_per_image | decimals(1)), (.share | percent),
   if .of_peak > 0 then .of_peak | percent else "" end]] |
 table(["model", "operation", "us/image", "of time", "of peak"]))
