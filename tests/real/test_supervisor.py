"""
Processes under Hasten's supervision: started, stopped, and never left behind.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from hasten.errors import Missing, Unreachable
from hasten.world import ports, registry
from hasten.world.process_id import ProcessId
from hasten.world.registry import Record, wait_until
from hasten.world.supervisor import Spec, Supervisor

pytestmark = pytest.mark.real

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(300)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(300)",
]
# A leader that leaves its child behind when it is told to stop.
CARELESS = [
    sys.executable,
    "-c",
    f"import subprocess, time; c = subprocess.Popen({STUBBORN!r}); print('child', c.pid, flush=True); time.sleep(300)",
]
OWNER = """
import sys, time
from pathlib import Path
from hasten.world.supervisor import Spec, Supervisor
supervisor = Supervisor(Path(sys.argv[1]))
log = supervisor.state_dir / "log" / "web.log"
spec = Spec("web", sys.argv[2:], ready=lambda: log.exists() and "up" in log.read_text(), grace_s=1)
print(supervisor.start(spec).pid, supervisor.scratch("data"), flush=True)
time.sleep(300)
"""


@pytest.fixture
def supervisor(tmp_path):
    """
    Give a supervisor with an empty state folder.
    """
    with Supervisor(tmp_path) as made:
        yield made


@pytest.fixture
def owner(tmp_path, another):
    """
    Give a Hasten in another process, which runs a given program; what it leaves is swept at the end.
    """

    started = []

    def start(*argv: str, code: str = OWNER) -> tuple[subprocess.Popen, int, Path]:
        child, (pid, scratch) = another(code, tmp_path, *argv)
        started.append(child)
        return child, int(pid), Path(scratch)

    yield start
    for child in started:
        kill(child)
    Supervisor(tmp_path).sweep()


def kill(child: subprocess.Popen) -> None:
    """
    The process dies without a chance to clean up.
    """
    child.kill()
    child.wait()


def pid_in(path: Path) -> int:
    """
    The pid of the child that CARELESS has written.
    """
    assert wait_until(lambda: "child" in path.read_text(), 10)
    return int(path.read_text().split("child")[1].split()[0])


def test_a_process_runs_and_is_stopped(supervisor):
    """
    It is on record while it runs, and nothing of it is left afterwards.
    """
    running = supervisor.start(Spec("web", SLEEP))

    (record,) = [record for _, record in registry.read_records(supervisor.run_dir)]
    assert (running.pid, SLEEP, os.getpid()) == (record.process.pid, record.argv, record.owner.pid)
    assert record.is_alive()
    supervisor.stop("web")
    assert not record.is_alive()
    assert [] == list(supervisor.run_dir.iterdir())


def test_leaving_the_block_stops_everything(tmp_path):
    """
    Also when it is left by an error.
    """
    with pytest.raises(KeyboardInterrupt), Supervisor(tmp_path) as supervisor:
        pids = [supervisor.start(Spec(name, SLEEP)).record.process for name in ("one", "two")]
        raise KeyboardInterrupt

    assert [False, False] == [process.is_alive() for process in pids]


def test_a_server_is_ready_when_its_url_answers(supervisor, tmp_path):
    """
    start returns only when the server can be used.
    """
    port = ports.free_port()
    argv = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]

    supervisor.start(Spec("web", argv, cwd=tmp_path, ready=f"http://127.0.0.1:{port}/", port=port))

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        assert 200 == answer.status


def test_the_environment_reaches_the_process_and_no_argument_shows_it(supervisor, tmp_path):
    """
    Secrets are handed over in a pipe, not on a command line.
    """
    code = "import os, time; print(os.environ['SECRET'], os.getcwd(), flush=True); time.sleep(300)"

    running = supervisor.start(Spec("web", [sys.executable, "-c", code], env={"SECRET": "s3cret"}, cwd=tmp_path))

    assert wait_until(lambda: f"s3cret {tmp_path}" in running.log.read_text(), 10)
    assert "s3cret" not in " ".join(psutil.Process(running.pid).cmdline())


def test_a_taken_port_is_refused(supervisor):
    """
    The error comes before the start and names who has the port.
    """
    port = ports.free_port()
    supervisor.start(Spec("one", [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)], ready=port))

    with pytest.raises(Unreachable, match=rf"two cannot listen on port {port}: .*pid"):
        supervisor.start(Spec("two", SLEEP, port=port))


def test_a_process_that_dies_at_its_start_shows_its_last_lines(supervisor):
    """
    And only those of this start.
    """
    code = "import sys; print('old' if len(sys.argv) > 1 else 'no module named shop'); sys.exit(3)"
    for argv in ([sys.executable, "-c", code, "old"], [sys.executable, "-c", code]):
        with pytest.raises(Unreachable, match="web ended at its start with code 3") as refused:
            supervisor.start(Spec("web", argv, ready=lambda: False))

    assert "no module named shop" in str(refused.value)
    assert "old" not in str(refused.value)
    assert "web.log" in refused.value.hint
    assert {} == supervisor.running


def test_a_process_that_never_gets_ready_is_ended(supervisor):
    """
    The error says how long was waited; nothing goes on running.
    """
    with pytest.raises(Unreachable, match=r"web was not ready after 0\.5 s"):
        supervisor.start(Spec("web", SLEEP, ready=lambda: False, ready_timeout_s=0.5))

    assert [] == list(supervisor.run_dir.iterdir())


def test_a_missing_program_is_named(supervisor):
    """
    Before anything is started.
    """
    with pytest.raises(Missing, match="there is no program /nowhere/python"):
        supervisor.start(Spec("web", ["/nowhere/python"]))


def test_a_program_that_cannot_be_run_is_said_to(supervisor, tmp_path):
    """
    Not executable, or not a program: the reason is in the error.
    """
    path = tmp_path / "web"
    path.write_text("not a program")
    path.chmod(0o755)

    with pytest.raises(Unreachable, match=r"cannot be run: .*Exec format error"):
        supervisor.start(Spec("web", [str(path)]))


def test_children_end_with_their_leader(supervisor):
    """
    A child that outlives its leader and ignores the signal is killed.
    """
    running = supervisor.start(Spec("web", CARELESS))
    child = ProcessId.of(pid_in(running.log))

    supervisor.stop("web")

    assert not child.is_alive()


def test_a_process_outlives_the_thread_that_started_it(supervisor):
    """
    The kernel's death signal does not come when a worker thread ends.
    """
    found = []
    thread = threading.Thread(target=lambda: found.append(supervisor.start(Spec("web", SLEEP))))
    thread.start()
    thread.join()

    assert not wait_until(lambda: found[0].exit_code is not None, 0.5)


def test_a_program_that_ends_gives_what_it_said(supervisor):
    """
    finish waits for the end; a failure is an error with the last lines.
    """
    said = supervisor.finish(Spec("job", [sys.executable, "-c", "print('done')"], ready_timeout_s=30))

    assert "done" in said
    with pytest.raises(Unreachable, match=r"job failed with code 4(.|\n)*disk full"):
        supervisor.finish(Spec("job", [sys.executable, "-c", "print('disk full'); exit(4)"], ready_timeout_s=30))
    with pytest.raises(Unreachable, match=r"job was not done after 0\.5 s"):
        supervisor.finish(Spec("job", SLEEP, ready_timeout_s=0.5))
    assert {} == supervisor.running


def test_a_process_dies_with_its_hasten(owner, supervisor):
    """
    kill -9 of Hasten ends what it runs without anybody's doing.
    """
    hasten, pid, _ = owner(*SLEEP)
    process = ProcessId.of(pid)

    kill(hasten)

    assert wait_until(lambda: not process.is_alive(), 10)


def test_the_next_hasten_sweeps_what_outlived_the_last(owner, supervisor):
    """
    A process that ignores the signal is killed, its record and its scratch folder are gone.
    """
    hasten, pid, scratch = owner(*STUBBORN)
    process = ProcessId.of(pid)
    kill(hasten)
    assert process.is_alive()
    assert scratch.is_dir()

    swept = supervisor.sweep()

    assert {"web", str(scratch)} == set(swept)
    assert not process.is_alive()
    assert not scratch.exists()
    assert [] == list(supervisor.run_dir.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's scratch folders are kept elsewhere")
def test_scratch_is_swept_without_its_state_folder(owner, tmp_path, supervisor):
    """
    Whoever removes .hasten by hand does not leave gigabytes behind below /var/tmp.
    """
    hasten, _, scratch = owner(*SLEEP)
    assert not scratch.is_relative_to(tmp_path)
    kill(hasten)
    shutil.rmtree(tmp_path / "run")

    assert str(scratch) in supervisor.sweep()
    assert not scratch.exists()


def test_a_folder_that_came_back_without_its_mark_is_swept(owner, supervisor):
    """
    A part of a dead browser made the folder again after another Hasten had deleted it: the record vouches for it.
    """
    hasten, _, scratch = owner(*SLEEP)
    kill(hasten)
    shutil.rmtree(scratch)
    (scratch / "profile").mkdir(parents=True)

    assert str(scratch) in supervisor.sweep()
    assert not scratch.exists()


def test_a_record_does_not_vouch_for_a_folder_elsewhere(owner, supervisor, tmp_path):
    """
    Whatever a record says: an unmarked folder that Hasten could not have made is left alone.
    """
    hasten, _, scratch = owner(*SLEEP)
    kill(hasten)
    elsewhere = tmp_path / "documents"
    elsewhere.mkdir()
    ((file, record),) = registry.read_scratch(supervisor.run_dir)
    registry.write(file, replace(record, path=str(elsewhere)))

    supervisor.sweep()

    assert elsewhere.is_dir()
    shutil.rmtree(scratch, ignore_errors=True)


def test_orphans_of_a_dead_leader_are_swept(owner, supervisor):
    """
    A grandchild whose parent is dead is found by its session and its token.
    """
    argv = [*CARELESS[:2], CARELESS[2].replace("'child'", "'up child'")]
    hasten, pid, _ = owner(*argv)
    leader = ProcessId.of(pid)
    child = ProcessId.of(pid_in(supervisor.state_dir / "log" / "web.log"))
    kill(hasten)
    assert wait_until(lambda: not leader.is_alive(), 10)
    assert child.is_alive()

    supervisor.sweep()

    assert not child.is_alive()


def test_what_a_living_hasten_runs_is_left_alone(owner, supervisor):
    """
    Neither swept nor started a second time.
    """
    _, pid, scratch = owner(*SLEEP)

    assert [] == supervisor.sweep()
    with pytest.raises(Unreachable, match="web is already run by the Hasten with pid"):
        supervisor.start(Spec("web", SLEEP))
    assert ProcessId.of(pid) is not None
    assert scratch.is_dir()


def test_a_stranger_with_a_recorded_pid_is_left_alone(supervisor):
    """
    After a crash the pid may be another's: the record goes, the process stays.
    """
    stranger = subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        process = ProcessId.of(stranger.pid)
        before = replace(process, started=process.started - 1)
        dead = replace(ProcessId.mine(), started=1)
        supervisor.run_dir.mkdir()
        record = Record(name="web", owner=dead, argv=SLEEP, token="t", process=before, grace_s=0.5)
        registry.write(supervisor.run_dir / "web.json", record)

        assert ["web"] == supervisor.sweep()
        assert process.is_alive()
        assert [] == list(supervisor.run_dir.iterdir())
    finally:
        kill(stranger)


def test_a_large_log_is_set_aside(supervisor, monkeypatch):
    """
    Logs do not grow without end.
    """
    monkeypatch.setattr("hasten.world.supervisor.LOG_LIMIT_BYTES", 10)
    for text in ("first start", "second"):
        supervisor.finish(Spec("job", [sys.executable, "-c", f"print('{text}')"], ready_timeout_s=30))

    folder = supervisor.state_dir / "log"
    assert ("second\n", "first start\n") == ((folder / "job.log").read_text(), (folder / "job.log.1").read_text())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_a_native_server_has_no_privileges(supervisor):
    """
    Root's servers run as a user without any, in no group, and with nothing of root's environment.
    """
    argv = [shutil.which("sleep"), "300"]

    process = psutil.Process(supervisor.start(Spec("server", argv, unprivileged=True)).pid)

    assert {65534} == set(process.uids()) | set(process.gids())
    status = Path(f"/proc/{process.pid}/status").read_text()
    assert "Groups:\t \n" in status
    assert "CapEff:\t0000000000000000" in status
    supervisor.stop("server")
    assert not process.is_running()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_a_native_server_dies_with_its_hasten_too(owner):
    """
    The drop of privileges does not cancel the kernel's promise.
    """
    code = OWNER.replace("grace_s=1)", "grace_s=1, unprivileged=True)").replace('"up" in log.read_text()', "True")
    hasten, pid, _ = owner(shutil.which("sleep"), "300", code=code)
    process = ProcessId.of(pid)
    assert process.is_alive()

    kill(hasten)

    assert wait_until(lambda: not process.is_alive(), 10)


def test_an_interrupted_start_leaves_nothing(tmp_path):
    """
    Ctrl-C while a process gets ready stops it.
    """
    code = OWNER.replace('and "up" in log.read_text()', "and False")
    hasten = subprocess.Popen([sys.executable, "-c", code, tmp_path, *SLEEP], stderr=subprocess.DEVNULL)
    run_dir = tmp_path / "run"
    try:
        assert wait_until(lambda: run_dir.is_dir() and any(registry.read_records(run_dir)), 20)
        (record,) = [record for _, record in registry.read_records(run_dir)]
        hasten.send_signal(signal.SIGINT)
        hasten.wait(20)
    finally:
        kill(hasten)

    assert not record.is_alive()
    assert [] == list(run_dir.iterdir())
