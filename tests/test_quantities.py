"""
Numbers as people say them.
"""

from datetime import timedelta

import pytest

from hasten.quantities import amount, duration, span


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (None, "ms", "–"),
        (3120.0, "ms", "3.12 s"),
        (45.2, "ms", "45 ms"),
        (4.3e6, "By", "4.30 MB"),
        (12_000, "By", "12 kB"),
        (0.951, "1", "95.1 %"),
        (66.4, "%", "66 %"),
        (0.0021, "s", "2.1 ms"),
        (0.0, "1", "0.0 %"),
    ],
)
def test_an_amount_has_its_unit(value: float | None, unit: str, said: str) -> None:
    """
    Each unit is said in the size that people read; nothing measured is a dash.
    """
    assert said == amount(value, unit)


@pytest.mark.parametrize(("seconds", "said"), [(1.25, "1.2 s"), (600, "10 min"), (36_000, "10.0 h")])
def test_a_duration_is_said_in_its_size(seconds: float, said: str) -> None:
    """
    Seconds, minutes, hours.
    """
    assert said == duration(seconds)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2d", 48), ("12h", 12), ("90m", 1.5), ("1d12h", 36), (" 36s ", 0.01), ("0h", 0), *[
        (text, None) for text in ("", " ", "2", "2 d", "h", "1h2d", "-1d", "1.5h", "9" * 20 + "d")
    ]],
)  # fmt: skip
def test_a_span_is_read_as_people_write_it(text: str, hours: float | None) -> None:
    """
    Days, hours, minutes and seconds in this order, whole numbers; anything else is none.
    """
    assert (None if hours is None else timedelta(hours=hours)) == span(text)
