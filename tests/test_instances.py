"""
hasten.instances
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hasten import instances
from hasten.errors import ConfigError
from hasten.instances import Ground
from hasten.target import Application, DatabaseSection, Process, Target
from hasten.world.supervisor import Supervisor

WEB = {"name": "web", "command": ["python3", "-m", "http.server", "{port}"], "is_web": True}


def target(*processes: dict[str, Any], **database: str) -> Target:
    """
    An application with these processes.
    """
    found = [Process(**{**WEB, **process}) for process in processes]
    return Target(application=Application(processes=found), database=DatabaseSection(**database))


@pytest.fixture
def beside(tmp_path: Path) -> Callable[..., Ground]:
    """
    Gives the ground of an instance beside the one in `project`.
    """

    def ground(**settings: Any) -> Ground:
        settings = {"name": "control-", "home": tmp_path / "project", **settings}
        return Ground(tmp_path / "copy", tmp_path / "state", **settings)

    return ground


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("{home}/run.py", "{root}/run.py"),
        ("--dir={home}", "--dir={root}"),
        ("{home}/bin:/usr/bin:{home}/.venv/bin", "{root}/bin:/usr/bin:{root}/.venv/bin"),
        ("{home}-other/run.py", "{home}-other/run.py"),
        ("redis://live", "redis://own"),
    ],
)
def test_paths_of_the_original_lead_into_the_copy(beside: Callable[..., Ground], text: str, own: str) -> None:
    """
    Wherever they stand in a text, and only they.
    """
    ground = beside(instead={"redis://live": "redis://own"})
    names = {"home": str(ground.home), "root": str(ground.root)}

    assert own.format(**names) == ground.own(text.format(**names))


def test_the_instance_that_is_there_anyhow_is_left_as_it_is(tmp_path: Path) -> None:
    """
    Without an original there is nothing to lead elsewhere.
    """
    assert f"{tmp_path}/run.py" == Ground(tmp_path, tmp_path).own(f"{tmp_path}/run.py")


def test_two_instances_have_ports_of_their_own(tmp_path: Path, beside: Callable[..., Ground]) -> None:
    """
    A real server runs twice, and each answers at its own address until it is stopped.
    """
    web = target({"port": 0})
    (tmp_path / "copy").mkdir()
    with Supervisor(tmp_path / "state") as supervisor:
        first, pids = instances.start(web, Ground(tmp_path, tmp_path / "state"), supervisor)
        second, others = instances.start(web, beside(), supervisor)
        names = set(supervisor.running)
        instances.stop(web, beside(), supervisor)
        left = set(supervisor.running)

    assert first != second
    assert pids["web"] != others["web"]
    assert ({"web", "control-web"}, {"web"}) == (names, left)


def test_the_environment_of_an_instance_is_its_own(
    beside: Callable[..., Ground], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What Hasten inherited about the original's folder and database leads to the instance's own.
    """
    ground = beside(database_url="postgresql://clone", env={"EXTRA": "1"})
    monkeypatch.setenv("PATH", f"{ground.home}/.venv/bin:/usr/bin")
    monkeypatch.setenv("DATABASE_URL", "postgresql://live")
    monkeypatch.setenv("HOME_OF_OTHERS", "/elsewhere")
    web = target({"env": {"DB": "{database_url}", "HERE": "{root}"}}, url="postgresql://live")
    found = instances.surroundings(web, ground)

    assert f"{ground.root}/.venv/bin:/usr/bin" == found["PATH"]
    assert {"postgresql://clone"} == {found["DATABASE_URL"], found["DB"]}
    assert (str(ground.root), "1") == (found["HERE"], found["EXTRA"])
    assert "HOME_OF_OTHERS" not in found


def test_a_second_instance_needs_processes_that_hasten_starts() -> None:
    """
    An address alone is an application that somebody else runs.
    """
    with pytest.raises(ConfigError, match="cannot be started") as caught:
        instances.need_ports(Target(application=Application(url="http://127.0.0.1:1")))

    assert "{port}" in caught.value.hint


@pytest.mark.parametrize(
    ("processes", "is_fine"),
    [
        ([{"command": ["serve", "--port", "8000"]}], False),
        ([{"command": ["serve"], "env": {"PORT": "{port}"}}], True),
        (
            [{"command": ["serve"]}, {"name": "proxy", "command": ["proxy", "{port:web}", "{port}"], "is_web": False}],
            True,
        ),
        ([{}, {"name": "worker", "command": ["work"], "is_web": False}], True),
    ],
)
def test_a_port_in_the_command_itself_is_taken_already(processes: list[dict[str, Any]], is_fine: bool) -> None:
    """
    Two servers cannot have one port; a worker has none.
    """
    if is_fine:
        instances.need_ports(target(*processes))
    else:
        with pytest.raises(ConfigError, match="names the port itself"):
            instances.need_ports(target(*processes))
