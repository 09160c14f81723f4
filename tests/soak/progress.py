"""One line on a terminal that says how far a run is; nothing in a pipe."""

import sys


class Progress:
    def __init__(self, duration, tally):
        self._duration = duration
        self._tally = tally
        self._shown = sys.stderr.isatty()

    def show(self, seconds):
        if not self._shown:
            return
        part = min(seconds / self._duration, 1)
        left = max(self._duration - seconds, 0)
        rate = self._tally.ended / max(seconds, 1e-9)
        sys.stderr.write(
            f"\r{100 * part:5.1f} %  {self._tally.ended} requests, "
            f"{rate:.1f}/s, {int(left // 60)}:{int(left % 60):02d} left "
        )
        sys.stderr.flush()

    def end(self):
        if self._shown:
            sys.stderr.write("\n")
