"""
One run of all probes on a small application: what could not be measured is named, what is wrong comes first.
"""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from hasten.application import App
from hasten.errors import ConfigError, HastenError, Missing, NoData, TooNoisy, Unreachable
from hasten.observe import run
from hasten.target import Application, Browser, DatabaseSection, Frontend, Target, Traffic
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor


@pytest.fixture
def app(tmp_path: Path, application: Any) -> App:
    """
    A page, a second of traffic, and nothing else that could be measured.
    """
    application.on("GET", "/", body=b"hello")
    (tmp_path / "traffic.jsonl").write_text('{"path": "/"}\n')
    target = Target(
        application=Application(name="small", url=application.url),
        browser=Browser(pages=[]),
        traffic=Traffic(requests="traffic.jsonl", rate_per_s=20, duration_s=1, arrivals="constant"),
    )
    return App(target=target, state_dir=tmp_path, supervisor=Supervisor(tmp_path), root=tmp_path, url=application.url)


def changed(app: App, **sections: Any) -> App:
    """
    The same with other sections of hasten.toml.
    """
    return with_fields(app, target=msgspec.structs.replace(app.target, **sections))


def with_fields(app: App, **fields: Any) -> App:
    """
    The same App but for these fields.
    """
    return App(**{**app.__dict__, **fields})


def observed(app: App) -> tuple[Any, list[float]]:
    """
    The observation, and the shares of the progress bar in their order.
    """
    shares: list[float] = []
    try:
        return run.observe(app, "baseline", lambda share, _note: shares.append(share)), shares
    except TooNoisy:
        pytest.skip("this machine is too busy for a load test of one second")


def test_what_there_is_is_measured_and_the_rest_is_named(app: App) -> None:
    """
    The API is there; database, processes, pages and bundle are missing, each with its reason.
    """
    found, shares = observed(app)

    metrics = {measurement.metric for measurement in found.measurements}
    assert {"http.client.request.duration", "hasten.uptime"} <= metrics
    assert {"database", "process", "page", "bundle", "traces"} == set(found.missing) - {"api.windows"}
    assert ("baseline", [], None) == (found.name, found.statements, found.bundle)
    assert found.conditions.load == "20 requests/s, constant"
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_a_built_front_end_is_weighed(app: App, tmp_path: Path) -> None:
    """
    Its bundle is in the observation.
    """
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text('<script src="/a.js"></script>')
    (tmp_path / "dist" / "a.js").write_text("let a = 1;\n" * 100)
    found, _ = observed(changed(app, frontend=Frontend(dist="dist")))

    assert found.bundle is not None
    assert "bundle" not in found.missing
    assert {"hasten.bundle.raw"} <= {measurement.metric for measurement in found.measurements}


@pytest.mark.parametrize(
    ("sections", "error"),
    [
        ({"frontend": Frontend(dist="not built")}, ConfigError),
        ({"browser": Browser(pages=["/"], path="/nowhere/chromium")}, Missing),
    ],
)
def test_what_is_wrong_comes_before_the_load(
    app: App, application: Any, sections: dict[str, Any], error: type[HastenError]
) -> None:
    """
    Not one request is sent.
    """
    with pytest.raises(error):
        run.observe(changed(app, **sections), "baseline", lambda *_: None)

    assert [] == application.asked


def test_a_database_that_does_not_answer_comes_before_the_load(app: App, application: Any) -> None:
    """
    Three minutes of load for half a baseline would be a waste.
    """
    url = "postgresql://u:p@127.0.0.1:1/d"
    broken = with_fields(changed(app, database=DatabaseSection(url=url)), store=Database(url))
    with pytest.raises(Unreachable, match="does not answer"):
        run.observe(broken, "baseline", lambda *_: None)

    assert [] == application.asked


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_database_is_the_cause_that_is_told(app: App, monkeypatch: pytest.MonkeyPatch, lost: bool) -> None:
    """
    The load saw only errors; why, the database says. Where it is well the load's own error stays.
    """

    class Flaky(Database):
        """
        It answers once, before the load.
        """

        asked = 0

        def check(self) -> Any:
            """
            What the server is, the first time.
            """
            Flaky.asked += 1
            if lost and Flaky.asked > 1:
                raise Unreachable("the database is gone", hint="start it")

    def load(*_: object, **__: object) -> Any:
        raise NoData("not one request was answered", hint="look into the log")

    Flaky.asked = 0
    monkeypatch.setattr(run.database, "begin", lambda _: object())
    monkeypatch.setattr(run, "observe_api", load)
    with pytest.raises(Unreachable if lost else NoData):
        run.observe(with_fields(app, store=Flaky("postgresql://h/d")), "baseline", lambda *_: None)


def test_a_probe_that_fails_is_named_and_one_that_is_misconfigured_stops_the_run(app: App) -> None:
    """
    No data is not good news, and wrong input is no missing data.
    """
    gathered = run._Gathered(app)

    def fail(error: HastenError) -> None:
        raise error

    gathered.attempt("page", lambda: fail(Unreachable("no page", hint="start it")))
    gathered.attempt("bundle", lambda: fail(NoData("nothing")))
    assert {"page": "no page (start it)", "bundle": "nothing"} == gathered.missing
    with pytest.raises(ConfigError):
        gathered.attempt("database", lambda: fail(ConfigError("wrong")))
