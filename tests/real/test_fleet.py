"""
Processes are run otherwise and go back: tried beside first, never two in one place, and never none.
"""

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from hasten.errors import ApplyFailed, ConfigError, RevertFailed
from hasten.fleet import Fleet, by_hand
from hasten.instances import Ground
from hasten.model import Change, Kind, Risk, Where, from_json, to_json
from hasten.overrides import FILE_NAME
from hasten.target import Application, Process, Target
from hasten.world.registry import wait_until
from hasten.world.supervisor import Supervisor

pytestmark = pytest.mark.real

DESK = str(Path(__file__).with_name("small_desk.py"))
COMMAND = [sys.executable, DESK, "{port}", "few"]
MORE = [sys.executable, DESK, "{port}", "many"]


def described(**other: object) -> Target:
    """
    A hasten.toml with one web server.
    """
    web = Process(name="web", command=COMMAND, env={"POOL": "5"}, is_web=True, ready_timeout_s=20)
    return Target(application=Application(processes=[msgspec.structs.replace(web, **other)]))


@pytest.fixture
def supervisor(place: Path) -> Iterator[Supervisor]:
    """
    Whatever is started ends with the test.
    """
    with Supervisor(place) as made:
        yield made


def fleet_of(supervisor: Supervisor, **other: object) -> Fleet:
    """
    A fleet that is described like this.
    """
    folder = supervisor.state_dir
    return Fleet(described(**other), Ground(folder, folder), supervisor, folder)


@pytest.fixture
def fleet(supervisor: Supervisor) -> Fleet:
    """
    A fleet that runs.
    """
    made = fleet_of(supervisor)
    made.start()
    return made


def planned(fleet: Fleet, command: list[str] | None = MORE, env: dict[str, str | None] | None = None) -> Change:
    """
    A change of the web server, as it is read from the ledger.
    """
    sides = fleet.prepare("web", command=command, env=env)
    assert sides
    change = Change(
        optimization="toy.process", kind=Kind.PROCESS, where=Where(kind="process", name="web"), why="", expects="",
        risk=Risk.R2, **sides,
    )  # fmt: skip
    return from_json(to_json(change), Change)


def words(fleet: Fleet) -> list[str]:
    """
    The last words of what runs in this state folder.
    """
    records = [json.loads(path.read_bytes()) for path in (fleet.folder / "run").glob("*.json")]
    return [psutil.Process(record["process"]["pid"]).cmdline()[-1] for record in records]


def test_run_otherwise_and_back_on_the_same_port(fleet: Fleet) -> None:
    """
    A second apply and a second revert leave the process alone; nothing is left in the state folder.
    """
    change = planned(fleet, env={"POOL": "9", "ARENAS": "2"})
    assert ["few"] == words(fleet)
    assert not fleet.has_remains(change)

    fleet.apply(change)
    pid, port = fleet.pids["web"][1], fleet.supervisor.running["web"].spec.port
    fleet.apply(change)
    environment = psutil.Process(pid).environ()
    assert (["many"], pid, True) == (words(fleet), fleet.pids["web"][1], fleet.is_applied(change))
    assert ("9", "2") == (environment["POOL"], environment["ARENAS"])

    fleet.revert(change)
    pid = fleet.pids["web"][1]
    fleet.revert(change)
    assert (["few"], pid, port) == (words(fleet), fleet.pids["web"][1], fleet.supervisor.running["web"].spec.port)
    assert not fleet.has_remains(change)
    assert not (fleet.folder / FILE_NAME).exists()


def test_a_variable_that_is_taken_away_is_gone(fleet: Fleet) -> None:
    """
    And is there again afterward.
    """
    change = planned(fleet, command=None, env={"POOL": None})
    fleet.apply(change)
    assert "POOL" not in psutil.Process(fleet.pids["web"][1]).environ()

    fleet.revert(change)
    assert "5" == psutil.Process(fleet.pids["web"][1]).environ()["POOL"]


@pytest.mark.parametrize("bad", [["-c", "import time; time.sleep(60)  # {port}"], ["-c", "1 / 0  # {port}"]])
def test_what_does_not_get_ready_leaves_the_old_one_serving(supervisor: Supervisor, bad: list[str]) -> None:
    """
    The very process that served before, without a gap; nothing is written down.
    """
    fleet = fleet_of(supervisor, ready_timeout_s=2.0)
    url = fleet.start()
    pid, failed, done = fleet.pids["web"][1], [], threading.Event()

    def ask() -> None:
        while not done.wait(0.05):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=5).close()
            except OSError as error:
                failed.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    change = planned(fleet, [sys.executable, *bad])
    with pytest.raises(ApplyFailed, match="does not run like this"):
        fleet.apply(change)
    done.set()
    asking.join()

    assert ([], pid, ["few"]) == (failed, fleet.pids["web"][1], words(fleet))
    assert not fleet.has_remains(change)


