"""
What a change takes from one statement may be paid for by what it saves all the others (docs/decisions/0019).
"""

#: Of what is saved, at most this share may be lost.
SHARE = 0.02
#: … and whoever waits for it waits at most twice as long, and at most a second longer.
RATIO, SECONDS = 2.0, 1.0


def is_paid_for(lost_s: float, *, ratio: float, calls: float, saved_s: float) -> bool:
    """
    Whether a loss is small by itself, and next to nothing beside what is saved.

    Args:
        lost_s: Seconds per call.
        ratio: Of the statement's time with the change to that without it.
        calls: In the time in which `saved_s` is saved.
    """
    return ratio <= RATIO and lost_s <= SECONDS and calls * lost_s <= SHARE * saved_s
