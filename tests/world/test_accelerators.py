"""
Codecs for the agent, outside of the application's environment.
"""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hasten.errors import HastenError, Missing, Unreachable
from hasten.world import accelerators

OTHER = "cpython-312-x86_64-linux-gnu"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    An empty cache.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "hasten" / "accelerators"


def test_what_hasten_has_itself_is_ready(cache: Path) -> None:
    """
    Brotli is among its own dependencies, so no network is needed for Pythons of its kind.
    """
    accelerators.copy_own()
    accelerators.copy_own()

    assert "br" in accelerators.there(accelerators.own_abi())
    assert [] == accelerators.there(OTHER)
    assert {"HASTEN_ACCELERATORS": str(cache)} == accelerators.surroundings()
    assert [] == list(cache.rglob(".*"))


def test_the_agent_loads_what_is_ready(cache: Path) -> None:
    """
    In a Python without any package, and under no name that could be imported.
    """
    accelerators.copy_own()
    code = (
        "import sys; from hasten_runtime.http import codings\n"
        "made = codings.packer('br', 5) if codings.available(('br',)) else None\n"
        "assert made and made.pack(b'x' * 1000) + made.end()\n"
        "assert not [name for name in sys.modules if 'brotli' in name]\n"
    )
    spec = importlib.util.find_spec("hasten_runtime")
    assert spec is not None and spec.origin is not None
    environment = {**accelerators.surroundings(), "PYTHONPATH": str(Path(spec.origin).parents[1])}
    run = subprocess.run(
        [sys.executable, "-S", "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )

    assert (0, "") == (run.returncode, run.stderr)


@pytest.mark.parametrize(
    ("abi", "tags"),
    [
        ("cpython-39-x86_64-linux-gnu", ["cp39", "3.9", "manylinux2014_x86_64"]),
        ("cpython-314t-aarch64-linux-gnu", ["cp314t", "3.14", "manylinux2014_aarch64"]),
        ("cpython-312-x86_64-linux-musl", ["cp312", "3.12", "musllinux_1_2_x86_64"]),
    ],
)
def test_pip_is_asked_for_that_kind_of_python(abi: str, tags: list[str]) -> None:
    """
    Version, interpreter, platform: wheels of another kind would not load.
    """
    found = accelerators.tags_of(abi)

    assert set(tags) <= set(found)
    assert ("t-" in abi) is ("abi3" not in found)


def test_a_kind_without_wheels_is_said() -> None:
    """
    Answers are compressed with what Python has.
    """
    with pytest.raises(Missing, match="no wheels for pypy310-pp73"):
        accelerators.tags_of("pypy310-pp73-x86_64-linux-gnu")


def wheels(folder: Path, **content: str) -> None:
    """
    Wheels of brotli and zstandard for another Python.
    """
    for name, member in content.items():
        with zipfile.ZipFile(folder / f"{name}-9.0-cp312-cp312-manylinux_2_17_x86_64.whl", "w") as archive:
            archive.writestr(member, b"compiled")
            archive.writestr(f"{name}-9.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.0\n")
            archive.writestr(f"{name}-9.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
            archive.writestr(f"{name}-9.0.dist-info/RECORD", "")


def test_a_folder_of_wheels_is_enough(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Offline, with pip's own settings; and what is there is not fetched again.
    """
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    wheels(tmp_path, brotli=f"_brotli.{OTHER}.so", zstandard=f"zstandard/backend_c.{OTHER}.so")

    assert ["br", "zstd"] == accelerators.fetch(OTHER)
    assert b"compiled" == (cache / OTHER / "backend_c.so").read_bytes()
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert ["br", "zstd"] == accelerators.fetch(OTHER)


def test_what_cannot_be_had_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No index and no wheels; a wheel without the module; no pip. Nothing is half there.
    """
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(Unreachable, match="brotli cannot be fetched for cpython-312") as offline:
        accelerators.fetch(OTHER)
    assert "PIP_FIND_LINKS" in offline.value.hint
    wheels(tmp_path, brotli="brotli.py")
    with pytest.raises(Missing, match="no _brotli"):
        accelerators.fetch(OTHER)
    monkeypatch.setattr(accelerators, "package_dir", lambda _: None)
    with pytest.raises(HastenError, match="no pip"):
        accelerators.fetch(OTHER)

    assert [] == accelerators.there(OTHER)


def test_without_a_cache_nothing_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    And nothing fails.
    """

    def none() -> Path:
        raise Missing("no cache")

    monkeypatch.setattr(accelerators, "cache_folder", none)
    accelerators.copy_own()

    assert ({}, []) == (accelerators.surroundings(), accelerators.there(OTHER))
