"""The report of a soak test: what happened, and whether it may happen."""

import collections
import dataclasses
import statistics

from soak.faults import serving_cards
from soak.tally import BROKEN, Outcome, percentile

_LATENCY_GROWTH = 1.5
# Of the metrics, what must be 0 without clients.
_HELD = (
    "moevit_queue_images",
    "moevit_queue_bytes",
    "moevit_requests_in_flight",
)


@dataclasses.dataclass
class Finished:
    """A run that has ended."""

    description: str  # what was run
    duration: float  # seconds
    tally: object  # Tally
    metrics: dict  # without clients
    exit_code: int  # of the server; None if it had to be killed
    broken_changes: list  # what changes of files did that they must not
    cards: int
    with_faults: bool
    faults: object  # Counter: why cards were quarantined
    errors: list  # other errors that the server logged


@dataclasses.dataclass
class Verdict:
    passed: bool
    text: str


def _samples(intervals):
    return [sample for interval in intervals for sample in interval.samples]


def _latencies(intervals):
    return [value for interval in intervals for value in interval.latencies]


def _milliseconds(seconds):
    return "-" if seconds is None else f"{1000 * seconds:.1f}"


def _growth(tally, what, value, limit):
    """From the second fifth of the run to the last.

    `value` takes it from a Sample; `limit` says what the last may be at most.
    """
    samples = _samples(tally.intervals)
    fifth = len(samples) // 5
    if fifth == 0:
        return Verdict(False, f"{what}: too few samples")
    early, late = (
        statistics.fmean(value(sample) for sample in part)
        for part in (samples[fifth : 2 * fifth], samples[-fifth:])
    )
    return Verdict(
        late <= limit(early),
        f"{what}: {early:.1f} in the second fifth of the time, {late:.1f} in "
        f"the last; at most {limit(early):.1f}",
    )


def _flat(tally):
    """What must not grow with time."""
    return [
        _growth(
            tally,
            "MiB of memory",
            lambda sample: sample.resident_bytes / 2**20,
            lambda early: early * 1.05 + 12,
        ),
        _growth(
            tally,
            # XRT keeps some of buffers that it will use again.
            "descriptors",
            lambda sample: sample.descriptors,
            lambda early: early * 1.1 + 12,
        ),
        _growth(
            tally,
            "threads",
            lambda sample: sample.threads,
            lambda early: early * 1.1 + 8,
        ),
    ]


def _latency(tally):
    """Second half against the first, without the first interval."""
    intervals = tally.intervals[1:]
    half = len(intervals) // 2
    parts = [_latencies(intervals[:half]), _latencies(intervals[-half:])]
    first, second = (percentile(part, 0.99) for part in parts)
    if first is None or second is None:
        return Verdict(
            True, "p99: too few answers to claim one for each half of the time"
        )
    return Verdict(
        second <= first * _LATENCY_GROWTH,
        f"p99: {_milliseconds(first)} ms in the first half of the time, "
        f"{_milliseconds(second)} ms in the second; at most "
        f"{_LATENCY_GROWTH} times as much",
    )


def _leftovers(finished):
    """What is still there when no client is."""
    held = [
        f"{name} {finished.metrics.get(name)}"
        for name in _HELD
        if finished.metrics.get(name) != 0
    ]
    return Verdict(not held, "nothing is held after the load" + _list(held))


def _list(items):
    return f": {', '.join(items)}" if items else ""


def _cards(finished):
    serving = serving_cards(finished.metrics)
    tally = finished.tally
    failed = tally.events("quarantined") > 0
    return Verdict(
        serving == finished.cards and failed == finished.with_faults,
        f"cards: {tally.events('quarantined')} times quarantined, "
        f"{tally.events('returned')} times returned; {serving} of "
        f"{finished.cards} serve at the end",
    )


def _changes(finished):
    count = finished.tally.events
    return Verdict(
        not finished.broken_changes
        and count("versions replaced") > 0
        and count("certificates rotated") > 0,
        f"changes: {count('versions replaced')} versions replaced, "
        f"{count('models unloaded and loaded')} models unloaded and loaded, "
        f"{count('half-written versions refused')} half-written versions "
        f"refused, {count('certificates rotated')} certificates rotated, "
        f"{count('loads that a card failed')} loads failed by a card and "
        "repeated" + _list(finished.broken_changes[:3]),
    )


def _kinds(tally):
    idle = [
        kind
        for kind, counts in tally.kinds.items()
        if all(outcome in BROKEN for outcome in counts)
    ]
    return Verdict(
        not idle,
        f"{len(tally.kinds)} kinds of requests, each answered, rejected or "
        "refused" + (f", but for {', '.join(idle)}" if idle else ""),
    )