def test_a_server_with_its_own_port_is_restarted_and_put_back(supervisor: Supervisor) -> None:
    """
    Where no second one can run beside it, the old one is started again when the new one does not get ready.
    """
    fleet = fleet_of(supervisor, ready_timeout_s=2.0)
    fleet.start()
    with pytest.raises(ApplyFailed):
        fleet.apply(planned(fleet, [sys.executable, "-c", "import time; time.sleep(60)"]))

    assert (["few"], False) == (words(fleet), (fleet.folder / FILE_NAME).exists())


def test_what_is_written_down_is_started_next_time(fleet: Fleet) -> None:
    """
    The next run of Hasten takes the kept change, undoes it while nothing runs, and starts the old way after that.
    """
    change = planned(fleet)
    fleet.apply(change)
    fleet.stop()
    again = fleet_of(fleet.supervisor)
    again.start()
    assert (["many"], True) == (words(again), again.is_applied(change))

    again.stop()
    again.revert(change)
    assert not again.has_remains(change)
    again.start()
    assert ["few"] == words(again)


def test_the_world_is_asked_and_not_memory(fleet: Fleet) -> None:
    """
    A process that somebody ended is not in place, and applying again brings it back.
    """
    change = planned(fleet)
    fleet.apply(change)
    psutil.Process(fleet.pids["web"][1]).kill()
    assert wait_until(lambda: not fleet.is_applied(change), 5)

    fleet.apply(change)
    assert (["many"], True) == (words(fleet), fleet.is_applied(change))


def test_a_person_who_edits_hasten_toml_has_the_last_word(fleet: Fleet) -> None:
    """
    The change is not in force any more, and its way back leaves what the person wrote.
    """
    change = planned(fleet)
    fleet.apply(change)
    fleet.stop()
    edited = fleet_of(fleet.supervisor, command=[sys.executable, DESK, "{port}", "mine"])
    edited.start()
    assert (["mine"], False) == (words(edited), edited.is_applied(change))

    edited.revert(change)
    assert (["mine"], False) == (words(edited), (fleet.folder / FILE_NAME).exists())


def test_an_older_change_is_not_undone_under_a_later_one(fleet: Fleet) -> None:
    """
    Refused, and the later one runs on; newest first all goes back.
    """
    first = planned(fleet)
    fleet.apply(first)
    second = planned(fleet, [sys.executable, DESK, "{port}", "most"])
    fleet.apply(second)
    with pytest.raises(RevertFailed, match="later change"):
        fleet.revert(first)
    with pytest.raises(ApplyFailed, match="since this was planned"):
        fleet.apply(first)
    assert ["most"] == words(fleet)

    fleet.revert(second)
    assert ["many"] == words(fleet)
    fleet.revert(first)
    assert ["few"] == words(fleet)


def test_a_change_without_its_inverse_is_not_undone(fleet: Fleet) -> None:
    """
    And what it made stays.
    """
    change = planned(fleet)
    fleet.apply(change)
    lost = msgspec.structs.replace(change, inverse={})
    with pytest.raises(RevertFailed):
        fleet.revert(lost)

    assert fleet.is_applied(change)
    assert "lost its inverse" in by_hand(lost)[0]


def test_the_commands_for_a_person_need_no_hasten(fleet: Fleet) -> None:
    """
    Typed into a shell in the state folder, the next start is as hasten.toml says.
    """
    change = planned(fleet)
    fleet.apply(change)
    fleet.stop()
    commands = "\n".join(by_hand(change))
    subprocess.run(["sh", "-c", commands], cwd=fleet.folder, check=True, timeout=30, env={"PATH": os.environ["PATH"]})
    again = fleet_of(fleet.supervisor)
    again.start()

    assert ["few"] == words(again)
    assert not again.has_remains(change)


def test_nothing_to_do_or_nobody_to_do_it_to_is_no_change(fleet: Fleet) -> None:
    """
    The same command, and a process that hasten.toml does not know.
    """
    assert fleet.prepare("web", command=COMMAND) is None
    with pytest.raises(ConfigError, match="no process"):
        fleet.prepare("wep", command=COMMAND)
