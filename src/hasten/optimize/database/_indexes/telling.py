"""
Why an index is proposed and what it should bring, in plain words with numbers.
"""

from hasten.optimize.database._indexes.definition import Definition
from hasten.optimize.database._indexes.workload import Statement


def reason(wanted: Definition, served: list[Statement], total_s: float) -> str:
    """
    What the statements that the index serves cost now.
    """
    calls = sum(each.calls for each in served)
    spent = sum(each.total_s for each in served)
    keys = " and ".join(key.text for key in wanted.keys)
    who = (
        f"1 statement ({calls:,} calls) looks"
        if len(served) == 1
        else f"{len(served)} statements ({calls:,} calls) look"
    )
    return (
        f"{who} into {wanted.table} by {keys}, which no index serves: "
        f"{spent:.3g} s, {spent / total_s:.0%} of the database's time while it was observed"
    )


def expectation(
    served: list[Statement], gains: dict[str, float], now_s: dict[str, float], share: float, size: int, upkeep_s: float
) -> str:
    """
    What the prices promise; the trial says what is true.
    """
    parts = []
    if served:
        first = served[0]
        then = max(now_s[first.query_id] - gains[first.query_id], 0.0)
        calls = max(first.calls, 1)
        parts.append(
            f"the dearest of them from {spell(now_s[first.query_id] / calls)} to {spell(then / calls)} per call"
        )
    parts += [f"{share:.0%} less database time", f"{size / 1e6:.3g} MB on disk"]
    parts.append(f"writes {spell(upkeep_s)} slower in all" if upkeep_s else "no write to this table was seen")
    return ", ".join(parts)


def slower(losing: list[Statement], gains: dict[str, float], now_s: dict[str, float]) -> str:
    """
    Which reads will take longer, to be put behind the expectation; "" for none.
    """
    parts = []
    for each in losing:
        calls, name = max(each.calls, 1), each.query_id
        was, becomes = spell(now_s[name] / calls), spell((now_s[name] - gains[name]) / calls)
        parts.append(f", one on {' and '.join(each.tables)} ({each.calls:,} calls) slower: {was}, then {becomes}")
    return "".join(parts)


def spell(seconds: float) -> str:
    """
    A duration in the unit that people read best.
    """
    if seconds >= 1:
        return f"{seconds:.3g} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} µs"
