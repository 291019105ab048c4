"""
How the agent gets into a Python process, and that it leaves everything else there as it was.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BOOT = Path(__file__).resolve().parents[3] / "runtime" / "src" / "hasten_runtime" / "boot"
ARMED = {"HASTEN_POLICY": "/nowhere/policy.json"}


def python(
    code: str, *places: Path, boot: Path = BOOT, options: tuple[str, ...] = (), **environment: str
) -> "subprocess.CompletedProcess[str]":
    """
    What a Python process says that has the agent's folder first on its path.
    """
    path = os.pathsep.join(map(str, [boot, *places]))
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )


def hidden(folder: Path, code: str) -> Path:
    """
    A folder with a sitecustomize of somebody else.
    """
    (folder / "sitecustomize.py").write_text(code)
    return folder


def test_the_agent_is_there_and_the_path_is_as_it_was() -> None:
    """
    The package comes from its own folder, and modules are looked for where they would be without it.
    """
    run = python("import hasten_runtime; print(hasten_runtime.__file__)", **ARMED)
    paths = [python("import sys; print(sys.path)", **ARMED, **more).stdout for more in ({}, {"HASTEN_DISABLE": "1"})]

    assert (f"{BOOT.parent / '__init__.py'}\n", "") == (run.stdout, run.stderr)
    assert paths[0] == paths[1]


def test_nothing_heavy_is_imported_at_the_start() -> None:
    """
    The boot adds the agent's own few modules to what Python imports anyway, and no framework, loop or annotation.
    """
    code = "import sys; print(*sorted(sys.modules))"
    with_it, without = (set(python(code, **ARMED, **more).stdout.split()) for more in ({}, {"HASTEN_DISABLE": "1"}))

    assert {
        "hasten_runtime", "hasten_runtime.servers", "hasten_runtime.hooks", "hasten_runtime.once", "__future__",
        "hasten_runtime.telemetry", "hasten_runtime.telemetry.drivers",
    } == with_it - without  # fmt: skip


def test_the_sitecustomize_that_it_hides_is_run(tmp_path: Path) -> None:
    """
    Somebody else's file runs, is the module of that name, and sees its own path.
    """
    other = hidden(tmp_path, "import os; MARK = 1; print(os.path.basename(__file__), __name__)")
    run = python("import sitecustomize, hasten_runtime; print(sitecustomize.MARK)", other, **ARMED)

    assert ["sitecustomize.py sitecustomize", "1"] == run.stdout.splitlines()


def test_a_sitecustomize_that_fails_is_reported_as_ever(tmp_path: Path) -> None:
    """
    Python says what it would have said of the hidden file; the agent is there all the same.
    """
    run = python("import hasten_runtime; print('up')", hidden(tmp_path, "raise KeyError('theirs')"), **ARMED)

    assert ("up\n", True) == (run.stdout, "KeyError: 'theirs'" in run.stderr)


def test_an_agent_that_cannot_be_loaded_is_said_and_passed_over(tmp_path: Path) -> None:
    """
    With a broken package the program runs as without it.
    """
    shutil.copytree(BOOT, tmp_path / "package" / "boot")
    (tmp_path / "package" / "__init__.py").write_text("raise OSError('damaged')")
    run = python("print('up')", boot=tmp_path / "package" / "boot", **ARMED)

    assert ("up\n", 1) == (run.stdout, run.stderr.count("the program runs without it: OSError('damaged')"))


@pytest.mark.parametrize(("value", "there"), [("1", False), ("yes", False), ("0", True), ("", True)])
def test_it_can_be_switched_off(tmp_path: Path, value: str, there: bool) -> None:
    """
    HASTEN_DISABLE leaves the agent out; the hidden file runs in any case.
    """
    other = hidden(tmp_path, "print('theirs')")
    code = "import sys; print('hasten_runtime' in sys.modules)"
    run = python(code, other, HASTEN_DISABLE=value, **ARMED)

    assert ["theirs", str(there)] == run.stdout.splitlines()


def test_children_have_it_too() -> None:
    """
    A process that is spawned afresh, as servers spawn their workers, has the agent.
    """
    code = (
        "import subprocess, sys; "
        "subprocess.run([sys.executable, '-c', 'import sys; print(\"hasten_runtime\" in sys.modules)'])"
    )

    assert "True\n" == python(code, **ARMED).stdout


def test_another_version_in_the_environment_is_not_mixed_in(tmp_path: Path) -> None:
    """
    Where the application's environment has an agent of its own, all parts still come from one.
    """
    (tmp_path / "hasten_runtime").mkdir()
    (tmp_path / "hasten_runtime" / "__init__.py").write_text("raise AssertionError('the other one')")
    run = python("import hasten_runtime.policy as p; print(p.__file__)", tmp_path, **ARMED)

    assert f"{BOOT.parent / 'policy.py'}\n" == run.stdout
