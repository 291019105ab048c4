"""
Code that reads objects past their attributes is found.
"""

import dataclasses
import sys
from functools import cached_property, wraps
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from hasten_runtime.telemetry.traces import bypass


class Plain:
    """
    Nothing of it looks into its objects.
    """

    name = "x"

    def show(self) -> str:
        """
        By the attribute.
        """
        return self.name


class Method(Plain):
    """
    One that does.
    """

    def to_dict(self) -> Any:
        """
        In a function within.
        """
        return [{**each.__dict__} for each in [self]]


class Static(Plain):
    """
    By `vars`.
    """

    @staticmethod
    def plain(it: Any) -> Any:
        """
        Not of itself.
        """
        return vars(it)


class Property(Plain):
    """
    By a property.
    """

    @property
    def data(self) -> Any:
        """
        All of it.
        """
        return self.__dict__


class Cached(Plain):
    """
    Once.
    """

    @cached_property
    def data(self) -> Any:
        """
        All of it.
        """
        return self.__dict__


def decorated(inner: Any) -> Any:
    """
    A function around it.
    """

    @wraps(inner)
    def outer(*args: Any) -> Any:
        return inner(*args)

    return outer


class Decorated(Plain):
    """
    In the function that is meant.
    """

    @decorated
    def to_dict(self) -> Any:
        """
        All of it.
        """
        return self.__dict__


class Below(Method):
    """
    It inherits that.
    """


@pytest.mark.parametrize("kind", [Method, Static, Property, Cached, Decorated, Below])
def test_a_class_that_looks_into_its_objects_is_open(kind: type) -> None:
    """
    Whatever the method is, and wherever it comes from.
    """
    assert bypass.is_open(kind)


class Lazy:
    """
    Loads what it is when it is asked for anything.
    """

    def __getattribute__(self, name: str) -> Any:
        raise KeyError(name)


def test_others_are_not() -> None:
    """
    By attributes everything is seen; and what is no method is not asked.
    """

    class Careful(Plain):
        lazy = Lazy()

    assert not bypass.is_open(Plain)
    assert not bypass.is_open(Careful)


def test_a_data_class_is_open_where_somebody_writes_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    These libraries do not ask for attributes.
    """

    @dataclasses.dataclass
    class Data:
        name: str = ""

    for name in ("orjson", "msgspec"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert not bypass.is_open(Data)
    monkeypatch.setitem(sys.modules, "orjson", ModuleType("orjson"))
    assert bypass.is_open(Data)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("def f(it): return it.__dict__", True),
        ("def f(it): return vars(it)", True),
        ("def f(it): return getattr(it, '__dict__')", True),
        ("def f(it): return inspect(it).dict['lines']", True),
        ("def f(it): return it._sa_instance_state.state.dict", True),
        ("class A:\n def f(self): self.__dict__.update(vars(self))", False),
        ("class A:\n @classmethod\n def f(cls): return cls.__dict__", False),
        ("def f(it): return it.dict()", False),
        ("def f(it):\n '''Nothing of its `__dict__`.'''", False),
    ],
)
def test_the_text_of_the_application_is_looked_at(
    text: str, is_found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What `self` is, is known of classes.
    """
    module = ModuleType("shop")
    module.__file__ = str(tmp_path / "shop.py")
    Path(module.__file__).write_text(text)
    monkeypatch.setattr(bypass, "_modules", 0)
    monkeypatch.setattr(bypass, "_is_there", False)
    monkeypatch.setattr(bypass, "_files", {})
    monkeypatch.setattr(
        bypass, "sys", SimpleNamespace(modules={"shop": module, "odd": None, "lazy": Lazy(), "builtin": sys})
    )

    assert is_found is bypass.is_there()
    assert is_found is bypass.is_there()


def test_a_file_that_is_gone_may_do_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Then nothing is known.
    """
    module = ModuleType("shop")
    module.__file__ = str(tmp_path / "gone.py")
    monkeypatch.setattr(bypass, "_modules", 0)
    monkeypatch.setattr(bypass, "_is_there", False)
    monkeypatch.setattr(bypass, "sys", SimpleNamespace(modules={"shop": module}))

    assert bypass.is_there()
