"""
Whether somebody has objects, or only they each other.
"""

import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import keeping


class Thing:
    """
    An object of an ORM.
    """

    _sa_class_manager = True

    def __init__(self) -> None:
        self.others: list[Thing] = []


@pytest.fixture(autouse=True)
def _nobody_collects() -> Iterator[None]:
    """
    What is in a cycle stays.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def family(children: int = 3) -> tuple[Thing, list[Any]]:
    """
    A parent and children who know each other, and a weak reference to each.
    """
    parent = Thing()
    for _ in range(children):
        child = Thing()
        child.others.append(parent)
        parent.others.append(child)
    return parent, [weakref.ref(parent), *map(weakref.ref, parent.others)]


def test_what_is_gone_is_not_kept() -> None:
    """
    Without a cycle it goes at once.
    """
    assert not keeping.is_kept([weakref.ref(Thing())], 0)
    assert not keeping.is_kept([], 0)


def test_a_cycle_is_not_kept_by_itself() -> None:
    """
    It is still there, and nobody has it.
    """
    references = family()[1]

    assert all(each() is not None for each in references)
    assert not keeping.is_kept(references, 0)
    assert not keeping.is_kept(references[:1], 0)


@pytest.mark.parametrize("which", [0, 1, 3])
def test_who_has_one_has_what_it_leads_to(which: int) -> None:
    """
    The parent by a child, and each child by the parent.
    """
    parent, references = family()
    had = [references[which]()]
    del parent

    assert keeping.is_kept(references[:1], 0)
    assert keeping.is_kept(references[2:3], 0)
    del had


def test_what_it_is_not_seen_in_keeps_it() -> None:
    """
    An object of the application's own may be anybody's.
    """
    parent, references = family()
    parent.others[0].others.append(SimpleNamespace(parent=parent))  # type: ignore[arg-type]
    del parent

    assert keeping.is_kept(references, 0)


class Lazy:
    """
    Loads what it is when it is asked for anything.
    """

    def __getattribute__(self, name: str) -> Any:
        raise KeyError(name)


def test_what_loads_itself_is_not_asked() -> None:
    """
    Nobody knows what that would do.
    """
    parent, references = family()
    parent.others.append(Lazy())  # type: ignore[arg-type]
    del parent

    assert not keeping.is_kept(references, 0)


def test_something_that_is_shared_keeps_nothing_that_does_not_hang_on_it() -> None:
    """
    A list that somebody has, and that knows none of the objects.
    """
    shared: list[Any] = [{}]
    parent, references = family()
    parent.others.append(shared)  # type: ignore[arg-type]
    del parent

    assert not keeping.is_kept(references, 0)


def test_who_is_garbage_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The collector is asked once for all that was over before, and never where the application has switched it off.
    """

    def had() -> list[Any]:
        parent, references = family()
        somebody = SimpleNamespace(has=parent)
        somebody.itself = somebody
        return references

    monkeypatch.setattr(keeping, "_collected_ns", 0)
    assert keeping.is_kept(had(), 0)
    gc.enable()
    assert not keeping.is_kept(had(), 0)
    gc.disable()
    later = had()
    gc.enable()
    assert keeping.is_kept(later, 0)
    assert not keeping.is_kept(later, keeping._collected_ns)


def test_too_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nobody looks at more.
    """
    monkeypatch.setattr(keeping, "MOST_OBJECTS", 5)

    assert keeping.is_kept(family(10)[1], 0)
