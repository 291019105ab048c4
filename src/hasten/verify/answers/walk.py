"""
Where two JSON-like values differ, by path.

Lists are told apart in three ways: their length, their order, and their elements. Elements with a key of their own (an
`id`) are compared with their namesakes, so that one inserted row is one difference and not a hundred.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

#: A step is a member's name or an index; the path of a list is where its lengths are learned.
Path = tuple[str | int, ...]
Found = Callable[[Path, Any, Any], None]

ORDER = "(order)"
LENGTH = "(length)"
MEMBERS = "(members)"
#: Names that usually tell elements apart are tried before others.
_KEYS = ("id", "uuid", "key", "slug", "name", "@id")
_ABSENT = object()


class Differences:
    """
    The places in which two values differ, and the lengths of the lists that were seen on the way.
    """

    def __init__(self) -> None:
        self.found: dict[Path, tuple[Any, Any]] = {}
        self.lengths: dict[Path, set[int]] = {}

    def walk(self, left: Any, right: Any, path: Path = ()) -> None:
        """
        The two values were compared, at any depth.
        """
        if isinstance(left, dict) and isinstance(right, dict):
            self._members(left, right, path)
        elif isinstance(left, list) and isinstance(right, list):
            self._lists(left, right, path)
        elif not same_scalar(left, right):
            self.found[path] = (shown(left), shown(right))

    def _members(self, left: dict[str, Any], right: dict[str, Any], path: Path) -> None:
        for name in left.keys() | right.keys():
            one, other = left.get(name, _ABSENT), right.get(name, _ABSENT)
            if one is not other:
                self.walk(one, other, (*path, name))

    def _lists(self, left: list[Any], right: list[Any], path: Path) -> None:
        self.lengths.setdefault(path, set()).update((len(left), len(right)))
        if len(left) != len(right):
            self.found[*path, LENGTH] = (len(left), len(right))
        if left == right and canonical(left) == canonical(right):
            return
        key = _key_of(left, right)
        if key is not None:
            self._by_key(left, right, path, key)
        elif len(left) == len(right) and Counter(map(canonical, left)) == Counter(map(canonical, right)):
            self.found[*path, ORDER] = ("one order", "another")
        else:
            for index, (one, other) in enumerate(zip(left, right, strict=False)):
                self.walk(one, other, (*path, index))

    def _by_key(self, left: list[Any], right: list[Any], path: Path, key: str) -> None:
        ours = {canonical(each[key]): (index, each) for index, each in enumerate(left)}
        theirs = {canonical(each[key]): each for each in right}
        if ours.keys() != theirs.keys():
            only = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
            self.found[*path, MEMBERS] = (f"only here: {only[0]}", f"only here: {only[1]}")
        common = [name for name in ours if name in theirs]
        if common != [name for name in theirs if name in ours]:
            self.found[*path, ORDER] = ("one order", "another")
        for name in common:
            index, one = ours[name]
            self.walk(one, theirs[name], (*path, index))


def same_scalar(left: Any, right: Any) -> bool:
    """
    Whether two leaves are the same value of the same type: 1, 1.0, true and "1" are four different ones.
    """
    # The text of a number tells 0.0 from -0.0.
    return (
        type(left) is type(right) and bool(left == right) and (not isinstance(left, float) or str(left) == str(right))
    )


def canonical(value: Any) -> str:
    """
    A text that is the same for equal values of the same types and no others; members in any order.
    """
    if isinstance(value, dict):
        return "{" + ",".join(f"{name!r}:{canonical(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return repr(value)


def shown(value: Any) -> Any:
    """
    A value for people: what is absent says so.
    """
    return "(absent)" if value is _ABSENT else value


def _key_of(left: list[Any], right: list[Any]) -> str | None:
    """
    A member that tells the elements apart in both lists, with values that both have; None where there is none.
    """
    both = [*left, *right]
    if not left or not right or not all(isinstance(each, dict) for each in both):
        return None
    names: Iterable[str] = set(both[0]).intersection(*both[1:])
    for name in sorted(names, key=lambda each: (_KEYS.index(each) if each in _KEYS else len(_KEYS), each)):
        values = [[each[name] for each in side] for side in (left, right)]
        if all(_tells_apart(side) for side in values) and _mostly_common(*values):
            return name
    return None


def _tells_apart(values: list[Any]) -> bool:
    return all(isinstance(value, str | int) for value in values) and len(set(map(canonical, values))) == len(values)


def _mostly_common(left: list[Any], right: list[Any]) -> bool:
    ours, theirs = set(map(canonical, left)), set(map(canonical, right))
    return 2 * len(ours & theirs) >= min(len(ours), len(theirs))
