"""
The counts of workers that have ended, kept as one sum, so that what is counted never goes backwards.

A worker's snapshot stays on disk after its end until it has been added to `ended.json` beside it, exactly once: the
sums are replaced as a whole and name the snapshots that are in them, and only then are those removed. Whoever reads may
do that, under a lock. Where the folder cannot be written everything is added up anew each time, and nothing is lost.
"""

import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from hasten.log import event
from hasten.model import Noun
from hasten.world import durable
from hasten.world.telemetry import RouteLine, Snapshot, StallLine, StatementLine, read
from hasten.world.workers import is_of

NAME = "ended.json"
VERSION = 1
#: Names of snapshots that are in the sums, in case that one could not be removed: the newest so many.
MOST_NAMED = 1_000
#: Of lines that are kept apart; what is beyond counts as one of the two others, as in the agents.
MOST_ROUTES, MOST_STATEMENTS = 2_000, 4_000
MOST_PLACES = 500
OTHER_ROUTES, OTHER_STATEMENTS, OTHER_PLACES = "(other routes)", "(other statements)", "(other places)"
MODE = 0o644

Line = TypeVar("Line", RouteLine, StatementLine)


class Ended(Noun, frozen=True, kw_only=True):
    """
    What all workers that have ended have counted together; `began_at`: when the first of them began.

    `named`: pid and beginning of those whose file may still be there.
    """

    version: int = VERSION
    workers: int = 0
    began_at: float | None = None
    routes: list[RouteLine] = []
    statements: list[StatementLine] = []
    connections: int = 0
    stalls: list[StallLine] = []
    named: list[tuple[int, float]] = []


class Counted(Noun, frozen=True, kw_only=True):
    """
    Everything that was ever counted in a folder: the sum of the ended workers, and the snapshots of the living.
    """

    ended: Ended
    living: list[Snapshot]


def settle(folder: Path) -> Counted:
    """
    Snapshots of workers that have ended are in the sums and, where the folder can be written, gone from the disk.
    """
    if not folder.is_dir():
        return Counted(ended=Ended(), living=[])
    with _locked(folder) as may_write:
        sums, may_read = _sums(folder)
        living, gone = _sorted_out(folder)
        fresh = [each for each in gone.values() if (each.pid, each.began_at) not in sums.named]
        if fresh:
            sums = with_(sums, fresh)
        if gone and may_write and may_read:
            _take_in(folder, sums if fresh else None, gone)
    return Counted(ended=sums, living=sorted(living, key=lambda each: each.pid))


def with_(sums: Ended, gone: list[Snapshot]) -> Ended:
    """
    The sums with these snapshots in them.
    """
    began = [each.began_at for each in gone] + ([] if sums.began_at is None else [sums.began_at])
    routes = [*sums.routes, *(line for each in gone for line in each.routes)]
    statements = [*sums.statements, *(line for each in gone for line in each.statements)]
    return Ended(
        workers=sums.workers + len(gone),
        began_at=min(began),
        routes=added_routes(routes),
        statements=added_statements(statements),
        connections=sums.connections + opened(gone),
        stalls=added_stalls([*sums.stalls, *(line for each in gone for line in each.stalls)]),
        named=[*sums.named, *((each.pid, each.began_at) for each in gone)][-MOST_NAMED:],
    )


def added_routes(lines: Iterable[RouteLine]) -> list[RouteLine]:
    """
    One line for each route, method and class of status.
    """
    return _added(lines, lambda line: (line.route, line.method, line.status_class), MOST_ROUTES, _other_route, _routes)


def added_statements(lines: Iterable[StatementLine]) -> list[StatementLine]:
    """
    One line for each statement.
    """
    return _added(lines, lambda line: (line.system, line.text), MOST_STATEMENTS, _other_statement, _statements)


def opened(found: Iterable[Snapshot]) -> int:
    """
    How many connections to databases these workers have opened, as far as they say.
    """
    return sum(each.connections.opened for each in found if each.connections is not None)


