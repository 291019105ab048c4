"""
What follows from a trial's blocks.
"""

import msgspec
import numpy as np
import pytest
from tests.verify.simulated import machine

from hasten.model import Block, Ending, Grade, Guard, Trial
from hasten.verify.judging import OF_REQUESTS, OF_STATEMENTS, REQUESTS, bare, judged, support_of
from hasten.verify.sequence import Plan, run_pairs


def of_statements(effect: float = 0.5, noise: float = 0.1) -> Trial:
    """
    A trial on clones as it was played, with the facts that its guards need.
    """
    plan = Plan(weights={"a": 100.0}, least_gain=0.10)
    trial = bare("c", Grade.A, "clone", plan, run_pairs(machine(effect, noise, 1), plan))
    facts = {"total_s": 200.0, "observed_s": {"a": 100.0}, "added_bytes": 10, "limit_bytes": 100.0}
    return msgspec.structs.replace(trial, facts=facts, equivalence={"compared": 3, "unequal": []})


def of_requests(errors: int = 0) -> Trial:
    """
    A trial of two arms that answer requests of two routes.
    """
    random = np.random.default_rng(4)
    plan = Plan(weights={"GET /a": 3.0, "GET /b": 1.0})

    def play(index: int, _control_first: bool) -> Block:
        samples = [
            {"GET /a": (random.lognormal(0, 0.2, 30) * ratio).tolist(), "GET /b": random.lognormal(0, 0.2, 10).tolist()}
            for ratio in (1.0, 0.5)
        ]
        means = [{name: float(np.mean(each)) for name, each in arm.items()} for arm in samples]
        return Block(
            index=index, order="", control=means[0], candidate=means[1], control_samples=samples[0],
            candidate_samples=samples[1], candidate_errors=errors,
        )  # fmt: skip

    trial = bare("c", Grade.A, "arms", plan, run_pairs(play, plan))
    return msgspec.structs.replace(trial, facts=REQUESTS)


def test_a_trial_of_statements_has_all_of_its_guards() -> None:
    """
    Each guard is computed, in its order, and held.
    """
    trial = judged(of_statements(), OF_STATEMENTS)

    assert [(name, True) for name in OF_STATEMENTS] == [(guard.name, guard.ok) for guard in trial.guards]
    assert [16] == [look.pairs for look in trial.looks]


def test_the_whole_database_is_told_beside_the_statements() -> None:
    """
    Half of the database's time was at stake and a half of it was saved: a quarter of all.
    """
    trial = judged(of_statements(0.5, noise=0.0001), OF_STATEMENTS)

    assert pytest.approx(0.75, abs=0.001) == trial.effects[0].ratio


def test_a_trial_of_requests_tells_each_route() -> None:
    """
    Mean, median and p95 of the route with enough requests; the guard of routes and that of errors held.
    """
    trial = judged(of_requests(), OF_REQUESTS)
    told = [(each.where.name, each.metric.rsplit(".", 1)[1]) for each in trial.effects]

    assert [("GET /a", "mean"), ("GET /b", "mean"), ("GET /a", "p50"), ("GET /a", "p95"), ("GET /b", "p50")] == told
    assert [(name, True) for name in OF_REQUESTS] == [(guard.name, guard.ok) for guard in trial.guards]
    assert {"GET /a": 480, "GET /b": 160} == support_of(trial)


def test_errors_of_the_candidate_fail_it() -> None:
    """
    One of forty requests failing in every block is seen.
    """
    trial = judged(of_requests(errors=1), OF_REQUESTS)

    assert {"harm": True, "error_rate": False, "routes": True} == {guard.name: guard.ok for guard in trial.guards}


def test_guards_from_elsewhere_stay_as_they_are() -> None:
    """
    What compares answers comes ready made, also when the trial is judged again.
    """
    answers = Guard(name="answers", ok=False, detail="they differ")
    trial = judged(msgspec.structs.replace(of_statements(), guards=[answers]), ("harm",))

    assert ["harm", "answers"] == [guard.name for guard in trial.guards]
    assert trial == judged(trial)


def test_an_undecided_trial_says_what_it_would_need() -> None:
    """
    Too noisy to tell: more pairs than it had.
    """
    trial = judged(of_statements(0.93, noise=0.5), OF_STATEMENTS)

    assert Ending.LAST_LOOK == trial.ended
    assert trial.needs_pairs is not None
    assert trial.needs_pairs > 80
    assert judged(of_statements(), OF_STATEMENTS).needs_pairs is None
