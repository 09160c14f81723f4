# From a program's --help to one line per flag: name, value and text, with tabs
# between them. The value is empty for flags that take none.
#
# Knows the help of `moevit COMMAND` (client/flag_set.cc) and that of Abseil's
# flags, which moevit-server has.

# Abseil: "name (text); default: value;"
function parse_abseil(  tail, shown) {
  name = substr(text, 1, index(text, " (") - 1)
  match(text, /\); default: .*;$/)
  tail = substr(text, RSTART + 12, RLENGTH - 13)
  text = substr(text, length(name) + 3, RSTART - length(name) - 3)
  value = (tail == "true" || tail == "false") ? "" : "VALUE"
  shown = tail
  gsub(/"/, "", shown)
  if (shown != "") text = text " (default: " shown ")"
}

function emit() {
  if (!started) return
  if (abseil) parse_abseil()
  print name "\t" value "\t" text
  started = 0
}

/^  --[a-z]/ {
  emit()
  started = 1; abseil = 0; text = ""
  name = $1; sub(/^--/, "", name)
  value = name; sub(/^[^=]*=?/, "", value)
  sub(/=.*/, "", name)
  next
}
/^    --[a-z]/ {
  emit()
  started = 1; abseil = 1; text = $0
  sub(/^ *--/, "", text)
  next
}
/^      / && started {
  sub(/^ +/, "")
  text = text (text == "" ? "" : " ") $0
  next
}
{ emit() }
END { emit() }
