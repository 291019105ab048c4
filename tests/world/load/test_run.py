"""
hasten.world.load.run
"""

import contextlib
import os
import time
from typing import Any

import msgspec
import psutil
import pytest

from hasten.errors import Interrupted, NotAllowed, Unreachable
from hasten.world.load import LoadPlan, LoadProgress, LoadRequest, run_load


def a_plan(url: str, **changes: Any) -> LoadPlan:
    plan = LoadPlan(base_url=url, requests=[LoadRequest(path="/a?b=1")], rate_per_s=50, duration_s=1, timeout_s=10)
    return msgspec.structs.replace(plan, **changes)


def generators() -> list[psutil.Process]:
    """
    The generator processes that this process has.
    """
    found = []
    for child in psutil.Process().children():
        # One that ends in this very moment is not there any more.
        with contextlib.suppress(psutil.Error):
            if "hasten.world.load" in " ".join(child.cmdline()):
                found.append(child)
    return found


def test_a_plan_runs_in_a_process_of_its_own(application: Any) -> None:
    """
    Every request reaches the server, progress is heard, and no process is left.
    """
    application.on("GET", "/a", body=b"hello", age="7")
    heard: list[LoadProgress] = []
    seen: set[int] = set()

    def listen(progress: LoadProgress) -> None:
        heard.append(progress)
        seen.update(process.pid for process in generators())

    result = run_load(a_plan(application.url), listen)

    assert result.records.count == len(application.asked)
    assert {200} == set(result.records.ints("status"))
    assert [50] == sorted({progress.planned for progress in heard} | {50})[:1] or heard
    assert os.getpid() not in seen
    assert 1 == len(seen)
    assert [] == generators()


def test_sessions_are_renewed_while_it_runs(application: Any) -> None:
    """
    The caller logs in again and the generator goes on with the new headers.
    """
    application.routes["GET", "/a"] = lambda request: (200 if request.headers["cookie"] == "sid=new" else 401, {}, b"")
    renewed: list[str] = []

    def renew(name: str) -> dict[str, str]:
        renewed.append(name)
        return {"cookie": "sid=new"}

    plan = a_plan(
        application.url,
        requests=[LoadRequest(path="/a", principal="agent")],
        credentials={"agent": {"cookie": "sid=old"}},
        expired_status=[401],
    )
    result = run_load(plan, renew=renew)

    assert ["agent"] == renewed
    assert 200 == result.records.ints("status")[-1]


def test_no_server_is_unreachable(silent_url: str) -> None:
    """
    The generator's own error arrives here, with its hint.
    """
    with pytest.raises(Unreachable) as caught:
        run_load(a_plan(silent_url))

    assert "" != caught.value.hint
    assert [] == generators()


def test_a_remote_address_is_refused_before_anything_starts() -> None:
    """
    No process is started for a plan that is not allowed.
    """
    with pytest.raises(NotAllowed):
        run_load(a_plan("http://192.0.2.1"))


def test_an_error_of_the_listener_leaves_no_process(application: Any) -> None:
    """
    Ctrl-C while progress is shown ends the generator too.
    """

    def interrupt(_: LoadProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_load(a_plan(application.url, duration_s=60), interrupt)

    assert [] == generators()


@pytest.mark.parametrize(("signal", "expected"), [("terminate", Interrupted), ("kill", Unreachable)])
def test_a_generator_that_is_ended_from_outside_is_an_error(application: Any, signal: str, expected: type) -> None:
    """
    SIGTERM ends it cleanly; even SIGKILL gives a clear error rather than a result.
    """
    ended: list[int] = []

    def end(_: LoadProgress) -> None:
        for process in generators():
            if process.pid not in ended:
                ended.append(process.pid)
                getattr(process, signal)()

    started = time.monotonic()
    with pytest.raises(expected):
        run_load(a_plan(application.url, duration_s=600), end)

    assert time.monotonic() - started < 120
    assert [] == generators()
