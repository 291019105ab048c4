"""
The rules that no single file can show: who may import whom, how big things get, and what must not be in the checkout.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "hasten"
RUNTIME = ROOT / "runtime" / "src" / "hasten_runtime"

LARGEST_FILE = 400  # lines; the aim is 250
LARGEST_TEST = 600  # a list of cases is read one by one
VAGUE = re.compile(r"(^|_)(utils?|managers?|helpers?|base|common|misc)(_|$)")

# Sockets, processes and drivers: what reaches the outside, and so belongs to `world`.
OUTWARD = {
    "ftplib", "http.client", "http.server", "httptools", "httpx", "multiprocessing", "psutil", "psycopg_pool", "pty",
    "redis", "requests", "select", "selectors", "smtplib", "socket", "socketserver", "subprocess", "urllib.request",
    "valkey", "websocket",
}  # fmt: skip
OUTWARD_CALLS = re.compile(r"\bos\.(kill|killpg|fork|forkpty|system|popen|exec\w+|spawn\w+|posix_spawnp?|waitpid)\(")
# psycopg's types, errors and SQL composition are vocabulary everywhere; who opens a connection is not.
CONNECTING = re.compile(r"\b(psycopg|AsyncConnection|Connection(\[\w+\])?)\.connect\(")
MAY_REACH_OUT = ("world/", "testing/")  # `testing` starts the private servers of the laws

# Source files without a test file of their own name, each with the reason; an entry that is no longer needed fails.
TESTED_ELSEWHERE: dict[str, str] = {
    "src/hasten/world/browser_visit.py": "visits are made in tests/real/test_page.py",
    "src/hasten/world/clone_sample.py": "the third way of tests/real/test_clone.py",
    "src/hasten/world/clone_settings.py": "settings of the clones in tests/real/test_clone.py",
    "src/hasten/world/clone_template.py": "the second way of tests/real/test_clone.py",
    "src/hasten/world/schema_dump.py": "Database.schema_dump in tests/real/test_postgres.py",
    "src/hasten/world/spec.py": "data that tests/real/test_supervisor.py starts processes with",
    "src/hasten/world/statement_steps.py": "steps are put together in tests/world/test_statement_log.py",
}


def test_imports_run_down_only() -> None:
    """
    All import contracts of pyproject.toml hold.
    """
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert 0 == run.returncode, run.stdout[run.stdout.find("Contracts") :]


def test_no_optimization_imports_another() -> None:
    """
    A remedy uses its own private package (`_indexes` belongs to `indexes`) and no other remedy.
    """
    wrong = []
    for path in _python(SOURCES / "optimize"):
        own = _remedy(_module(path).split("."))
        for name in _imports(path):
            other = _remedy(name.split("."))
            if own and other and own != other:
                wrong.append(f"{_short(path)} imports {name}")

    assert [] == wrong, "\n".join(wrong)


def test_only_the_world_reaches_out() -> None:
    """
    Sockets, processes and connections are opened in `world` and nowhere else.
    """
    wrong = []
    for path in _python(SOURCES):
        if path.relative_to(SOURCES).as_posix().startswith(MAY_REACH_OUT):
            continue
        reached = {name for name in _imports(path) if any(name == out or name.startswith(f"{out}.") for out in OUTWARD)}
        calls = {
            found.group().rstrip("(") for rule in (OUTWARD_CALLS, CONNECTING) for found in rule.finditer(_text(path))
        }
        wrong += [f"{_short(path)}: {name}" for name in sorted(reached | calls)]

    assert [] == wrong, "\n".join(wrong)


def test_the_runtime_needs_the_standard_library_only() -> None:
    """
    The runtime imports nothing that could be missing in an application's environment.
    """
    foreign = {
        f"{_short(path)}: {name}"
        for path in _python(RUNTIME)
        for name in _imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names | {"hasten_runtime"}
    }

    assert set() == foreign


@pytest.mark.parametrize("path", sorted(RUNTIME.rglob("*.py")), ids=lambda path: path.name)
def test_the_runtime_reads_on_its_oldest_python(path: Path) -> None:
    """
    Every file of the runtime parses as Python 3.9, the oldest that it promises.
    """
    ast.parse(_text(path), feature_version=(3, 9))


def test_files_stay_readable() -> None:
    """
    No file is longer than a person reads in one go.
    """
    tests = ROOT / "tests"
    long = {
        _short(path): lines
        for path in _ours()
        if (lines := len(_text(path).splitlines())) > (LARGEST_TEST if path.is_relative_to(tests) else LARGEST_FILE)
    }

    assert {} == long, long


def test_names_say_something() -> None:
    """
    No module is called after nothing in particular.
    """
    vague = [
        _short(path)
        for folder in (SOURCES, RUNTIME, ROOT / "scripts")
        for path in _python(folder)
        if VAGUE.search(path.stem)
    ]

    assert [] == vague, "\n".join(vague)


def test_every_module_says_what_it_is_for() -> None:
    """
    Each module that holds code opens with a docstring.
    """
    mute = [_short(path) for path in _ours() if _tree(path).body and not ast.get_docstring(_tree(path))]

    assert [] == mute, "\n".join(mute)


def test_every_source_has_its_test() -> None:
    """
    A file with logic has a test file of its name at the same place below tests/, or below tests/real/.
    """
    untested = {
        _short(path) for path in [*_python(SOURCES), *_python(RUNTIME)] if _has_logic(path) and not _test_of(path)
    }

    assert set(TESTED_ELSEWHERE) == untested, "\n".join(sorted(untested ^ set(TESTED_ELSEWHERE)))


def test_every_test_says_what_holds() -> None:
    """
    Each test has a docstring: what is true when it passes.
    """
    mute = [
        f"{_short(path)}: {node.name}"
        for path in _python(ROOT / "tests")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]

    assert [] == mute, "\n".join(mute)


def test_real_tests_are_marked() -> None:
    """
    Whatever lies below tests/real/ can be left out with `-m "not real"`.
    """
    unmarked = [
        _short(path)
        for path in _python(ROOT / "tests" / "real")
        if path.name.startswith("test_") and "pytest.mark.real" not in _text(path)
    ]

    assert [] == unmarked, "\n".join(unmarked)


def test_nothing_is_left_for_later() -> None:
    """
    No file carries a note that something is still to be done.
    """
    later = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
    left = [f"{name}:{number}" for name, number, line in _tracked_lines() if later.search(line)]

    assert [] == left, "\n".join(left)


def test_no_machine_is_named() -> None:
    """
    No tracked file holds a home folder, or the address of a package registry.
    """
    homes = [f"/{name}/" for name in ("root", "home", "work", "Users")]
    registries = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"))]
    named = re.compile("|".join(re.escape(word) for word in [*homes, *registries]))
    found = [f"{name}:{number}: {line.strip()[:80]}" for name, number, line in _tracked_lines() if named.search(line)]

    assert [] == found, "\n".join(found)


def _remedy(parts: list[str]) -> tuple[str, str] | None:
    """
    Name the remedy a module belongs to: folder and file, a private package counting as its public module.
    """
    if parts[:2] != ["hasten", "optimize"] or len(parts) < 4 or not (SOURCES / "optimize" / parts[2]).is_dir():
        return None
    return parts[2], parts[3].lstrip("_")


def _test_of(path: Path) -> Path | None:
    inside = path.relative_to(SOURCES if path.is_relative_to(SOURCES) else RUNTIME)
    place = ROOT / "tests" / ("" if path.is_relative_to(SOURCES) else "runtime")
    stem = (inside.parent.name or "hasten") if path.stem in {"__init__", "__main__"} else path.stem
    name = f"test_{stem.lstrip('_')}.py"
    public = Path(*(part.lstrip("_") for part in inside.parent.parts))
    nearby = [place / inside.parent / name, place / public / name]
    names = [name]
    for folder in inside.parent.parts:
        if folder.startswith("_"):  # a private package is tested through the public module that it belongs to
            names.append(f"test_{folder.lstrip('_')}.py")
            nearby.append(place / inside.parent.parent / names[-1])
    found = [*nearby, *(test for each in names for test in (ROOT / "tests" / "real").rglob(each))]
    return next((test for test in found if test.is_file()), None)


def _has_logic(path: Path) -> bool:
    return any(
        _does_something(node)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _does_something(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """
    Say whether a function has a body: not only a docstring or the dots of a protocol.
    """
    return any(not (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)) for step in function.body)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _ours() -> list[Path]:
    folders = [SOURCES, RUNTIME, ROOT / "scripts", ROOT / "bench", ROOT / "tests"]
    return [path for folder in folders for path in _python(folder)]


def _python(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "node_modules" not in path.parts)


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path))


def _short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _tracked() -> list[str]:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    run = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return sorted(name for name in run.stdout.split("\0") if name)


def _tracked_lines() -> Iterator[tuple[str, int, str]]:
    """
    Go through all text that is, or would be, in the repository; hashes and drawings say nothing.
    """
    for name in _tracked():
        path = ROOT / name
        if path.suffix in {".svg", ".png", ".ico", ".woff2"} or path.name == "package-lock.json" or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            yield name, number, line
