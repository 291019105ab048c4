"""
hasten.observe.api
"""

from pathlib import Path
from typing import Any

import pytest

from hasten.errors import ConfigError, NoData, NotAllowed, TooNoisy, Unreachable
from hasten.model import Where
from hasten.observe import api
from hasten.observe.api import ERROR_RATIO, LATENCY, LATENESS, ApiPart, observe_api
from hasten.target import Application, Login, Principal, Target, Traffic
from hasten.world.load import LoadPlan, LoadResult, Window
from hasten.world.principals import Sessions

LINES = """\
{"path": "/a/1", "weight": 3, "principal": "agent"}
{"path": "/b", "weight": 1}
{"method": "POST", "path": "/a/1"}
"""


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """
    A tenth of a second of traffic at 100 requests per second.
    """
    (tmp_path / "t.jsonl").write_text(LINES)
    return Target(
        application=Application(name="shop", health="/b"),
        traffic=Traffic(requests="t.jsonl", rate_per_s=100, duration_s=0.4, arrivals="constant", timeout_s=10),
        login=Login(request="POST /login", json={"p": "${secret}"}),
        principals=[Principal(name="agent", user="a", secret_env="S")],
    )


@pytest.fixture
def shop(application: Any) -> Any:
    """
    An application with a guarded route, an open one, and a login.
    """
    application.on("POST", "/login", set_cookie="sid=good")
    application.routes["GET", "/a/1"] = lambda request: (
        (200, {"etag": "x"}, b"w" * 500) if "sid=good" in request.headers.get("cookie", "") else (401, {}, b"")
    )
    application.on("GET", "/b", body=b"b")
    return application


@pytest.fixture(autouse=True)
def _any_machine_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    These tests are not about how busy this machine is: no window is rejected but where a test says so.
    """
    real = api.run_load

    def believing(plan: LoadPlan, *args: Any, **more: Any) -> LoadResult:
        return _without_windows(real(plan, *args, **more))

    monkeypatch.setattr(api, "run_load", believing)


def _without_windows(result: LoadResult) -> LoadResult:
    import msgspec

    return msgspec.structs.replace(result, windows=[])


def observe(shop: Any, target: Target, folder: Path, heard: list[tuple[float, str]] | None = None) -> ApiPart:
    sessions = Sessions(target, shop.url, environ={"S": "geheim"})
    heard = [] if heard is None else heard
    return observe_api(shop.url, target, sessions, lambda at, text: heard.append((at, text)), folder=folder)


def test_each_route_and_all_together_are_measured(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    Latency and error ratio by route and pooled; lateness once.
    """
    part = observe(shop, target, tmp_path)
    found = {(one.metric, one.where.name): one.distribution for one in part.measurements}

    places = ("shop", "GET /a/{id}", "GET /b")
    assert {(metric, place) for metric in (LATENCY, ERROR_RATIO) for place in places} | {(LATENESS, "shop")} == set(
        found
    )
    assert (40, 30, 10) == tuple(found[LATENCY, place].count for place in places)
    assert [0.0] * 3 == [found[ERROR_RATIO, place].mean for place in places]
    assert Where(kind="route", name="GET /b") in {one.where for one in part.measurements}


def test_no_write_is_sent_that_nobody_allowed(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    The only POST is the login, and what was left out is told.
    """
    part = observe(shop, target, tmp_path)

    assert {"/login"} == {path for method, path, _, _ in shop.asked if method == "POST"}
    assert "replay_writes" in part.missing["api.recording"]


def test_samples_have_headers_and_no_credentials(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    Probed alone and under load, each route shows its headers and what gzip would save.
    """
    part = observe(shop, target, tmp_path)
    samples = [sample for sample in part.responses if sample.route == "GET /a/{id}"]

    assert 2 == len(samples)
    assert all(("etag", "x") in sample.headers and sample.body_bytes == 500 for sample in samples)
    assert all((sample.gzip_bytes or 500) < 100 for sample in samples)
    assert "sid=good" not in str(part.responses)


def test_requests_of_a_day_follow_the_recorded_mix(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    Without a better source the load's own rate is a day's.
    """
    part = observe(shop, target, tmp_path)

    assert {"GET /a/{id}": 100 * 86_400 * 0.75, "GET /b": 100 * 86_400 * 0.25} == part.requests_per_day


def test_progress_rises_to_one(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    It never goes back, and each step says what is done.
    """
    heard: list[tuple[float, str]] = []
    observe(shop, target, tmp_path, heard)
    fractions = [at for at, _ in heard]

    assert fractions == sorted(fractions)
    assert 1.0 == fractions[-1]
    assert all(text for _, text in heard)


def test_a_route_that_only_refuses_is_told(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    404 for all is an answer, and not how users see the route.
    """
    shop.on("GET", "/b", 404)

    assert "4xx" in observe(shop, target, tmp_path).missing["api GET /b"]


def test_server_errors_are_the_error_ratio(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    All of a route's requests failed, which is a quarter of all.
    """
    calls: list[int] = []

    def fails_after_the_health_check(_: Any) -> Any:
        calls.append(1)
        return (200 if len(calls) == 1 else 500), {}, b""

    shop.routes["GET", "/b"] = fails_after_the_health_check
    found = {
        one.where.name: one.distribution.mean
        for one in observe(shop, target, tmp_path).measurements
        if one.metric == ERROR_RATIO
    }

    assert {"shop": 0.25, "GET /a/{id}": 0.0, "GET /b": 1.0} == found


def test_an_application_that_is_down_is_unreachable(silent_url: str, target: Target, tmp_path: Path) -> None:
    """
    Before anything else is tried.
    """
    with pytest.raises(Unreachable):
        observe_api(silent_url, target, Sessions(target, silent_url, environ={"S": "x"}), folder=tmp_path)


def test_sessions_that_nobody_accepts_are_an_error(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    A login whose cookie does not count is not measured as a fast 401.
    """
    shop.on("GET", "/a/1", 401)

    with pytest.raises(NotAllowed, match="log in again"):
        observe(shop, target, tmp_path)


def test_a_run_without_answers_is_no_data(shop: Any, target: Target, tmp_path: Path) -> None:
    """
    Only errors: there is no latency to speak of.
    """
    calls: list[int] = []

    def healthy_once(_: Any) -> Any:
        calls.append(1)
        return (200 if len(calls) == 1 else 503), {}, b""

    shop.routes["GET", "/b"] = healthy_once
    shop.on("GET", "/a/1", 503)

    with pytest.raises(NoData):
        observe(shop, target, tmp_path)


def test_a_late_generator_is_too_noisy(
    shop: Any, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    When most windows are rejected there is no result.
    """
    import msgspec

    believing = api.run_load
    rejected = Window(
        start_s=0, end_s=1, requests=1, errors=0, p50_s=None, p95_s=None, lateness_p99_s=1, limit_s=0, rejected=True
    )
    monkeypatch.setattr(
        api, "run_load", lambda *args, **more: msgspec.structs.replace(believing(*args, **more), windows=[rejected])
    )

    with pytest.raises(TooNoisy) as caught:
        observe(shop, target, tmp_path)

    assert "rate_per_s" in caught.value.hint


def test_no_traffic_named_is_an_error(shop: Any, tmp_path: Path) -> None:
    """
    Nothing is guessed.
    """
    bare = Target(application=Application(health="/b"))

    with pytest.raises(ConfigError):
        observe(shop, bare, tmp_path)
