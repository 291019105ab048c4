"""
SQLAlchemy's relationships: whoever reads one of those that a traced request has loaded is noticed.

Only attributes of relationships are watched, never columns. When a mapper puts one on its class, the attribute gets a
class of ours, which has nothing more than a look at `relations.awaited` before each read. What goes past it (an object
that is pickled, merged, deleted or looked into) is noticed where SQLAlchemy does that. `on_sqlalchemy_loaders` notes
what was loaded.
"""

from types import ModuleType
from typing import Any, Callable, Optional

from hasten_runtime.once import reason_of, say_once
from hasten_runtime.telemetry.drivers import alike
from hasten_runtime.telemetry.traces import relations

_watched: Optional[type] = None
#: Where a read can go. Unless all of them are hooked, nothing is called unread.
_PLACES = frozenset(("attributes", "relationships", "session", "state"))
_hooked: set[str] = set()


def hook_relationships(relationships: ModuleType) -> None:
    """
    Attributes of relationships that are made from now on are watched.
    """
    global _watched
    plain = relationships.attributes.InstrumentedAttribute
    _watched = watching(plain)
    prop = relationships.RelationshipProperty
    prop.instrument_class = _instrumenting(prop.instrument_class, plain, _watched)
    _hooked.add("relationships")


def hook_session(session: ModuleType) -> None:
    """
    What a session deletes or merges may be read on the way: deleting goes on to the objects of a relation.
    """
    of = session.Session
    # Not the methods that everybody calls: of those SQLAlchemy 1.4 writes others with the same signature.
    of._delete_impl, of._merge = _passing(of._delete_impl, 1, _object_of), _passing(of._merge, 1, _object_of)
    _hooked.add("session")


def hook_attributes(attributes: ModuleType) -> None:
    """
    What is read by these functions is not read by the attribute.
    """
    for name in ("get_attribute", "get_history"):
        setattr(attributes, name, _passing(getattr(attributes, name), 0))
    _hooked.add("attributes")


def hook_state(state: ModuleType) -> None:
    """
    What is pickled or copied is read somewhere else, and what is inspected may be read out of its state.
    """
    of = state.InstanceState
    of.__getstate__ = _passing(of.__getstate__, 0, _object_of)
    # It is computed once for each object, by this function.
    attrs = of.__dict__["attrs"]
    attrs.fget = _passing(attrs.fget, 0, _object_of)
    _hooked.add("state")


def _object_of(state: Any) -> Any:
    return state.obj()


def _passing(inner: Callable[..., Any], position: int, object_of: Callable[[Any], Any] = lambda it: it) -> Any:
    """
    The function, which gets an object there that may be read past the hooks.
    """

    def passing(*args: Any, **named: Any) -> Any:
        if relations.awaited:
            _passed(args, position, object_of)
        return inner(*args, **named)

    return alike(passing, inner)


def _passed(args: tuple[Any, ...], position: int, object_of: Callable[[Any], Any]) -> None:
    try:
        relations.passed(object_of(args[position]) if len(args) > position else None)
    except Exception as error:
        say_once("sqlalchemy passed", "it is not noted of which object relationships may be read: " + reason_of(error))
        relations.give_up()


def is_watched(attribute: Any) -> bool:
    """
    Whether nobody reads this attribute unseen.
    """
    return _watched is not None and type(attribute) is _watched and _hooked >= _PLACES


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
        relations.seen(id(attribute.property), instance)
    except Exception as error:
        say_once("sqlalchemy read", "it is not noted which relationships are read: " + reason_of(error))
        relations.give_up()


def _instrumenting(inner: Callable[..., Any], plain: type, watched: type) -> Callable[..., Any]:
    def instrument_class(self: Any, *args: Any, **named: Any) -> Any:
        done = inner(self, *args, **named)
        try:
            attribute = args[0].class_.__dict__.get(self.key)
            if type(attribute) is plain:
                attribute.__class__ = watched
        except Exception as error:
            say_once("sqlalchemy watch", "a relationship is not watched: " + reason_of(error))
        return done

    return alike(instrument_class, inner)
