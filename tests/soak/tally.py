"""What became of every request of a soak test, interval by interval."""

import collections
import dataclasses
import enum
import math


class Outcome(enum.Enum):
    """How a request ended, by what it deserved; the worst is the last."""

    RIGHT = "right"  # answered, with the answer known beforehand
    REFUSED = "refused"  # for want of room, told when to try again
    REJECTED = "rejected"  # a bad request, with an error that it had to get
    UNEXPECTED = "unexpected"  # a bad request that got something else
    LOST = "lost"  # a good request that was not answered
    WRONG = "wrong"  # answered, with another answer


BROKEN = (Outcome.WRONG, Outcome.LOST, Outcome.UNEXPECTED)


@dataclasses.dataclass
class Result:
    outcome: Outcome
    code: str = "OK"
    detail: str = ""


@dataclasses.dataclass
class Interval:
    """Requests by the time at which they were due."""

    outcomes: collections.Counter = dataclasses.field(
        default_factory=collections.Counter
    )
    codes: collections.Counter = dataclasses.field(
        default_factory=collections.Counter
    )
    latencies: list = dataclasses.field(default_factory=list)  # seconds
    samples: list = dataclasses.field(default_factory=list)  # of the process
    events: collections.Counter = dataclasses.field(
        default_factory=collections.Counter
    )


class Tally:
    """Of one run; `duration` seconds in `intervals` equal parts."""

    def __init__(self, duration, intervals):
        self._length = duration / intervals
        self.intervals = [Interval() for _ in range(intervals)]
        self.kinds = collections.defaultdict(collections.Counter)
        self.sent = 0
        self.ended = 0
        self.first = {}  # by outcome that is broken and kind, what it said

    def at(self, second):
        index = int(second / self._length)
        return self.intervals[max(0, min(index, len(self.intervals) - 1))]

    def add(self, kind, due, latency, result):
        """`latency` is None where it says nothing of the server."""
        self.ended += 1
        self.kinds[kind][result.outcome] += 1
        interval = self.at(due)
        interval.outcomes[result.outcome] += 1
        interval.codes[(result.outcome, result.code)] += 1
        if latency is not None:
            interval.latencies.append(latency)
        if result.outcome in BROKEN:
            text = f"{kind}: {result.code}: {result.detail}"
            self.first.setdefault((result.outcome, kind), text)

    def total(self, outcome):
        return sum(i.outcomes[outcome] for i in self.intervals)

    def events(self, name):
        return sum(i.events[name] for i in self.intervals)


def percentile(samples, part):
    """None where there are too few samples to claim it."""
    if not samples or len(samples) < math.log(0.01) / math.log(part):
        return None
    ordered = sorted(samples)
    return ordered[max(math.ceil(part * len(ordered)), 1) - 1]
