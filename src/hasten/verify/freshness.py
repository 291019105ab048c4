"""
After a write the next read shows it: whoever wrote must not be told what was true before.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from hasten.log import operation, redact
from hasten.model import Guard, Noun, digest_of
from hasten.verify.answers import CANDIDATE, CONTROL, CONTROL_AGAIN, Answer, Ask
from hasten.verify.answers.compare import answered
from hasten.verify.answers.differences import Key, Read, differences, name_of, without_indices
from hasten.verify.answers.samples import sample_of, shortened
from hasten.world.load.plan import LoadRequest
from hasten.world.traffic import SAFE_METHODS

#: Stands in the path or body of a write for a word that was never written before.
MARKER = "${marker}"
_MOST_NAMED = 20
_LOOK_AGAIN_S = 0.01


class Probe(Noun, frozen=True, kw_only=True):
    """
    A write, and a read that shows it. `undo` takes the write back when the probe is done, if anything needs to.
    """

    write: LoadRequest
    read: LoadRequest
    undo: LoadRequest | None = None


class FreshnessPlan(Noun, frozen=True, kw_only=True):
    """
    How writes are probed.

    writers: Through which arms is written, in turn. The candidate's own writes are its contract in any case.
    shares_state: Whether the arms see each other's writes; else each write goes to all of them.
    within_s: How long a read may be stale by the rule's contract; 0 is strict.
    time_budget_s: No further probe is begun after this long.
    """

    repeats: int = 3
    writers: list[str] = msgspec.field(default_factory=lambda: [CANDIDATE])
    shares_state: bool = True
    within_s: float = 0.0
    time_budget_s: float = 60.0
    seed: int = 1


class Stale(Noun, frozen=True, kw_only=True):
    """
    A read that still showed what had been overwritten before it was sent.
    """

    write: str
    read: str
    principal: str
    where: str
    shown: str


class Freshness(Noun, frozen=True, kw_only=True):
    """
    Whether reads show the writes before them.

    shown: writes that control's read shows. silent: those that it does not, or that were refused; they prove nothing.
    unfinished: probes that the time did not suffice for.
    """

    probes: int
    shown: int
    silent: int
    unfinished: int = 0
    stale: list[Stale] = []

    def as_data(self) -> dict[str, Any]:
        """
        The record for the ledger.
        """
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data


def check_freshness(
    probes: Sequence[Probe], ask: Ask, plan: FreshnessPlan, *, clock: Callable[[], float] = time.monotonic
) -> Freshness:
    """
    Every probe was carried out: read until it is cached, write, and read once more.
    """
    stale: list[Stale] = []
    shown = silent = unfinished = 0
    start = clock()
    with operation("freshness.check", probes=len(probes)) as result:
        for number, probe in enumerate(probes):
            if clock() - start >= plan.time_budget_s:
                unfinished = len(probes) - number
                break
            for found in _repeated(probe, number, ask, plan):
                shown += found is not None
                silent += found is None
                stale += found or []
        result.update(shown=shown, stale=len(stale))
    return Freshness(probes=len(probes), shown=shown, silent=silent, unfinished=unfinished, stale=stale[:_MOST_NAMED])


def _repeated(probe: Probe, number: int, ask: Ask, plan: FreshnessPlan) -> Iterator[list[Stale] | None]:
    """
    What each repeat of a probe found; then its write was taken back.
    """
    for repeat in range(plan.repeats):
        writer = plan.writers[repeat % len(plan.writers)]
        word = f"hasten-{digest_of([plan.seed, number, repeat, time.time_ns()], 16)}"
        yield _once(probe, ask, plan, writer, word)
    if probe.undo is not None:
        _write(probe.undo, ask, plan, CONTROL)


def guard(found: Freshness) -> Guard:
    """
    The guard `freshness`: no read was older than a write before it.
    """
    if found.stale:
        first = found.stale[0]
        detail = f"{first.read} showed an old {first.where} right after {first.write}; {len(found.stale)} stale reads"
        return Guard(name="freshness", ok=False, detail=detail, value=float(len(found.stale)), limit=0.0)
    if not found.shown:
        detail = "no write was probed that a read shows" if found.probes else "no write was probed"
        return Guard(name="freshness", ok=None, detail=detail)
    if found.unfinished:
        detail = f"the time did not suffice for {found.unfinished} of {found.probes} probes"
        return Guard(name="freshness", ok=None, detail=detail)
    return Guard(
        name="freshness", ok=True, detail=f"{found.shown} writes were seen by the next read", value=0.0, limit=0.0
    )


def probes_of(requests: Iterable[LoadRequest]) -> list[Probe]:
    """
    The recorded writes, each with the recorded reads of the same principal at its path or above it.
    """
    everything = list(requests)
    reads = [request for request in everything if request.method in SAFE_METHODS]
    return [
        Probe(write=write, read=read)
        for write in everything
        if write.method not in SAFE_METHODS
        for read in reads
        if read.principal == write.principal and _is_at_or_above(read.path, write.path)
    ]


def _is_at_or_above(read: str, write: str) -> bool:
    above, below = (path.partition("?")[0].rstrip("/") for path in (read, write))
    return bool(above) and (below == above or below.startswith(f"{above}/"))


def _once(probe: Probe, ask: Ask, plan: FreshnessPlan, writer: str, word: str) -> list[Stale] | None:
    """
    What was stale; None where control's read does not show the write either.
    """
    before = [answered(ask, arm, probe.read) for arm in (CONTROL, CONTROL_AGAIN, CANDIDATE, CANDIDATE)]
    written = _write(probe.write, ask, plan, writer, word)
    begun = time.monotonic()
    after = answered(ask, CANDIDATE, probe.read)
    now = [answered(ask, arm, probe.read) for arm in (CONTROL, CONTROL_AGAIN)]
    changed = _apart(before[0], now[0]) - _apart(before[0], before[1]) - _apart(*now)
    if written.is_error or not changed:
        return None
    old = _old(before[-1], after, now[0], changed)
    while old and time.monotonic() - begun < plan.within_s:
        time.sleep(_LOOK_AGAIN_S)
        old = _old(before[-1], answered(ask, CANDIDATE, probe.read), answered(ask, CONTROL, probe.read), changed)
    return [_stale(probe, key, pair) for key, pair in sorted(old.items(), key=str)[:1]]


def _write(request: LoadRequest, ask: Ask, plan: FreshnessPlan, writer: str, word: str = "") -> Answer:
    sent = LoadRequest(
        method=request.method,
        path=request.path.replace(MARKER, word),
        route=request.name,
        headers=request.headers,
        body=request.body.replace(MARKER.encode(), word.encode()),
        principal=request.principal,
    )
    arms = [writer] if plan.shares_state else [CONTROL, CONTROL_AGAIN, CANDIDATE]
    return [answered(ask, arm, sent) for arm in arms][-1]


def _apart(left: Answer, right: Answer) -> set[Key]:
    return {_general(key) for key in differences(Read(left), Read(right)).all()}


def _old(before: Answer, after: Answer, now: Answer, changed: set[Key]) -> dict[Key, tuple[Any, Any]]:
    """
    The changed fields in which a read is not as it is now, but as it was before: (now, read).

    A field that is like neither was changed by somebody else in between.
    """
    wrong = differences(Read(now), Read(after)).all()
    moved = {_general(key) for key in differences(Read(before), Read(after)).all()}
    return {key: pair for key, pair in wrong.items() if _general(key) in changed and _general(key) not in moved}


def _stale(probe: Probe, key: Key, pair: tuple[Any, Any]) -> Stale:
    where = name_of(key) if isinstance(key, tuple) else key
    sample = sample_of(Answer(status=200, method=probe.read.method, path=probe.read.path), key, pair)
    return Stale(
        write=shortened(redact(f"{probe.write.method} {probe.write.path}")),
        read=sample.request,
        principal=probe.read.principal,
        where=where,
        shown=sample.candidate,
    )


def _general(key: Key) -> Key:
    return without_indices(key) if isinstance(key, tuple) else key
