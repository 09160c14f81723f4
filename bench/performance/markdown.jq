# For the sections that print Markdown tables: `include "markdown";`.

# A number with $n >= 1 digits after the point.
def decimals($n):
  if . < 0 then "-" + (-. | decimals($n)) else
    . * pow(10; $n) | round | tostring |
    if length > $n then . else "0" * ($n + 1 - length) + . end |
    .[:-$n] + "." + .[-$n:]
  end;

def percent: 100 * . | decimals(1) + " %";

# From an array of rows of texts.
def table($columns):
  def table_row: "| " + join(" | ") + " |";
  ($columns | table_row), ([$columns[] | "---"] | table_row),
  (.[] | table_row);
