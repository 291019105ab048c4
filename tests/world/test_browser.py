"""
Which browser is taken, shown with small programs that answer `--version` as browsers do.
"""

from pathlib import Path

import pytest

from hasten.errors import Missing
from hasten.world import browser
from hasten.world.browser import find_browser, install_browser


def program(path: Path, says: str = "Chromium 150.0.1.2", code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """
    A machine with an empty PATH, and no package from npm.
    """
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HASTEN_BROWSER", raising=False)
    monkeypatch.setattr(browser, "NPM_FOLDER", tmp_path / "npm")
    return tmp_path


def test_the_named_one_comes_first(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    hasten.toml beats HASTEN_BROWSER, which beats the PATH.
    """
    named = program(machine / "named")
    monkeypatch.setenv("HASTEN_BROWSER", str(program(machine / "other")))
    program(machine / "bin" / "chromium")

    assert (named, "hasten.toml") == (find_browser(str(named)).path, find_browser(str(named)).source)
    assert "HASTEN_BROWSER" == find_browser().source
    monkeypatch.delenv("HASTEN_BROWSER")
    assert ("PATH", "150.0.1.2") == (find_browser().source, find_browser().version)


def test_a_program_that_does_not_start_is_passed_over(machine: Path) -> None:
    """
    Ubuntu's chromium-browser may be a script that only asks for a snap; the next name is tried.
    """
    program(machine / "bin" / "chromium-browser", says="please install the snap", code=1)
    chrome = program(machine / "bin" / "google-chrome", says="Google Chrome 151.0.2.3")

    assert chrome == find_browser().path


def test_a_named_program_is_not_passed_over(machine: Path) -> None:
    """
    Who names a browser gets that one or an error.
    """
    program(machine / "bin" / "chromium")
    other = program(machine / "tool", says="tool 1.2")

    with pytest.raises(Missing, match="not an executable file"):
        find_browser(str(machine / "nothing"))
    with pytest.raises(Missing, match="does not start"):
        find_browser(str(other))


def test_without_any_both_ways_out_are_named() -> None:
    """
    The error's hint names make setup and the distribution's package.
    """
    with pytest.raises(Missing) as refused:
        find_browser()

    assert "make setup" in refused.value.hint
    assert "apt-get install chromium" in refused.value.hint


def test_without_npm_nothing_can_be_installed(machine: Path) -> None:
    """
    Installing says that npm is missing before it tries anything.
    """
    (machine / "npm").mkdir()
    (machine / "npm" / "package-lock.json").write_text(
        '{"packages": {"node_modules/@sparticuz/chromium": {"version": "147.0.0"}}}', encoding="utf-8"
    )

    with pytest.raises(Missing, match="npm is not on this machine"):
        install_browser()


def test_npms_reason_is_passed_on(machine: Path) -> None:
    """
    When npm fails its own reason is in the message, without its notices.
    """
    folder = machine / "npm"
    folder.mkdir()
    (folder / "package-lock.json").write_text(
        '{"packages": {"node_modules/@sparticuz/chromium": {"version": "147.0.0"}}}', encoding="utf-8"
    )
    npm = program(machine / "bin" / "npm")
    npm.write_text("#!/bin/sh\necho 'npm notice new version' >&2\necho 'npm error code E404' >&2\nexit 1\n")
    program(machine / "bin" / "node")

    with pytest.raises(Missing, match=r"could not install the browser: code E404$"):
        install_browser()


def test_the_lock_names_one_version_and_no_addresses() -> None:
    """
    The lock file pins the package with its digest and says nothing about where it comes from.
    """
    lock = (Path(browser.__file__).parent / "npm" / "package-lock.json").read_text(encoding="utf-8")

    assert '"version": "147.0.0"' in lock
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') >= 20
