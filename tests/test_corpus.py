"""
Executions that can be repeated, and a fair choice among them.
"""

from hypothesis import given
from hypothesis import strategies as st

from hasten.corpus import repeatable, spread
from hasten.evidence import StatementProfile, StatementSample
from hasten.model import now


def sample(parameter: str, seconds: float, error: str | None = None) -> StatementSample:
    """
    One recorded execution.
    """
    return StatementSample(
        at=now(), query_id="q", text="SELECT $1", parameters=[parameter], seconds=seconds, error=error
    )


def profile(*samples: StatementSample) -> StatementProfile:
    """
    A statement with these executions.
    """
    return StatementProfile(query_id="q", text="SELECT $1", calls=1, total_s=1.0, mean_s=1.0, samples=list(samples))


def test_failed_executions_and_repetitions_are_left_out() -> None:
    """
    Each set of parameters once, cheapest first, and none that failed.
    """
    found = repeatable(profile(sample("b", 3.0), sample("a", 2.0), sample("a", 1.0), sample("c", 0.5, error="22012")))

    assert [("a", 1.0), ("b", 3.0)] == [(each.parameters[0], each.seconds) for each in found]


@given(st.integers(0, 60), st.integers(1, 20))
def test_a_choice_reaches_from_the_cheapest_to_the_dearest(count: int, wanted: int) -> None:
    """
    As many as wanted or there are, in their order, both ends among them.
    """
    samples = [sample(str(n), float(n)) for n in range(count)]
    chosen = spread(samples, wanted)

    assert min(count, wanted) == len(chosen)
    assert [each.seconds for each in chosen] == sorted({each.seconds for each in chosen})
    if wanted > 1 and count:
        assert (samples[0], samples[-1]) == (chosen[0], chosen[-1])
