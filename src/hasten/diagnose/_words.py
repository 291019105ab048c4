"""
Numbers as people say them.
"""


def seconds(value: float) -> str:
    """
    A time: 2.5 h, 4 min, 1.3 s, 12 ms, 0.3 ms.
    """
    if value >= 7200:
        return f"{value / 3600:.1f} h"
    if value >= 120:
        return f"{value / 60:.0f} min"
    if value >= 1:
        return f"{value:.1f} s"
    return f"{value * 1000:.0f} ms" if value >= 0.0095 else f"{value * 1000:.1f} ms"


def size(value: float) -> str:
    """
    Bytes: 4.3 MB, 120 kB, 800 bytes (decimal).
    """
    if value >= 1e6:
        return f"{value / 1e6:.1f} MB"
    return f"{value / 1e3:.0f} kB" if value >= 1000 else f"{value:.0f} bytes"


def count(value: float) -> str:
    """
    A number of things: 1,234,567; 12.5; 0.3.
    """
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def times(number: float) -> str:
    """
    How often: once, twice, 41 times.
    """
    return {1: "once", 2: "twice"}.get(int(number) if number == int(number) else -1, f"{count(number)} times")


def statement(text: str, most: int = 300) -> str:
    """
    A statement on one line, cut.
    """
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def listed(names: list[str]) -> str:
    """
    Names as in a sentence: a; a and b; a, b and c.
    """
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
