"""
Django's relations: which ones a traced request loads with their objects, and which ones it reads.

`select_related` fills an attribute with each row, `prefetch_related` those of many objects after a statement of its
own. Only attributes of relations are watched, by the classes that Django has for them; columns have another one. To ask
a relation's manager for anything counts as a read. What fills other attributes (`to_attr`, generic relations) is not
noted.
"""

from contextvars import ContextVar
from time import perf_counter_ns as now
from types import ModuleType
from typing import Any, Callable, Optional
from weakref import ref

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import bypass, relations, trace
from hasten_runtime.telemetry.traces.loads import Time

#: Class of an attribute → where it has what describes the relation; nowhere else than in itself.
_DESCRIBED = {
    "ForwardManyToOneDescriptor": "field",
    "ReverseOneToOneDescriptor": "related",
    "ReverseManyToOneDescriptor": "",
}
#: The classes that are watched, with that.
_watched: dict[Any, str] = {}
#: Whether pickling is noticed; as long as it is not, nothing is called unread.
_is_passing_noticed = False
#: Whether Django itself reads attributes here, to fill them.
_is_filling: ContextVar[bool] = ContextVar("hasten_prefetch", default=False)


def hook_descriptors(descriptors: ModuleType) -> None:
    """
    Attributes of relations are watched.
    """
    for name, described in _DESCRIBED.items():
        kind = getattr(descriptors, name)
        kind.__get__ = _watching(kind.__get__, described)
        _watched[kind] = described


def hook_query(query: ModuleType) -> None:
    """
    Relations that are loaded with their objects are noted.
    """
    query.prefetch_related_objects = _filling(query.prefetch_related_objects)  # type: ignore[attr-defined]
    query.prefetch_one_level = _prefetching(query.prefetch_one_level)  # type: ignore[attr-defined]
    query.RelatedPopulator.__init__ = _populating(query.RelatedPopulator.__init__)


def hook_models(base: ModuleType) -> None:
    """
    What is pickled or copied is read somewhere else.
    """
    global _is_passing_noticed
    base.Model.__getstate__ = _passing(base.Model.__getstate__)
    _is_passing_noticed = True


def _passing(inner: Callable[..., Any]) -> Callable[..., Any]:
    def passing(*args: Any, **named: Any) -> Any:
        if relations.awaited:
            relations.passed(args[0] if args else None)
        return inner(*args, **named)

    return alike(passing, inner)


def _watching(inner: Callable[..., Any], described: str) -> Callable[..., Any]:
    def __get__(self: Any, instance: Any, cls: Any = None) -> Any:  # noqa: N807
        if relations.awaited and instance is not None:
            _read(self, instance, described)
        return inner(self, instance, cls)

    return alike(__get__, inner)


def _read(descriptor: Any, instance: Any, described: str) -> None:
    try:
        relation = id(getattr(descriptor, described) if described else descriptor)
        if relation in relations.awaited and not _is_filling.get():
            relations.seen(relation, instance)
    except Exception as error:
        say_once("django read", "it is not noted which relations are read: " + reason_of(error))
        relations.give_up()


def _filling(inner: Callable[..., Any]) -> Callable[..., Any]:
    """
    The function that goes from relation to relation; it asks for attributes to see how they can be filled.
    """

    def prefetch_related_objects(*args: Any, **named: Any) -> Any:
        if not relations.awaited:
            return inner(*args, **named)
        token = _is_filling.set(True)
        try:
            return inner(*args, **named)
        finally:
            _is_filling.reset(token)

    return alike(prefetch_related_objects, inner)


def _prefetching(inner: Callable[..., Any]) -> Callable[..., Any]:
    """
    The function that fills the attribute of many objects.
    """

    def prefetch_one_level(*args: Any, **named: Any) -> Any:
        if not (trace.under_way and trace.is_here()):
            return inner(*args, **named)
        began_ns = now()
        done = inner(*args, **named)
        _note_prefetched(began_ns, args, done)
        return done

    return alike(prefetch_one_level, inner)


def _note_prefetched(began_ns: int, args: tuple[Any, ...], done: Any) -> None:
    try:
        instances, _, lookup, level = args
        name, is_other_attribute = lookup.get_current_to_attr(level)
        relation = None if is_other_attribute else _relation_of(type(instances[0]), name)
        if relation is None:
            return
        objects = done[0]
        table = objects[0]._meta.db_table if objects else ""
        full = f"prefetch {type(instances[0]).__name__}.{name} {table}"
        time = relations.begun(relation, full, relation, began_ns)
        if time is None:
            return
        time.ended_ns, time.rows = now(), len(objects)
        for instance in instances:
            _add(time, instance)
    except Exception as error:
        _unknown(error)


def _relation_of(kind: type, name: str) -> Optional[int]:
    """
    What describes the relation of that name, if reading it is watched.
    """
    descriptor: Any = getattr(kind, name, None) if _is_passing_noticed else None
    for watched, described in _watched.items():
        if issubclass(type(descriptor), watched) and type(descriptor).__get__ is watched.__get__:
            return id(getattr(descriptor, described) if described else descriptor)
    return None


def _populating(inner: Callable[..., Any]) -> Callable[..., Any]:
    """
    What fills an attribute with each row; made for each query that does.
    """

    def __init__(self: Any, *args: Any, **named: Any) -> None:  # noqa: N807
        inner(self, *args, **named)
        if trace.under_way and trace.is_here():
            _note_populator(self, args)

    return alike(__init__, inner)


def _note_populator(populator: Any, args: tuple[Any, ...]) -> None:
    try:
        klass_info = args[0]
        # The field or its other side, whose method puts the object in its place.
        relation = getattr(klass_info["local_setter"], "__self__", None)
        of = trace.current()
        if relation is None or of is None:
            return
        # A field has a name; its other side goes by that of the attribute.
        accessor = getattr(relation, "get_accessor_name", None)
        name = relation.name if accessor is None else accessor()
        table = klass_info["model"]._meta.db_table
        began_ns, ended_ns = next(
            ((each[1], each[2]) for each in reversed(of.steps) if each[0] == "db"), (now(), now())
        )
        full = f"select_related {relation.model.__name__}.{name} {table}"
        time = relations.begun(id(relation), full, id(relation), began_ns)
        if time is not None:
            time.ended_ns = ended_ns
            populator.populate = _populate(populator.populate, time, relation, name)
    except Exception as error:
        _unknown(error)


def _populate(inner: Callable[..., Any], time: Time, relation: Any, name: str) -> Callable[..., Any]:
    def populate(*args: Any) -> Any:
        done = inner(*args)
        try:
            from_obj = args[1]
            if not time.load.holders and _relation_of(type(from_obj), name) != id(relation):
                time.load.is_past = True
            if relation.get_cached_value(from_obj, None) is not None:
                time.rows += 1
            _add(time, from_obj)
        except Exception as error:
            _unknown(error)
        return done

    return populate


def _add(time: Time, holder: Any) -> None:
    time.load.add(holder, ref(holder))
    if bypass.is_open(type(holder)):
        time.load.is_past = True


def _unknown(error: Exception) -> None:
    say_once("django load", "it is not noted which relations are loaded: " + reason_of(error))
    relations.give_up()
