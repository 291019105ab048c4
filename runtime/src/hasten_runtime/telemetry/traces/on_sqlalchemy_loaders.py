"""
SQLAlchemy's relationships: which ones a traced request loads together with their objects.

By a statement of their own for many objects at once (selectin, immediate), or row by row as they come (joined,
subquery). A relation counts as loaded only where its attribute is watched (`on_sqlalchemy`), so what is not known here
(another version, a class of the application's own) is never called unread.
"""

from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable, Optional

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import bypass, on_sqlalchemy, relations, trace
from hasten_runtime.telemetry.traces.loads import Time

#: Way of loading → the lists of a row's work that fill the attribute, where rows do.
_LISTS = {"joined": ("new", "existing"), "subquery": ("new",), "immediate": ("new", "delayed")}
_COLLECTIONS: tuple[Any, ...] = (list, set, dict)


def hook(strategies: ModuleType) -> None:
    """
    Relationships that are loaded with their objects are noted.
    """
    for way, name in (
        ("selectin", "SelectInLoader"), ("immediate", "ImmediateLoader"), ("joined", "JoinedLoader"),
        ("subquery", "SubqueryLoader"),
    ):  # fmt: skip
        # From 2.1 on its names say that it is not for everybody.
        loader = getattr(strategies, "_" + name, None) or getattr(strategies, name, None)
        # Before 2.0 the immediate loader works by rows.
        if loader is not None and "_load_for_path" in loader.__dict__:
            loader._load_for_path = _after_rows(loader._load_for_path, way)
        elif loader is not None and way in _LISTS:
            loader.create_row_processor = _by_rows(loader.create_row_processor, way)
        else:
            say_once(
                "sqlalchemy " + name, f"SQLAlchemy has no {name} as it is known here, so what it loads is not noted"
            )


def _after_rows(inner: Callable[..., Any], way: str) -> Callable[..., Any]:
    """
    The function that fills the attribute of many objects at once.
    """

    def load_for_path(self: Any, *args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()):
            return inner(self, *args, **named)
        fresh, began_ns = _fresh(self, args), now()
        done = inner(self, *args, **named)
        time = _begun(self, way, began_ns) if fresh else None
        if time is not None:
            _note_all(time, fresh)
        return done

    return alike(load_for_path, inner)


def _fresh(strategy: Any, args: tuple[Any, ...]) -> list[Any]:
    """
    The states of objects whose attribute is not filled yet. Never raises.
    """
    try:
        key, states = strategy.key, args[2]
        # What gives them only once is left to whoever is to have them.
        return [state for state, _ in states if key not in state.dict] if isinstance(states, (list, tuple)) else []
    except Exception as error:
        say_once("sqlalchemy load", "it is not noted what relationships are loaded: " + reason_of(error))
        return []


def _note_all(time: Time, states: list[Any]) -> None:
    try:
        time.ended_ns = now()
        for state in states:
            _note(time, state, state.dict)
    except Exception as error:
        _unknown(time, error)


def _by_rows(inner: Callable[..., Any], way: str) -> Callable[..., Any]:
    """
    The function that says what is to be done with each row: filling the attribute is noted.
    """

    def create_row_processor(self: Any, *args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()):
            return inner(self, *args, **named)
        before = _lengths(args, way)
        done = inner(self, *args, **named)
        try:
            if before:
                _noting_rows(self, way, args, before)
        except Exception as error:
            say_once("sqlalchemy load", "it is not noted what relationships are loaded: " + reason_of(error))
        return done

    return alike(create_row_processor, inner)


def _lengths(args: tuple[Any, ...], way: str) -> dict[str, int]:
    try:
        populators = args[7]
        return {name: len(populators[name]) for name in _LISTS[way]}
    except Exception as error:
        say_once("sqlalchemy load", "it is not noted what relationships are loaded: " + reason_of(error))
        return {}


def _noting_rows(strategy: Any, way: str, args: tuple[Any, ...], before: dict[str, int]) -> None:
    result, populators = args[5], args[7]
    added = [name for name, length in before.items() if len(populators[name]) > length]
    time = _begun(strategy, way, now()) if added else None
    if time is None:
        return
    if way == "joined":
        _take_time_of_statement(time, result)
    for name in added:
        for number in range(before[name], len(populators[name])):
            key, fill = populators[name][number]
            if key == strategy.key:
                populators[name][number] = key, _noting(time, fill, name, is_timed=way != "joined")


def _noting(time: Time, fill: Callable[..., Any], kind: str, is_timed: bool) -> Callable[..., Any]:
    if kind == "existing":

        def fill_more(*args: Any) -> Any:
            time.rows += 1
            return fill(*args)

        return fill_more

    def fill_new(*args: Any) -> Any:
        began_ns = now()
        done = fill(*args)
        try:
            if is_timed and time.began_ns == time.ended_ns:
                # The statement is executed for the first row.
                time.began_ns, time.ended_ns = began_ns, now()
            _note(time, args[0], args[1])
        except Exception as error:
            _unknown(time, error)
        return done

    return fill_new


def _take_time_of_statement(time: Time, result: Any) -> None:
    """
    What is loaded with a join takes a part of the time of the statement, whose step this is from now on.
    """
    of = trace.current()
    text = getattr(getattr(result, "context", None), "statement", None)
    for step in reversed(of.steps if of is not None else []):
        if step[0] == "db" and step[3] == text:
            time.began_ns, time.ended_ns = step[1], step[2]
            return


def _begun(strategy: Any, way: str, began_ns: int) -> Optional[Time]:
    try:
        prop = strategy.parent_property
        table = getattr(prop.mapper.local_table, "name", "")
        name = f"{way} {prop.parent.class_.__name__}.{prop.key} {table}"
        return relations.begun(id(prop), name, prop.key, began_ns)
    except Exception as error:
        say_once("sqlalchemy load", "it is not noted what relationships are loaded: " + reason_of(error))
        return None


def _note(time: Time, state: Any, dict_: Any) -> None:
    """
    The attribute of one object is filled, if it is.
    """
    load = time.load
    if load.key not in dict_:
        return
    holder = state.obj()
    if holder is not None:
        time.rows += _length(dict_[load.key])
        load.add(holder, state.obj)
    if not on_sqlalchemy.is_watched(state.manager.get(load.key)) or bypass.is_open(state.class_):
        load.is_past = True


def _length(value: Any) -> int:
    """
    How many objects; 1 of what is none of SQLAlchemy's own collections, for asking could run code of the application.
    """
    if value is None:
        return 0
    if type(value).__module__ == "sqlalchemy.orm.collections":
        for base in _COLLECTIONS:
            if isinstance(value, base):
                return int(base.__len__(value))
    return 1


def _unknown(time: Time, error: Exception) -> None:
    say_once("sqlalchemy load", "it is not noted what relationships are loaded: " + reason_of(error))
    time.load.is_past = True
