"""
Statements that are woven into a function.
"""

import asyncio
import inspect
import linecache
import traceback
from types import FunctionType
from typing import Any

import pytest
from tests.runtime.telemetry.woven import Thing

from hasten_runtime.telemetry.weaving import PREFIX, woven, woven_around

COUNTS: Any = Thing.__dict__["counts"]


def heard(inner: Any) -> tuple[Any, list[Any]]:
    """
    The function with a word before, after and at its failure, and where the words go.
    """
    words: list[Any] = []
    inner.__globals__.pop(PREFIX + "say", None)
    made = woven(
        inner,
        before="_hasten_say('before', to)",
        after="_hasten_say('after', to)",
        failed="_hasten_say('failed', to)",
        names={PREFIX + "say": lambda *said: words.append(said)},
    )
    return made, words


def test_it_does_what_it_did_and_says_so() -> None:
    """
    The same values come out of the function, between the two statements.
    """
    made, words = heard(COUNTS)

    assert list(COUNTS(Thing(), 6, by=2)) == list(made(Thing(), 6, by=2))
    assert [("before", 6), ("after", 6)] == words


def test_nobody_can_tell_it_from_outside() -> None:
    """
    Name, documentation, signature and kind are those of the function.
    """
    made, _ = heard(COUNTS)

    names = ("name", "qualname", "doc", "module", "defaults", "kwdefaults", "annotations")
    for name in [f"__{name}__" for name in names]:
        assert getattr(COUNTS, name) == getattr(made, name)
    assert inspect.signature(COUNTS) == inspect.signature(made)
    assert inspect.isgeneratorfunction(made)
    assert made.__wrapped__ is COUNTS


def test_an_error_shows_the_line_of_the_source() -> None:
    """
    What the function raises passes with the same traceback, after the word for it.
    """
    made, words = heard(COUNTS)
    lines = []
    for each in (COUNTS, made):
        with pytest.raises(ZeroDivisionError) as caught:
            list(each(Thing(), 9))
        lines.append([(at.filename, at.lineno, at.name, at.line) for at in traceback.extract_tb(caught.tb)[1:]])

    assert lines[0] == lines[1]
    assert [("before", 9), ("failed", 9)] == words


def test_one_that_is_given_up_has_failed() -> None:
    """
    A generator that nobody exhausts says so when it is closed.
    """
    made, words = heard(COUNTS)
    begun = made(Thing(), 5)
    next(begun)
    begun.close()

    assert [("before", 5), ("failed", 5)] == words


@pytest.mark.parametrize("inner", [Thing.returns, Thing().closes_over(), len, Thing().counts])
def test_what_is_not_certain_is_left_alone(inner: Any) -> None:
    """
    A function that may end in its middle, one that refers to what is around it, and one without a source of its own.
    """
    assert woven(inner, "pass", "pass", "pass", {}) is None


def test_it_may_end_wherever_it_does() -> None:
    """
    One that returns, waits and raises is the same with a word before and one at its end, and looks the same.
    """
    inner, words = Thing.__dict__["waits"], []
    made: Any = woven_around(
        inner, "_hasten_began = 1", "if _hasten_began: _hasten_hear(to)", {PREFIX + "hear": words.append}
    )

    assert [1, 4, 7] == [asyncio.run(made(Thing(), to, by=by)) for to, by in ((1, 1), (4, 0), (5, 2))]
    with pytest.raises(ValueError, match="6"):
        asyncio.run(made(Thing(), 6))
    assert [1, 4, 5, 6] == words
    assert inspect.iscoroutinefunction(made)
    assert inspect.signature(inner) == inspect.signature(made)


def test_a_fault_in_weaving_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Then nothing is woven, and whoever wanted it takes a wrapper.
    """
    assert woven_around(COUNTS, "no Python", "pass", {}) is None
    assert "nothing is woven into Thing.counts: SyntaxError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("fastapi.routing", "solve_dependencies"),
        ("fastapi.routing", "serialize_response"),
        ("starlette.responses", "JSONResponse.render"),
    ],
)
def test_what_each_request_goes_through_is_woven(module: str, name: str) -> None:
    """
    The functions of the frameworks of today that every request calls need no wrapper.
    """
    inner: Any = pytest.importorskip(module)
    for part in name.split("."):
        inner = vars(inner)[part]
    inner = getattr(inner, "__wrapped__", inner)

    assert woven_around(inner, "pass", "pass", {}) is not None


def test_another_source_than_the_running_one_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A file that was changed since it was imported, or is gone: what runs is not what could be read.
    """
    file = COUNTS.__code__.co_filename
    changed = [line.replace("10 //", "11 //") for line in linecache.getlines(file)]
    monkeypatch.setitem(linecache.cache, file, (1, None, changed, file))
    assert heard(COUNTS)[0] is None
    monkeypatch.setitem(linecache.cache, file, (0, None, [], file))

    assert heard(COUNTS)[0] is None


def test_a_name_of_the_module_is_not_overwritten() -> None:
    """
    Where the module has such a name for something else nothing is woven.
    """
    COUNTS.__globals__[PREFIX + "taken"] = "theirs"
    try:
        assert woven(COUNTS, "pass", "pass", "pass", {PREFIX + "taken": "ours"}) is None
        assert "theirs" == COUNTS.__globals__[PREFIX + "taken"]
    finally:
        del COUNTS.__globals__[PREFIX + "taken"]


def test_psycopg_executes_with_it() -> None:
    """
    The function that every execution goes through is one that statements can be woven into, in the driver of today.
    """
    psycopg = pytest.importorskip("psycopg")
    owner = next(each for each in psycopg.Cursor.__mro__ if "_execute_gen" in each.__dict__)
    inner = owner.__dict__["_execute_gen"]
    inner = getattr(inner, "__wrapped__", inner)

    assert isinstance(inner, FunctionType)
    assert woven(inner, "pass", "pass", "pass", {}) is not None