def added_stalls(lines: Iterable[StallLine]) -> list[StallLine]:
    """
    One line for each place of the application that held an event loop.
    """
    found: dict[str, StallLine] = {}
    for line in lines:
        place = line.place if line.place in found or len(found) < MOST_PLACES else OTHER_PLACES
        before = found.get(place, StallLine(place=place, count=0, sum_ns=0))
        found[place] = StallLine(place=place, count=before.count + line.count, sum_ns=before.sum_ns + line.sum_ns)
    return list(found.values())


def added_buckets(lines: Iterable[RouteLine | StatementLine]) -> list[int]:
    """
    The buckets of all these lines together, as pairs of number and count, by number.
    """
    counts: dict[int, int] = {}
    for line in lines:
        for number, count in zip(line.buckets[::2], line.buckets[1::2], strict=True):
            counts[number] = counts.get(number, 0) + count
    return [number for bucket in sorted(counts.items()) for number in bucket]


def _added(
    lines: Iterable[Line],
    key: Callable[[Line], object],
    most: int,
    other: Callable[[Line], Line],
    add: Callable[[list[Line]], Line],
) -> list[Line]:
    groups: dict[object, list[Line]] = {}
    for line in lines:
        if key(line) not in groups and len(groups) >= most:
            line = other(line)
        groups.setdefault(key(line), []).append(line)
    return [each[0] if len(each) == 1 else add(each) for each in groups.values()]


def _other_route(line: RouteLine) -> RouteLine:
    return msgspec.structs.replace(line, route=OTHER_ROUTES, method="_OTHER")


def _other_statement(line: StatementLine) -> StatementLine:
    return msgspec.structs.replace(line, text=OTHER_STATEMENTS, operation="", callers=[])


def _routes(lines: list[RouteLine]) -> RouteLine:
    return msgspec.structs.replace(
        lines[0],
        sent_bytes=sum(line.sent_bytes for line in lines),
        statements=sum(line.statements for line in lines),
        most_statements=max(line.most_statements for line in lines),
        database_ns=sum(line.database_ns for line in lines),
        sum_ns=sum(line.sum_ns for line in lines),
        buckets=added_buckets(lines),
    )


def _statements(lines: list[StatementLine]) -> StatementLine:
    return msgspec.structs.replace(
        lines[0],
        errors=sum(line.errors for line in lines),
        callers=list(dict.fromkeys(caller for line in lines for caller in line.callers))[:5],
        sum_ns=sum(line.sum_ns for line in lines),
        buckets=added_buckets(lines),
    )


def _sorted_out(folder: Path) -> tuple[list[Snapshot], dict[Path, Snapshot]]:
    living, gone = [], {}
    for path in sorted(folder.glob("*.json")):
        found = read(path) if path.name != NAME else None
        if found is None:
            continue
        if is_of(found.pid, found.at):
            living.append(found)
        else:
            # Its last words may have come between the two looks; after its end there are no more.
            gone[path] = read(path) or found
    return living, gone


def _take_in(folder: Path, sums: Ended | None, gone: Iterable[Path]) -> None:
    try:
        if sums is not None:
            durable.write(folder / NAME, msgspec.json.encode(sums), mode=MODE)
        for path in gone:
            path.unlink(missing_ok=True)
        _sweep(folder)
    except OSError as error:
        event("ended workers", left=str(folder), reason=str(error))


def _sweep(folder: Path) -> None:
    """
    What a killed worker was writing is gone, and so are the traces of whoever has ended: nobody reads them any more.
    """
    for path in [*folder.glob("*.json.new"), *(folder.parent / "traces").glob("*.jsonl")]:
        pid = path.name.partition(".")[0]
        if pid.isdigit() and not is_of(int(pid), path.stat().st_mtime):
            path.unlink(missing_ok=True)


def _sums(folder: Path) -> tuple[Ended, bool]:
    """
    The sums so far, and whether they may be replaced: what cannot be read today can perhaps be tomorrow.
    """
    path = folder / NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Ended), True
    except FileNotFoundError:
        return Ended(), True
    except msgspec.MsgspecError as error:
        event("ended workers", broken=str(path), reason=str(error))
        return Ended(), True
    except OSError as error:
        event("ended workers", unread=str(path), reason=str(error))
        return Ended(), False


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """
    Nobody else takes snapshots in during the block; yields whether this process may.
    """
    try:
        file = (folder / ".lock").open("a")
    except OSError:
        yield False
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield True
