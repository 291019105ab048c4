"""
The few indexes that together save the most, over the whole recorded workload.

Greedy: the candidate that saves most is taken, all others are priced again on top of it, until the next one saves too
little. On a copy of the database each pick is also timed with the real statements: the planner's cost is good for
ranking and poor as a promise.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from hasten.application import App
from hasten.errors import NotAllowed
from hasten.log import event, operation
from hasten.model import Finding
from hasten.optimize.database._indexes.candidates import Candidate, candidates, fairly
from hasten.optimize.database._indexes.changes import Choice
from hasten.optimize.database._indexes.definition import PREFIX, Definition
from hasten.optimize.database._indexes.hypothetical import HypotheticalPrices, has_hypopg
from hasten.optimize.database._indexes.pricing import BuiltPrices, Prices
from hasten.optimize.database._indexes.telling import expectation, reason, slower
from hasten.optimize.database._indexes.workload import Statement, statements_of, touched_by
from hasten.tradeoff import is_paid_for

Progress = Callable[[float, str], None]

#: An index that saves less of the database's time than this is not worth its upkeep.
LEAST_SHARE = 0.03
#: Between indexes that save almost the same, the smaller one is taken.
ALMOST = 0.02
#: Candidates that cost the planner almost the same are timed, this many of them.
MOST_TIMED = 3
#: The part of a candidate's difference that is timed before it is proposed.
TIMED_SHARE = 0.95
#: A statement with more than this share of the database's time is timed too where its price moves at all.
OFTEN_ENOUGH = 0.005
MOVED = 0.01
#: A statement that takes this many times as long, and this much longer, would be the end of the trial.
SLOWER_RATIO = 1.15
SLOWER_S = 0.002
MOST_CANDIDATES = 24
BUDGET_S = 60.0
BUILD_SHARE = 0.5
#: One more entry in a B-tree: 11 µs (integers) and 29 µs (random text) measured on 2.5 million rows, machine busy.
ENTRY_S = 20e-6


def silent(_done: float, _what: str) -> None:
    """
    Nobody watches.
    """


@dataclass(frozen=True)
class Timing:
    """
    What an index brought when it was tried: seconds saved in the window, seconds per timed statement, and the
    statements that it slows down (a plan that only looks cheaper).
    """

    gains: dict[str, float]
    seconds: dict[str, float] = field(default_factory=dict)
    slower: list[str] = field(default_factory=list)


@dataclass
class Search:
    """
    The state of one search. `now_s` is what each statement costs in the window with what was chosen so far.
    """

    prices: Prices
    statements: list[Statement]
    total_s: float
    now_s: dict[str, float]
    chosen: list[Definition] = field(default_factory=list)
    timed: dict[str, float] = field(default_factory=dict)

    def take(self, wanted: Definition, timing: "Timing") -> None:
        """
        The index is one of those chosen; everything is priced on top of it from now on.
        """
        self.chosen.append(wanted)
        self.timed.update(timing.seconds)
        for name, gain in timing.gains.items():
            self.now_s[name] = max(self.now_s[name] - gain, 0.0)

    def gains(self, wanted: Definition, costs_now: dict[str, float]) -> dict[str, float]:
        """
        The seconds in the window that one more index saves each statement, as the planner prices it.
        """
        concerned = [each for each in self.statements if wanted.table in each.tables]
        then = self.prices.costs(concerned, [*self.chosen, wanted])
        return {
            name: self.now_s[name] * (1 - cost / costs_now[name])
            for name, cost in then.items()
            if costs_now.get(name, 0) > 0
        }

    def measured(self, wanted: Definition, gains: dict[str, float]) -> "Timing":
        """
        The same, timed: the statements that should change are run without and with the index.
        """
        changed = self._worth_timing(gains)
        fresh = [each for each in changed if each.query_id not in self.timed]
        before = self.prices.seconds(fresh, self.chosen)
        after = self.prices.seconds(changed, [*self.chosen, wanted])
        if before is None or after is None:
            return Timing(gains)
        self.timed.update(before)
        shares = {name: 1 - seconds / self.timed[name] for name, seconds in after.items() if self.timed[name] > 0}
        slower = [name for name, seconds in after.items() if _is_slower(self.timed[name], seconds)]
        return Timing({**gains, **{name: self.now_s[name] * share for name, share in shares.items()}}, after, slower)

    def _worth_timing(self, gains: dict[str, float]) -> list[Statement]:
        """
        The statements that make up nearly all of the difference, and whatever else is planned differently and matters.

        For the rest the planner is believed.
        """
        ranked = sorted(self.statements, key=lambda each: abs(gains.get(each.query_id, 0)), reverse=True)
        whole = sum(abs(gain) for gain in gains.values())
        found: list[Statement] = []
        covered = 0.0
        for each in ranked:
            gain, now_s = abs(gains.get(each.query_id, 0)), self.now_s[each.query_id]
            moves = now_s > OFTEN_ENOUGH * self.total_s and gain > MOVED * now_s
            if covered < TIMED_SHARE * whole or moves:
                found.append(each)
            covered += gain
        return found

    def saved_s(self, wanted: Definition, gains: dict[str, float]) -> float:
        """
        What the index saves in the window, its upkeep paid.
        """
        return sum(gains.values()) - self.upkeep_s(wanted)

    def is_paid_for(self, name: str, gains: dict[str, float], saved_s: float) -> bool:
        """
        Whether what a statement loses is next to nothing beside what all of them save.
        """
        calls = next(max(each.calls, 1) for each in self.statements if each.query_id == name)
        lost_s = -gains[name]
        return is_paid_for(lost_s / calls, ratio=1 + lost_s / self.now_s[name], calls=calls, saved_s=saved_s)

    def upkeep_s(self, wanted: Definition) -> float:
        """
        What keeping the index up to date costs in the window.
        """
        writes = [each for each in self.statements if each.is_write and _writes(each, wanted.table)]
        return ENTRY_S * sum(each.calls for each in writes)


def _is_slower(before_s: float, after_s: float) -> bool:
    return after_s > SLOWER_RATIO * before_s and after_s - before_s > SLOWER_S


def _writes(statement: Statement, table: str) -> bool:
    return any(use.role != "read" for use in statement.shape.of(table))


def search(findings: list[Finding], app: App, progress: Progress = silent) -> list[Choice]:
    """
    The indexes that are worth a trial, best first; [] where nothing is. Nothing of the application is touched.
    """
    seen = app.observation
    statements = statements_of(seen)
    existing = [index.name for index in seen.indexes if index.name.startswith(PREFIX) and index.valid]
    room = app.target.allow.max_indexes - len(existing)
    asked = [each for each in touched_by(findings, statements) if each.samples]
    wanted = candidates(asked, seen.tables, seen.indexes)
    total_s = sum(profile.total_s for profile in seen.statements)
    wanted = fairly([each for each in wanted if each.potential_s >= LEAST_SHARE * total_s], statements)
    wanted = wanted[:MOST_CANDIDATES]
    if room <= 0 or not wanted or total_s <= 0:
        return []
    with operation("indexes.search", candidates=len(wanted), statements=len(statements)) as result:
        with _prices(wanted, app, progress) as (prices, deadline):
            state = Search(
                prices, [s for s in statements if s.samples], total_s, {s.query_id: s.total_s for s in statements}
            )
            found = _greedy(state, room, app.target.allow.max_index_mb * 1e6, deadline, progress)
        result.update(found=len(found), priced_by=prices.name, left_s=round(deadline - monotonic(), 1))
    return found


@contextmanager
def _prices(wanted: list[Candidate], app: App, progress: Progress) -> Iterator[tuple[Prices, float]]:
    """
    Where the candidates are priced, and until when (monotonic clock); making a clone is not counted.

    Raises:
        NotAllowed, Unreachable: there is neither HypoPG nor a clone.
    """
    if has_hypopg(app):
        progress(0.1, f"pricing {len(wanted)} candidates with HypoPG")
        with app.database.connect() as connection:
            prices = HypotheticalPrices(connection, [each.definition for each in wanted], app.observation.tables)
            yield prices, monotonic() + BUDGET_S
        return
    if not app.target.allow.clones:
        raise NotAllowed(
            "indexes are priced with HypoPG or on a private clone: this database has no HypoPG, and [allow] clones is "
            "false",
            hint="CREATE EXTENSION hypopg in this database, or set [allow] clones = true for `hasten plan`; trials "
            "do without clones",
        )
    progress(0.1, "cloning the database, to build candidates there")
    with app.clones(1) as [scratch], scratch.database.connect(statement_timeout_s=BUDGET_S) as connection:
        start = monotonic()
        built = BuiltPrices(connection)
        progress(0.2, f"building up to {len(wanted)} candidates on the clone")
        built.build(wanted, deadline=start + BUILD_SHARE * BUDGET_S)
        yield built, start + BUDGET_S


def _greedy(state: Search, room: int, most_bytes: float, deadline: float, progress: Progress) -> list[Choice]:
    sizes = state.prices.sizes
    open_ = {definition for definition, size in sizes.items() if size <= most_bytes}
    for definition in sizes.keys() - open_:
        event("indexes.too_big", index=str(definition), size_bytes=sizes[definition], limit_bytes=most_bytes)
    found: list[Choice] = []
    while open_ and len(found) < room and monotonic() < deadline:
        progress(0.5 + 0.5 * len(found) / room, f"pricing {len(open_)} candidates on top of {len(found)}")
        close = _best(state, open_, sizes)
        if not close:
            break
        tried = {wanted: state.measured(wanted, gains) for wanted, gains in close.items()}
        worth = {wanted: timing for wanted, timing in tried.items() if _is_worth_it(state, wanted, timing)}
        if not worth:
            open_ -= tried.keys()
            continue
        # A wider index often serves the same statements without tempting the planner: that one is taken instead.
        worth = {wanted: timing for wanted, timing in worth.items() if not timing.slower} or worth
        wanted = _smallest({each: state.saved_s(each, timing.gains) for each, timing in worth.items()}, state, sizes)[0]
        open_.discard(wanted)
        found.append(_choice(state, wanted, worth[wanted]))
        state.take(wanted, worth[wanted])
    return sorted(found, key=lambda choice: choice.saves_share, reverse=True)


def _is_worth_it(state: Search, wanted: Definition, timing: Timing) -> bool:
    saved = state.saved_s(wanted, timing.gains)
    priced = {"saves_s": round(saved, 3), "of_s": round(state.total_s, 3), "slows": timing.slower}
    event("indexes.priced", index=str(wanted), **priced)
    return saved >= LEAST_SHARE * state.total_s and all(
        state.is_paid_for(name, timing.gains, saved) for name in timing.slower
    )


def _best(
    state: Search, open_: Collection[Definition], sizes: dict[Definition, int]
) -> dict[Definition, dict[str, float]]:
    """
    The few candidates that save most on top of those chosen, with their gains; none where none saves enough.
    """
    now = state.prices.costs(state.statements, state.chosen)
    priced = {wanted: state.gains(wanted, now) for wanted in sorted(open_)}
    saves = {wanted: state.saved_s(wanted, gains) for wanted, gains in priced.items()}
    if max(saves.values()) < LEAST_SHARE * state.total_s:
        return {}
    return {wanted: priced[wanted] for wanted in _smallest(saves, state, sizes)[:MOST_TIMED]}


def _smallest(saves: dict[Definition, float], state: Search, sizes: dict[Definition, int]) -> list[Definition]:
    """
    Those that save almost as much as the best one, the smallest first.
    """
    most = max(saves.values())
    close = [wanted for wanted, saved in saves.items() if saved >= most - ALMOST * state.total_s]
    return sorted(close, key=lambda wanted: (sizes[wanted], len(wanted.keys), -saves[wanted], wanted))


def _choice(state: Search, wanted: Definition, timing: Timing) -> Choice:
    gains, saved = timing.gains, state.saved_s(wanted, timing.gains)
    serves = [name for name, gain in sorted(gains.items(), key=lambda item: -item[1]) if gain > 0.005 * state.total_s]
    served = [each for name in serves for each in state.statements if each.query_id == name]
    size = state.prices.sizes[wanted]
    return Choice(
        definition=wanted,
        why=reason(wanted, served, state.total_s),
        expects=expectation(served, gains, state.now_s, saved / state.total_s, size, state.upkeep_s(wanted))
        + slower([each for each in state.statements if each.query_id in timing.slower], gains, state.now_s),
        serves=serves,
        saves_share=saved / state.total_s,
        size_bytes=size,
        priced_by=state.prices.name,
    )
