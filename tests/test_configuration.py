"""
hasten.toml is read strictly, and every refusal says what to do.
"""

from pathlib import Path

import msgspec
import pytest

from hasten.configuration import find_config, load_target, state_of
from hasten.errors import ConfigError
from hasten.freeze import Freeze
from hasten.target import Section, Target


def written(tmp_path: Path, text: str) -> Path:
    """
    A hasten.toml with this text.
    """
    path = tmp_path / "hasten.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    """
    Everything has a default; the objectives are the plan's, and Hasten may only look.
    """
    target = load_target(written(tmp_path, ""))

    assert Target() == target
    assert (200.0, 1_000_000.0, "observe") == (
        target.objectives.api_p95_ms,
        target.objectives.bundle_bytes,
        target.allow.mode,
    )


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("[traffic]\nrate_per_second = 1", "rate_per_second", "did you mean `rate_per_s`?"),
        ("[databse]\nurl = ''", "databse", "did you mean `database`?"),
        ("[[application.processes]]\nname='a'\ncommand=['b']\nprot=1", "prot", "did you mean `port`?"),
        ("[allow]\nmode = 'yolo'", "yolo", "docs/configuration.md"),
        ("[traffic]\nrate_per_s = 'fast'", "Expected `float`", "docs/configuration.md"),
        ("[allow.modes]\ndatabse = 'auto'", "databse", "did you mean `database`?"),
        ("[allow.modes]\nR5 = 'auto'", "'R5'", "known: R0, R1"),
        ("[allow.modes]\nindexes = 'auto'", "'indexes'", "known: R0, R1"),
        ("[allow.modes]\nR2 = 'yolo'", "yolo", "docs/configuration.md"),
        ("[allow.modes]\nR4 = 'approve'", "R4 is lossy", "by hand"),
        ("[allow]\napproval_hours = 0", "approval_hours = 0", "at most 720"),
        ("[allow]\napproval_hours = 1000", "approval_hours = 1000", "at most 720"),
        ("[allow]\nmax_live_changes = -1", "below 0", "0 lets nothing"),
        ("[[freeze]]\nfron = '16:00'", "fron", "did you mean `from`?"),
        ("[[freeze]]\ndays = ['friday']", "'friday' is not a day", "did you mean 'fri'?"),
        ("[traffic\n", "not valid TOML", "mend the line"),
        ("[database]\nurl='a'\nprivate='b'", "both url and private", "keep `url`"),
        ("[database]\nurl='postgres://u:${NO_SUCH_VARIABLE}@h/d'", "NO_SUCH_VARIABLE", "export NO_SUCH_VARIABLE"),
        ("[[principals]]\nname='a'\n[[principals]]\nname='a'", "two principals", "its own name"),
        ("[browser]\nprincipal='agnet'\n[[principals]]\nname='agent'", "agnet", "did you mean 'agent'?"),
        ("[[ignore]]\nsymptom='slow_statement'\nreason=' '", "no reason", "say why"),
        ("[[ignore]]\nsymptom='slow_statement'", "missing required field `reason`", "docs/configuration.md"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(tmp_path: Path, text: str, says: str, hint: str) -> None:
    """
    The message names the cause, the hint the next step.
    """
    with pytest.raises(ConfigError) as caught:
        load_target(written(tmp_path, text))

    assert says in str(caught.value)
    assert hint in caught.value.hint


def test_variables_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    ${NAME} is the variable's value; ${user} of a login template stays.
    """
    monkeypatch.setenv("SHOP_PASSWORD", "s3cret")
    target = load_target(
        written(tmp_path, "[database]\nurl='postgres://u:${SHOP_PASSWORD}@h/d'\n[login]\njson={name='${user}'}")
    )

    assert ("postgres://u:s3cret@h/d", "${user}") == (target.database.url, target.login.json["name"])


def test_a_freeze_may_have_the_timestamps_of_toml(tmp_path: Path) -> None:
    """
    Quoted or not, they are the same; so are times of the day.
    """
    text = "[[freeze]]\nfrom = 2026-12-23T18:00:00Z\nto = 2026-12-27\n[[freeze]]\ndays = ['fri']\nfrom = 16:00:00"
    first, second = load_target(written(tmp_path, text)).freeze

    assert Freeze(from_="2026-12-23T18:00:00+00:00", to="2026-12-27") == first
    assert Freeze(days=["fri"], from_="16:00:00") == second


@pytest.mark.parametrize("text", ["state = 'x'", "state = 'x'\n[trafic]", "state = 'x'\n[database]\nurl = '${GONE}'"])
def test_the_state_folder_is_known_whatever_else_is_wrong(tmp_path: Path, text: str) -> None:
    """
    A stop needs no more than that; a file that is no TOML is told with the way to stop by hand.
    """
    assert tmp_path / "x" == state_of(written(tmp_path, text))
    assert tmp_path / ".hasten" == state_of(written(tmp_path, ""))
    with pytest.raises(ConfigError) as caught:
        state_of(written(tmp_path, "[[["))
    assert "STOP" in caught.value.hint


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """
    Bytes that are no UTF-8 are named as such.
    """
    path = tmp_path / "hasten.toml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigError, match="not UTF-8"):
        load_target(path)


def test_the_file_is_found_here_then_below_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One's own hasten.toml comes before that of a demo; without either the hint names `hasten init`.
    """
    monkeypatch.delenv("HASTEN_CONFIG", raising=False)
    with pytest.raises(ConfigError) as caught:
        find_config(start=tmp_path)
    assert "hasten init" in caught.value.hint

    (tmp_path / ".hasten").mkdir()
    demo = written(tmp_path / ".hasten", "")
    assert demo == find_config(start=tmp_path)
    own = written(tmp_path, "")
    assert own == find_config(start=tmp_path)
    assert demo == find_config(str(tmp_path / ".hasten"))


def _keys(kind: type[Section]) -> set[str]:
    found: set[str] = set()
    for field in msgspec.structs.fields(kind):
        inner = getattr(field.type, "__args__", (field.type,))[0]
        is_section = isinstance(inner, type) and issubclass(inner, Section)
        found |= _keys(inner) if is_section else {field.encode_name}
    return found


def test_every_key_is_documented() -> None:
    """
    docs/configuration.md names each key that hasten.toml knows.
    """
    text = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text()

    assert [] == sorted(key for key in _keys(Target) if f"{key}`" not in text)
