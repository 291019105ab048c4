"""
`hasten stop`, or a file that anybody made: a run that is under way goes back, and nothing is applied afterwards.
"""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.real.scene import PRIVATE, Original, Scene, assert_no_strays, copied, describe, make_original

from hasten import cycle, kill_switch
from hasten.model import Step
from hasten.record.ledger import Ledger
from hasten.session import opened
from hasten.testing.servers import findings_of
from hasten.world.registry import wait_until

pytestmark = pytest.mark.real

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def original(open_place: Path) -> Original:
    """
    Measured and planned once.
    """
    return make_original(open_place / "stop")


@pytest.fixture
def scene(original: Original) -> Iterator[Scene]:
    """
    A plan on a private database, in mode auto.
    """
    made = copied(original.state_dir, original)
    yield made
    shutil.rmtree(made.state_dir)


@contextmanager
def held(scene: Scene) -> "Iterator[subprocess.Popen[str]]":
    """
    `hasten apply` is in the middle of its trial, and held there: a small trial would be over before anybody acts.
    """
    with subprocess.Popen(scene.command("apply", "--json"), stdout=-1, text=True) as running:
        run = scene.state_dir / "run"
        assert wait_until(lambda: len(list(run.glob("clone-*-[01].json"))) == 2, PATIENCE_S, 0.005)
        running.send_signal(signal.SIGSTOP)
        try:
            yield running
        finally:
            running.send_signal(signal.SIGCONT)


def stopped(scene: Scene, running: "subprocess.Popen[str]", *words: str) -> tuple[Any, Any]:
    """
    What `hasten stop` said, and what the run said that it ended.
    """
    with subprocess.Popen(scene.command("stop", "--json", *words), stdout=-1, text=True) as stopping:
        assert wait_until(lambda: has_signal_waiting(running.pid), PATIENCE_S)
        running.send_signal(signal.SIGCONT)
        answer = json.loads(stopping.communicate(timeout=PATIENCE_S)[0])
    assert 0 == stopping.returncode
    output = json.loads(running.communicate(timeout=1)[0])
    assert 130 == running.returncode, output
    return answer, output


def has_signal_waiting(pid: int) -> bool:
    """
    A signal was sent to the process that it has not taken yet.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return any(int(line.split()[1], 16) for line in lines if line.startswith("ShdPnd:"))


def said(scene: Scene, *words: str) -> Any:
    """
    The one JSON document of a command.
    """
    done = scene.hasten(*words, "--json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def assert_before(scene: Scene) -> None:
    """
    The schema is as it was, to the byte; the change went back; nothing runs and recover has nothing to do.
    """
    assert_no_strays(scene.state_dir)
    (state,) = scene.states()
    assert Step.ROLLED_BACK is state.step
    with opened(str(scene.config), database=True) as app:
        assert scene.original.schema == app.database.schema_dump()
    assert {"stopped_strays": [], "settled": []} == said(scene, "recover")


def test_a_stop_in_the_middle_of_a_trial(scene: Scene) -> None:
    """
    The run has gone back when `hasten stop` returns; nothing is applied until `hasten resume`, and then it is.

    The approval was used up by the run that was stopped: it takes another one.
    """
    describe(scene.state_dir, {"database": PRIVATE, "allow": 'mode = "approve"'})
    name = scene.original.change.id
    said(scene, "approve", name)
    with held(scene) as running:
        answer, output = stopped(scene, running, "--reason", "checkout is down")
    assert {"is_over": True, "pid": running.pid} == answer["run"]
    assert "stopped" == output["error"]
    assert_before(scene)
    assert Step.STOPPED in [entry.step for entry in Ledger(scene.state_dir).read()]

    with opened(str(scene.config), database=True) as app:
        cycle.plan(app, findings_of(app.observation), Ledger(app.state_dir), lambda _done, _what: None)
    assert "checkout is down" in said(scene, "apply")["error"]
    assert said(scene, "resume")["resumed"]
    assert "nobody has approved it" in said(scene, "apply")["error"]
    said(scene, "approve", name)
    assert ["KEEP"] == [each["decision"]["verdict"] for each in said(scene, "apply")["decisions"]]
    undone = said(scene, "stop", "--rollback")["undone"]
    assert [name] == undone
    assert_before(scene)


def test_a_file_is_enough(scene: Scene) -> None:
    """
    With no command of Hasten at all: the run finds the file between two rounds, and goes back by itself.
    """
    with held(scene) as running:
        kill_switch.path_of(scene.state_dir).touch()
        running.send_signal(signal.SIGCONT)
        output = json.loads(running.communicate(timeout=PATIENCE_S)[0])

    assert (130, "Interrupted") == (running.returncode, output["kind"])
    assert_before(scene)