def verdicts(finished):
    """What must hold of any run."""
    tally = finished.tally
    result = [
        Verdict(
            tally.total(outcome) == 0,
            f"{outcome.value}: {tally.total(outcome)}",
        )
        for outcome in BROKEN
    ]
    result += [
        Verdict(
            tally.sent == tally.ended,
            f"{tally.sent} requests sent, {tally.ended} ended",
        ),
        _kinds(tally),
        _changes(finished),
    ]
    if finished.cards:
        result.append(_cards(finished))
    result += [*_flat(tally), _leftovers(finished), _latency(tally)]
    result.append(
        Verdict(
            finished.exit_code == 0,
            f"exit code of the server: {finished.exit_code}",
        )
    )
    return result


def _table(rows):
    lines = ["| " + " | ".join(rows[0]) + " |"]
    lines.append("|" + "---:|" * len(rows[0]))
    lines += ["| " + " | ".join(row) + " |" for row in rows[1:]]
    return "\n".join(lines)


def _interval_row(end, interval):
    """`end` in seconds since the start."""
    last = interval.samples[-1] if interval.samples else None
    outcomes = interval.outcomes
    events = interval.events
    return [
        f"{end / 60:.1f}",
        *(str(value) for value in (
            sum(outcomes.values()),
            outcomes[Outcome.RIGHT],
            outcomes[Outcome.REJECTED],
            outcomes[Outcome.REFUSED],
            sum(outcomes[outcome] for outcome in BROKEN),
        )),
        _milliseconds(percentile(interval.latencies, 0.5)),
        _milliseconds(percentile(interval.latencies, 0.99)),
        f"{last.resident_bytes / 2**20:.1f}" if last else "-",
        str(last.descriptors) if last else "-",
        str(last.threads) if last else "-",
        str(
            events["versions replaced"]
            + events["models unloaded and loaded"]
            + events["half-written versions refused"]
        ),
        str(events["certificates rotated"]),
        f"{events['quarantined']} / {events['returned']}",
    ]


_COLUMNS = [
    "minute",
    "requests",
    "right",
    "rejected",
    "refused",
    "broken",
    "p50 ms",
    "p99 ms",
    "MiB",
    "descriptors",
    "threads",
    "models changed",
    "certificates",
    "cards out / back",
]


def _unanswered(tally):
    """How requests ended that were not answered with classes."""
    codes = collections.Counter()
    for interval in tally.intervals:
        codes += interval.codes
    return "; ".join(
        f"{outcome.value} {code} {count}"
        for (outcome, code), count in sorted(
            codes.items(), key=lambda item: (item[0][0].value, item[0][1])
        )
        if outcome is not Outcome.RIGHT
    )


def markdown(finished):
    tally = finished.tally
    seconds = finished.duration / len(tally.intervals)
    rows = [_COLUMNS]
    rows += [
        _interval_row(seconds * (number + 1), interval)
        for number, interval in enumerate(tally.intervals)
    ]
    causes = ", ".join(
        f"{code} {count}" for code, count in finished.faults.most_common()
    )
    lines = [
        finished.description,
        "",
        _table(rows),
        "",
        f"Not answered with classes: {_unanswered(tally)}",
        "",
        f"Cards were quarantined for: {causes or 'nothing'}",
        "",
    ]
    lines += [
        f"- {'ok' if verdict.passed else 'BROKEN'}: {verdict.text}"
        for verdict in verdicts(finished)
    ]
    if tally.first:
        lines += ["", "The first of each kind that went wrong:", ""]
        lines += [f"- {text}" for text in tally.first.values()]
    return "\n".join(lines) + "\n"


def _interval_to_json(interval):
    return {
        "outcomes": {
            outcome.value: count for outcome, count in interval.outcomes.items()
        },
        "codes": {
            f"{outcome.value} {code}": count
            for (outcome, code), count in interval.codes.items()
        },
        "p50_seconds": percentile(interval.latencies, 0.5),
        "p99_seconds": percentile(interval.latencies, 0.99),
        "events": dict(interval.events),
        "samples": [dataclasses.asdict(sample) for sample in interval.samples],
    }


def to_json(finished):
    """For programs. Percentiles that cannot be claimed are null."""
    tally = finished.tally
    return {
        "description": finished.description,
        "seconds": finished.duration,
        "sent": tally.sent,
        "ended": tally.ended,
        "intervals": [_interval_to_json(i) for i in tally.intervals],
        "kinds": {
            kind: {outcome.value: count for outcome, count in counts.items()}
            for kind, counts in tally.kinds.items()
        },
        "quarantined_for": dict(finished.faults),
        "errors_logged": finished.errors,
        "verdicts": [dataclasses.asdict(v) for v in verdicts(finished)],
        "first_broken": list(tally.first.values()),
    }
