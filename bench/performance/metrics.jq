# For 65-metrics.sh. What a turn was is a line
#   {block, watched, seconds, cpu, images}
# of the time, the processor time and the images that passed in it.

include "markdown";
include "statistics";

# A mean and its interval, in percent with two digits.
def plus_minus: "\(100 * mean | decimals(2)) ± \(100 * uncertainty | decimals(2)) %";

# The change of f by being watched: the mean over blocks, each of which has as
# many watched turns as others, and so placed that a steady drift cancels.
def change(f):
  map(map(select(.watched)) as $watched | map(select(.watched | not)) as $not
      | ($watched | f) / ($not | f) - 1);
def rate: (map(.images) | add) / (map(.seconds) | add);
def ms_per_image: 1000 * (map(.cpu) | add) / (map(.images) | add);

def of_turns($watched): flatten | map(select(.watched == $watched));
def row($name; f; $digits):
  [$name, (of_turns(false) | f | decimals($digits)),
   (of_turns(true) | f | decimals($digits)), (change(f) | plus_minus)];

def watching:
  group_by(.block)
  | [row("images/s"; rate; 1),
     row("processor time, ms/image"; ms_per_image; 3)]
  | table(["", "unwatched", "watched", "change"]);

# $counting: microseconds for an image; $idle: processor time for a second
# without and with metrics; $pages: milliseconds that one of each page takes.
def parts($counting; $idle; $pages; $processors):
  (of_turns(false) | 1000 * ms_per_image) as $image
  | ($idle[1] - $idle[0]) as $sampling
  | def of_machine: . / $processors | 100 * . | decimals(3) + " % of the machine";
    [["counting an image", "\($counting | mean | decimals(2)) us",
      "\($counting | map(. / $image) | plus_minus) of the image's"],
     ["sampling energy, each second", "\(1000 * $sampling | decimals(2)) ms",
      ($sampling | of_machine)],
     (["/metrics", "/status.json"] as $names | range(2)
      | ["one fetch of `\($names[.])` each second",
         "\($pages[.] | decimals(2)) ms", ($pages[.] / 1000 | of_machine)])]
  | table(["", "processor time", "part"]);
