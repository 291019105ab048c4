"""
Every principal asks for the same URLs after and together with every other, in both arms.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count, pairwise
from threading import Barrier
from time import monotonic

import msgspec

from hasten.log import event, operation, redact
from hasten.model import Noun
from hasten.verify.answers import CANDIDATE, CONTROL, CONTROL_AGAIN, Answer, Ask, Declared
from hasten.verify.answers.compare import answered
from hasten.verify.answers.samples import shortened
from hasten.verify.answers.shapes import identity_of
from hasten.verify.identity.askers import VARIANTS, Asker, Variant, as_variant, every_ordered_pair
from hasten.verify.identity.canaries import learned
from hasten.verify.identity.leaks import Cookies, Suspicion, Truth, canaries_in, is_explained, unreadable
from hasten.verify.identity.result import CRITICAL, Identity, Leak, LeakKind
from hasten.verify.identity.urls import chosen, with_parameter
from hasten.world.load.plan import LoadRequest
from hasten.world.principals import ANONYMOUS

#: How often control is asked again before an answer is called a leak.
ASKED_AGAIN = 2
_TOGETHER_TIMEOUT_S = 60.0
#: Of the time, what may go into learning from control.
LEARNING_SHARE = 0.4
#: How often everybody asks at the same moment.
ALL_AT_ONCE = 3
_MOST_NAMED = 20


class IdentityPlan(Noun, frozen=True, kw_only=True):
    """
    One run of the gate.

    principals: Test identities; `anonymous` is added. Three or more, or the gate says that it does not know.
    canaries: Strings by principal that nobody else may see, besides those that are learned from control.
    telling: Requests that are asked of control only, to learn who is who.
    urls_per_route: Different requests of each route that are tried.
    """

    principals: list[str]
    canaries: dict[str, list[str]] = {}
    telling: list[LoadRequest] = []
    variants: list[Variant] = msgspec.field(default_factory=lambda: list(VARIANTS))
    declared: Declared = Declared()
    urls_per_route: int = 3
    seed: int = 1
    time_budget_s: float = 120.0


def check_identity(
    requests: Sequence[LoadRequest], ask: Ask, plan: IdentityPlan, *, clock: Callable[[], float] = monotonic
) -> Identity:
    """
    Whether each principal gets its own answers from the candidate, whoever asked before or asks at the same time.

    For every URL each ordered pair of principals comes back to back and together, and one principal asks in other
    languages, codings, formats, hosts and ranges. What control answers to the same asker is the truth.
    """
    urls = chosen(requests, plan.urls_per_route, plan.seed)
    with operation("identity.check", urls=len(urls), principals=len(plan.principals)) as result:
        start = clock()
        run = _Run(ask, plan, urls, lambda share: clock() - start < share * plan.time_budget_s)
        try:
            run.learn([*urls, *chosen(plan.telling, plan.urls_per_route, plan.seed)])
            for number, url in enumerate(urls):
                run.try_url(url, number)
                run.finished += 1
        except _OutOfTime:
            pass  # how many URLs are unfinished is in the result
        found = run.result()
        result.update(asked=found.asked, leaks=len(found.leaks))
    return found


class _OutOfTime(Exception):
    """
    The budget is spent; what was asked so far counts.
    """


class _Run:
    """
    One run of the gate while it goes on.

    Args:
        has_time: Whether less than that share of the budget is spent.
    """

    def __init__(
        self, ask: Ask, plan: IdentityPlan, urls: Sequence[LoadRequest], has_time: Callable[[float], bool]
    ) -> None:
        self._ask, self._plan, self._urls, self._has_time = ask, plan, urls, has_time
        self._people = [Asker(principal=name) for name in dict.fromkeys([*plan.principals, ANONYMOUS])]
        self._truths: dict[str, Truth] = {}
        self._canaries: dict[str, set[str]] = {}
        self._cookies = Cookies()
        self._leaks: list[Leak] = []
        self._counts = {"asked": 0, "pairs": 0, "together": 0, "explained": 0}
        self.finished = 0

    def learn(self, urls: Sequence[LoadRequest]) -> None:
        """
        Control told what is true for everybody, and with it which strings belong to one principal alone.

        It stops in good time: the more is known of a URL the better, but the candidate is what is on trial.
        """
        for url in urls:
            if not self._has_time(LEARNING_SHARE):
                break
            if identity_of(url) not in self._truths:
                self._truths[identity_of(url)] = self._truth(url, self._people)
        told = {
            asker.principal: [truth.answers[asker.name] for truth in self._truths.values()] for asker in self._people
        }
        self._canaries = learned(told)
        for name, strings in self._plan.canaries.items():
            self._canaries.setdefault(name, set()).update(strings)

    def try_url(self, url: LoadRequest, number: int) -> None:
        """
        Everybody asked the candidate for one URL: together while it is cold, then back to back, then in other ways.
        """
        if identity_of(url) not in self._truths:
            raise _OutOfTime
        truth = self._truths[identity_of(url)]
        seed = f"{self._plan.seed}:{number}"
        circuit = every_ordered_pair(self._people, seed)
        # Requests are joined, and caches filled, only where nothing is stored yet: each time is the first time.
        fresh = self._cold_urls(url, truth)
        for group in [*[self._people] * ALL_AT_ONCE, *pairwise(circuit)]:
            self._together(next(fresh), group, truth)
        self._back_to_back(url, circuit, truth)
        self._counts["pairs"] += len(circuit) - 1
        asker = self._people[number % len(self._people)]
        ways = [as_variant(asker, variant) for variant in self._plan.variants]
        told = self._truth(url, ways)
        told = Truth({asker.name: truth.answers[asker.name], **told.answers}, truth.noise | told.noise)
        for way in ways:
            self._back_to_back(url, [asker, way, asker], told)

    def _cold_urls(self, url: LoadRequest, truth: Truth) -> Iterator[LoadRequest]:
        """
        The same page at another URL each time, where control does not mind; else the URL itself, which warms up.
        """
        first = with_parameter(url, f"{self._plan.seed}-0")
        told = self._truth(first, self._people)
        is_same = all(not truth.differs(name, answers[0]) for name, answers in told.answers.items())
        for number in count(1):
            yield with_parameter(url, f"{self._plan.seed}-{number}") if is_same else url

    def _truth(self, url: LoadRequest, askers: Iterable[Asker]) -> Truth:
        return Truth.of(
            {
                asker.name: (
                    answered(self._ask, CONTROL, asker.asking(url)),
                    answered(self._ask, CONTROL_AGAIN, asker.asking(url)),
                )
                for asker in askers
            }
        )

    def _back_to_back(self, url: LoadRequest, askers: Sequence[Asker], truth: Truth) -> None:
        before = ""
        for asker in askers:
            if not self._has_time(1.0):
                raise _OutOfTime
            answer = answered(self._ask, CANDIDATE, asker.asking(url))
            self._judge(url, asker, answer, truth, f"after {before}" if before else "first")
            before = asker.name

    def _together(self, url: LoadRequest, askers: Sequence[Asker], truth: Truth) -> None:
        if not self._has_time(1.0):
            raise _OutOfTime
        start = Barrier(len(askers), timeout=_TOGETHER_TIMEOUT_S)

        def one(asker: Asker) -> Answer:
            start.wait()
            return answered(self._ask, CANDIDATE, asker.asking(url))

        with ThreadPoolExecutor(len(askers), thread_name_prefix="asker") as threads:
            answers = list(threads.map(one, askers))
        for asker, answer in zip(askers, answers, strict=True):
            others = ", ".join(other.name for other in askers if other != asker)
            self._judge(url, asker, answer, truth, f"together with {others}")
        self._counts["together"] += len(askers)

    def _judge(self, url: LoadRequest, asker: Asker, answer: Answer, truth: Truth, how: str) -> None:
        self._counts["asked"] += 1
        own = truth.answers[asker.name]
        found: list[Suspicion] = [
            *canaries_in(answer, asker.principal, own, self._canaries),
            *truth.borrowed(asker.name, answer, self._plan.declared),
            *self._cookies.replayed(answer, asker.principal, own),
            *unreadable(asker, answer, own),
        ]
        for suspicion in found:
            if self._is_explained(suspicion, url, asker, answer):
                self._counts["explained"] += 1
            else:
                self._leak(suspicion, url, asker, how)

    def _is_explained(self, suspicion: Suspicion, url: LoadRequest, asker: Asker, answer: Answer) -> bool:
        request = asker.asking(url)
        return any(
            is_explained(suspicion, answer, answered(self._ask, arm, request), self._plan.declared)
            for _ in range(ASKED_AGAIN)
            for arm in (CONTROL, CONTROL_AGAIN)
        )

    def _leak(self, suspicion: Suspicion, url: LoadRequest, asker: Asker, how: str) -> None:
        # The same principal's answer in another language or coding is wrong, and tells nobody anything.
        is_own = suspicion.kind is LeakKind.ANSWER and suspicion.belongs_to.partition(" (")[0] == asker.principal
        leak = Leak(
            kind=LeakKind.VARIANT if is_own else suspicion.kind,
            route=url.name,
            request=shortened(redact(f"{url.method} {url.path}")),
            given_to=asker.name,
            belongs_to=suspicion.belongs_to,
            how=how,
            where=suspicion.where,
            shown=suspicion.shown,
        )
        if not self._leaks:
            event("identity.leak", severity=CRITICAL, **msgspec.to_builtins(leak))
        self._leaks.append(leak)

    def result(self) -> Identity:
        """
        What was found.
        """
        names = [asker.name for asker in self._people]
        truths = [self._truths[identity_of(url)] for url in self._urls if identity_of(url) in self._truths]
        errors_only = all(each.is_error for truth in truths for pair in truth.answers.values() for each in pair)
        notes = ["control gives it by now too: somebody wrote meanwhile"] if self._counts["explained"] else []
        return Identity(
            principals=names,
            urls=self.finished,
            asked=self._counts["asked"],
            pairs=self._counts["pairs"],
            together=self._counts["together"],
            canaries={name: len(self._canaries.get(name, ())) for name in names if name != ANONYMOUS},
            personal=sum(truth.is_personal(names) for truth in truths),
            unfinished=len(self._urls) - self.finished,
            errors_only=errors_only,
            leaks=self._leaks[:_MOST_NAMED],
            notes=notes,
        )
