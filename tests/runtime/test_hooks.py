"""
Acting on a module right after its import.
"""

import sys
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hasten_runtime.hooks import after_import


@pytest.fixture(autouse=True)
def unchanged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    The finders, the path and the modules are as before.
    """
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("hooked"):
            del sys.modules[name]


def module(folder: Path, name: str) -> None:
    """
    A module of that name can be imported.
    """
    (folder / f"{name}.py").write_text("VALUE = 1\n")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def test_a_module_is_acted_on_once_it_is_whole(tmp_path: Path) -> None:
    """
    The act sees the finished module, before whoever imports it goes on; other modules are left alone.
    """
    seen: list[int] = []
    module(tmp_path, "hooked_one")
    module(tmp_path, "hooked_two")
    after_import("hooked_one", lambda found: seen.append(found.VALUE))
    import hooked_two  # type: ignore[import-not-found]  # noqa: F401

    assert [] == seen
    import hooked_one  # type: ignore[import-not-found]

    assert [1] == seen
    assert "exec_module" not in hooked_one.__spec__.loader.__dict__


def test_a_module_that_is_there_is_acted_on_at_once() -> None:
    """
    What was imported before is not waited for.
    """
    seen: list[ModuleType] = []
    after_import("json", seen.append)

    assert [sys.modules["json"]] == seen


def test_a_fault_of_ours_does_not_stop_the_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    The module is imported and works; the fault is said.
    """

    def fail(_: ModuleType) -> None:
        raise KeyError("a fault")

    module(tmp_path, "hooked_three")
    after_import("hooked_three", fail)
    import hooked_three  # type: ignore[import-not-found]

    assert 1 == hooked_three.VALUE
    assert "nothing is done in hooked_three: KeyError" in capsys.readouterr().err


def test_modules_from_a_zip_file_share_a_loader_and_are_told_apart(tmp_path: Path) -> None:
    """
    Of two modules behind one loader only the one that is waited for is acted on.
    """
    with zipfile.ZipFile(tmp_path / "modules.zip", "w") as archive:
        for name in ("hooked_four", "hooked_five"):
            archive.writestr(f"{name}.py", "import hooked_five\n" if name == "hooked_four" else "VALUE = 2\n")
    sys.path.insert(0, str(tmp_path / "modules.zip"))
    seen: list[str] = []
    after_import("hooked_four", lambda found: seen.append(found.__name__))
    import hooked_four  # type: ignore[import-not-found]  # noqa: F401

    assert ["hooked_four"] == seen


def test_a_module_that_is_nowhere_stays_missing() -> None:
    """
    Waiting for a module does not make it importable.
    """
    after_import("hooked_nowhere", lambda _: None)
    with pytest.raises(ModuleNotFoundError):
        import hooked_nowhere  # type: ignore[import-not-found]  # noqa: F401


def test_who_only_asks_where_a_module_is_changes_nothing(tmp_path: Path) -> None:
    """
    A look for a module that is not imported then leaves the act for the import.
    """
    seen: list[int] = []
    module(tmp_path, "hooked_six")
    after_import("hooked_six", lambda found: seen.append(found.VALUE))
    for _ in range(2):
        assert find_spec("hooked_six") is not None

    assert [] == seen
    import hooked_six  # type: ignore[import-not-found]  # noqa: F401

    assert [1] == seen


def test_a_finder_that_asks_all_finders_is_not_asked_for_ever(tmp_path: Path) -> None:
    """
    Another tool that watches imports as we do gets its answer, and both act.
    """

    class Asking:
        asks = False

        def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
            if self.asks or name != "hooked_seven":
                return None
            self.asks = True
            try:
                return find_spec(name)
            finally:
                self.asks = False

    seen: list[int] = []
    module(tmp_path, "hooked_seven")
    after_import("hooked_seven", lambda found: seen.append(found.VALUE))
    sys.meta_path.insert(0, Asking())  # type: ignore[arg-type]
    import hooked_seven  # type: ignore[import-not-found]  # noqa: F401

    assert [1] == seen
