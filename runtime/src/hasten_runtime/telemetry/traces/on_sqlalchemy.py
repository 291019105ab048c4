"""
SQLAlchemy's relationships: which ones a traced request loads with their objects, and which ones it reads.

Only attributes of relationships are watched, never columns. When a mapper puts one on its class, the attribute gets a
class of ours, which has nothing more than a look at `relations.awaited` before each read. A relation counts as loaded
only where its attribute is watched, so what is not known here (another version, a class of the application's own) is
never called unread.
"""

from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable, Optional

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import relations, trace
from hasten_runtime.telemetry.traces.relations import Time

#: Strategy of loading → the lists of a row's work that fill the attribute, where rows do.
_BY_ROWS = {"joined": ("new", "existing"), "subquery": ("new",), "immediate": ("new", "delayed")}
_CLASSES = {"joined": "JoinedLoader", "subquery": "SubqueryLoader", "immediate": "ImmediateLoader"}
_AFTER_ROWS = {"selectin": "SelectInLoader", "immediate": "ImmediateLoader"}

_watched: Optional[type] = None


def hook_relationships(relationships: ModuleType) -> None:
    """
    Attributes of relationships that are made from now on are watched.
    """
    global _watched
    plain = relationships.attributes.InstrumentedAttribute
    _watched = watching(plain)
    prop = relationships.RelationshipProperty
    prop.instrument_class = _instrumenting(prop.instrument_class, plain, _watched)


def hook_strategies(strategies: ModuleType) -> None:
    """
    Relationships that are loaded with their objects are noted.
    """
    for way, name in _AFTER_ROWS.items():
        loader = _loader(strategies, name)
        inner = None if loader is None else loader.__dict__.get("_load_for_path")
        if inner is not None:
            loader._load_for_path = _after_rows(inner, way)
        elif way != "immediate":
            # Before 2.0 the immediate loader works by rows.
            say_once("sqlalchemy " + way, f"SQLAlchemy has no {name}._load_for_path, so it is not noted what that loads")
    for way, name in _CLASSES.items():
        loader = _loader(strategies, name)
        if loader is not None and (way != "immediate" or "_load_for_path" not in loader.__dict__):
            loader.create_row_processor = _by_rows(loader.create_row_processor, way)


def _loader(strategies: ModuleType, name: str) -> Any:
    # From 2.1 on its names say that it is not for everybody.
    found = getattr(strategies, "_" + name, None) or getattr(strategies, name, None)
    if found is None:
        say_once("sqlalchemy " + name, f"SQLAlchemy has no {name}, so it is not noted what that loads")
    return found


def watching(plain: Any) -> Any:
    """
    The class of an attribute, with a look before each read. It is called as the plain one is.
    """
    read, write, remove = plain.__get__, plain.__set__, plain.__delete__

    def __get__(self: Any, instance: Any, owner: Any) -> Any:  # noqa: N807
        if relations.awaited and instance is not None and self.key in relations.awaited:
            _read(self, instance)
        return read(self, instance, owner)

    def __set__(self: Any, instance: Any, value: Any) -> None:  # noqa: N807
        if relations.awaited and self.key in relations.awaited:
            _read(self, instance)
        write(self, instance, value)

    def __delete__(self: Any, instance: Any) -> None:  # noqa: N807
        if relations.awaited and self.key in relations.awaited:
            _read(self, instance)
        remove(self, instance)

    # Its documentation is a property that the plain class has for each of its objects.
    body = {
        "__slots__": (), "__module__": plain.__module__, "__qualname__": plain.__qualname__, "inherit_cache": True,
        "__doc__": plain.__dict__["__doc__"], "__get__": alike(__get__, read), "__set__": alike(__set__, write),
        "__delete__": alike(__delete__, remove),
    }  # fmt: skip
    return type(plain)(plain.__name__, (plain,), body)


def _read(attribute: Any, instance: Any) -> None:
    try:
        relation = id(attribute.property)
    except Exception as error:
        say_once("sqlalchemy read", "it is not noted which relationships are read: " + reason_of(error))
        relations.passed(instance)
        return
    relations.seen(relation, instance)


def _instrumenting(inner: Callable[..., Any], plain: type, watched: type) -> Callable[..., Any]:
    def instrument_class(self: Any, mapper: Any) -> Any:
        done = inner(self, mapper)
        try:
            attribute = mapper.class_.__dict__.get(self.key)
            if type(attribute) is plain:
                attribute.__class__ = watched
        except Exception as error:
            say_once("sqlalchemy watch", "a relationship is not watched: " + reason_of(error))
        return done

    return alike(instrument_class, inner)


def _after_rows(inner: Callable[..., Any], way: str) -> Callable[..., Any]:
    """
    The function that fills the attribute of many objects at once.
    """

    def load_for_path(self: Any, context: Any, path: Any, states: Any, *args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()):
            return inner(self, context, path, states, *args, **named)
        fresh, began_ns = _fresh(states, self.key), now()
        done = inner(self, context, path, states, *args, **named)
        time = _begun(self, way, began_ns) if fresh else None
        if time is not None:
            _note_all(time, fresh)
        return done

    return alike(load_for_path, inner)


def _fresh(states: Any, key: str) -> list[Any]:
    """
    The states of objects whose attribute is not filled yet. Never raises.
    """
    try:
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

    def create_row_processor(
        self: Any, context: Any, query_entity: Any, path: Any, loadopt: Any, mapper: Any, result: Any, adapter: Any,
        populators: Any,
    ) -> Any:  # fmt: skip
        if not (trace.under_way and trace.is_here()):
            return inner(self, context, query_entity, path, loadopt, mapper, result, adapter, populators)
        before = _lengths(populators, way)
        done = inner(self, context, query_entity, path, loadopt, mapper, result, adapter, populators)
        try:
            _noting_rows(self, way, result, populators, before)
        except Exception as error:
            say_once("sqlalchemy load", "it is not noted what relationships are loaded: " + reason_of(error))
        return done

    return alike(create_row_processor, inner)


def _lengths(populators: Any, way: str) -> dict[str, int]:
    try:
        return {name: len(populators[name]) for name in _BY_ROWS[way]}
    except Exception as error:
        say_once("sqlalchemy load", "it is not noted what relationships are loaded: " + reason_of(error))
        return {}


def _noting_rows(strategy: Any, way: str, result: Any, populators: Any, before: dict[str, int]) -> None:
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

        def fill_more(state: Any, dict_: Any, row: Any) -> Any:
            time.rows += 1
            return fill(state, dict_, row)

        return fill_more

    def fill_new(state: Any, dict_: Any, row: Any) -> Any:
        began_ns = now()
        done = fill(state, dict_, row)
        try:
            if is_timed and time.began_ns == time.ended_ns:
                # The statement is executed for the first row.
                time.began_ns, time.ended_ns = began_ns, now()
            _note(time, state, dict_)
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
        name = f"{way} {prop.parent.class_.__name__}.{prop.key}"
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
    if _watched is None or type(state.manager.get(load.key)) is not _watched:
        load.is_past = True


def _length(value: Any) -> int:
    """
    How many objects; 1 of what is none of SQLAlchemy's own collections, for asking could run code of the application.
    """
    if value is None:
        return 0
    kind = type(value)
    if kind.__module__ == "sqlalchemy.orm.collections":
        return next((base.__len__(value) for base in (list, set, dict) if isinstance(value, base)), 1)
    return 1


def _unknown(time: Time, error: Exception) -> None:
    say_once("sqlalchemy load", "it is not noted what relationships are loaded: " + reason_of(error))
    time.load.is_past = True
