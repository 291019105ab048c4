"""
Which requests are traced.
"""

from pathlib import Path
from time import perf_counter_ns as now
from typing import Any

import pytest

from hasten_runtime.telemetry import pulse
from hasten_runtime.telemetry.traces import file, on_asgi, sampling, trace


def test_nothing_is_traced_before_it_began() -> None:
    """
    No request is due.
    """
    assert now() < sampling.due_ns


def test_the_first_request_is_traced_and_the_next_a_moment_later(tmp_path: Path) -> None:
    """
    The next is due half as much to half as much again after the usual time.
    """
    sampling.begin(str(tmp_path))
    first = now()

    assert first >= sampling.due_ns
    assert isinstance(sampling.traced(object(), first), on_asgi.Traced)
    assert first + sampling.EVERY_NS // 2 <= sampling.due_ns <= first + sampling.EVERY_NS * 3 // 2
    assert str(tmp_path / "traces") == file._place.folder


def test_a_burst_is_not_always_traced_at_its_beginning(tmp_path: Path) -> None:
    """
    Of the requests after a moment each has the same chance until one is traced, so the first of many rarely is.
    """
    sampling.begin(str(tmp_path))
    sampling.traced(object(), now())
    places = []
    for _ in range(2000):
        sampling.due_ns = 0
        places.append(next(n for n in range(1000) if isinstance(sampling.traced(object(), now()), on_asgi.Traced)))

    assert 400 < sum(place == 0 for place in places) < 600
    assert 2.4 < sum(places) / len(places) < 3.6


def test_no_traffic_keeps_in_step() -> None:
    """
    The distance to the next is never the same for long.
    """
    found = {sampling._about(1_000_000) for _ in range(200)}

    assert 20 < len(found)
    assert 500_000 <= min(found) <= max(found) < 1_500_000


def test_only_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    While many are under way no other is traced.
    """
    sampling.begin(str(tmp_path))
    monkeypatch.setattr(trace, "under_way", sampling.MOST_UNDER_WAY)
    app = object()

    assert app is sampling.traced(app, now())


def test_streams_make_room_for_others(tmp_path: Path) -> None:
    """
    Where all that are under way have been so for long, they are given up.
    """
    sampling.begin(str(tmp_path))
    for _ in range(sampling.MOST_UNDER_WAY):
        trace.began(trace.Trace(now() - 2 * sampling.LONGEST_NS, 0.0, 1))

    assert isinstance(sampling.traced(object(), now()), on_asgi.Traced)
    assert 0 == trace.under_way


def test_what_was_paid_is_waited_for(tmp_path: Path) -> None:
    """
    What half a second of traces may cost puts nothing off; what is more does, two hundred times, and it adds up.
    """
    sampling.begin(str(tmp_path))
    sampling.due_ns = before = now() + sampling.EVERY_NS
    sampling.paid(2_500_000)
    unmoved = sampling.due_ns
    sampling.paid(1_000_000)
    sampling.paid(1_000_000)

    assert before == unmoved
    assert now() + 350_000_000 < sampling.due_ns <= now() + 400_000_000


def test_traces_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With HASTEN_TRACES=0 no request is due.
    """
    monkeypatch.setenv("HASTEN_TRACES", "0")
    sampling.begin(str(tmp_path))

    assert (pulse.NEVER_NS, "") == (sampling.due_ns, file._place.folder)


def test_a_child_traces_its_own_first_request(tmp_path: Path) -> None:
    """
    After a fork the next request is due.
    """
    sampling.begin(str(tmp_path))
    sampling.paid(10**9)
    pulse.forget()

    assert 0 == sampling.due_ns


def test_a_fault_leaves_the_application_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    If no moment can be drawn, the request goes its way and the fault is said.
    """

    def fail(_: Any) -> int:
        raise OSError("no chance")

    monkeypatch.setattr(sampling, "_about", fail)
    app = object()

    assert app is sampling.traced(app, now())
    assert "a request is not traced: OSError: no chance" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "share"),
    [("", 0.005), ("0.05", 0.05), ("0.5", 0.5), ("much", 0.005), ("0", 0.005), ("2", 0.005), ("nan", 0.005)],
)
def test_what_a_trace_costs_puts_off_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, share: float
) -> None:
    """
    By as much as keeps to the share of a processor that the environment allows, or to half a percent.
    """
    monkeypatch.setenv("HASTEN_TRACES_SHARE", said)
    monkeypatch.setattr(sampling, "CREDIT_NS", 0)
    sampling.begin(str(tmp_path))
    sampling.paid(1_000_000)

    assert 0.9e6 / share <= sampling.due_ns - now() <= 1e6 / share


def test_a_larger_share_makes_traces_as_much_denser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    At ten times the usual share every request after the moment is traced, and the moment comes ten times as soon.
    """
    monkeypatch.setenv("HASTEN_TRACES_SHARE", "0.05")
    sampling.begin(str(tmp_path))
    try:
        for _ in range(50):
            began = now()
            assert isinstance(sampling.traced(object(), began), on_asgi.Traced)
            assert began < sampling.due_ns <= began + sampling.EVERY_NS * 3 // 20
    finally:
        monkeypatch.delenv("HASTEN_TRACES_SHARE")
        sampling.begin(str(tmp_path))
