"""Emulated cards and their faults (kernels/emulation/faults.h)."""

import random
import re

# A batch of the small model makes about so many launches and copies.
_LAUNCHES = 20
_COPIES = 6

# Of a launch or a copy: one in so many faults, with its settings.
_OF_LAUNCHES = ("hang", "timeout", "error", "abort", "delay:ms=20", "bit_flip")
_OF_COPIES = ("copy_error", "copy_corruption")
# When a card is brought back or given a model: one in about so many events,
# after those of the server's start. XRT keeps a thread for each time that a card
# cannot be opened after its reset, so that this is rarer.
_OF_RETURNS = {"load": (5, 2), "open": (40, 4), "allocation": (6000, 4000)}
_FIRST_LAUNCHES = 2000
_FIRST_COPIES = 3000


def rules(cards, batches_per_fault, seed):
    """Faults of all kinds on all cards, in all one in so many batches.

    Each batch runs twice (card_verification). When a rule begins and how far
    its faults are apart is drawn from `seed`.
    """
    chance = random.Random(seed)
    apart = 2 * batches_per_fault * (len(_OF_LAUNCHES) + len(_OF_COPIES))
    drawn = []

    def add(kind, card, events, spared):
        every = max(int(events * chance.uniform(0.7, 1.3)), 2)
        first = spared + int(chance.uniform(0, every)) + 1
        drawn.append(
            f"{kind}{',' if ':' in kind else ':'}card={card},nth={first},"
            f"every={every},count=inf"
        )

    for card in range(cards):
        for kind in _OF_LAUNCHES:
            add(kind, card, apart * _LAUNCHES, _FIRST_LAUNCHES)
        for kind in _OF_COPIES:
            add(kind, card, apart * _COPIES, _FIRST_COPIES)
        for kind, (events, spared) in _OF_RETURNS.items():
            add(kind, card, events, spared)
    return ";".join(drawn)


def cards_in(devices):
    """How many emulated cards the flag --devices asks for."""
    match = re.search(r"emulated:(\d+)", devices)
    return int(match[1]) if match else 0


def serving_cards(metrics):
    """How many emulated cards serve, by the server's metrics."""
    return sum(
        value == 1
        for name, value in metrics.items()
        if name.startswith('moevit_device_state{device="emulated:')
        and 'state="serving"' in name
    )
