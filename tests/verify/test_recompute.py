"""
Verdicts, computed again.
"""

from typing import Any

import msgspec
import pytest
from tests.verify.simulated import machine

from hasten.decide import decide
from hasten.model import Grade, Trial, from_json, to_json
from hasten.verify.judging import OF_STATEMENTS, bare, judged
from hasten.verify.noise import calibrate
from hasten.verify.recompute import again
from hasten.verify.sequence import Plan, run_pairs


@pytest.fixture
def recorded() -> Trial:
    """
    A trial as the ledger holds it.
    """
    plan = Plan(weights={"a": 100.0}, seed=11, level=0.004)
    trial = bare("c", Grade.A, "clone", plan, run_pairs(machine(0.7, 0.2, 1), plan))
    trial = msgspec.structs.replace(
        trial,
        facts={"total_s": 200.0, "observed_s": {"a": 100.0}, "added_bytes": 10, "limit_bytes": 100.0},
        equivalence={"compared": 3, "unequal": []},
        noise=calibrate(machine(1.0, 0.1, 5), {"a": 1.0}, 3, "here"),
    )
    return from_json(to_json(judged(trial, OF_STATEMENTS)), Trial)


def test_a_record_that_is_true_comes_out_the_same(recorded: Trial) -> None:
    """
    Looks, effects, guards and noise are those of the blocks, and so is the verdict.
    """
    found = again(recorded)

    assert ([], recorded) == (found.differs, found.trial)
    assert decide(recorded) == decide(found.trial)


@pytest.mark.parametrize(
    ("edited", "differs"),
    [
        ({"looks": []}, ["looks"]),
        ({"effect": None}, ["effect"]),
        ({"effects": []}, ["effects"]),
        ({"seed": 12}, ["looks", "effect", "effects", "noise"]),
        ({"weights": {"a": 100.0}}, []),
        ({"facts": {"added_bytes": 1000, "limit_bytes": 100.0}}, ["effects", "guard:size"]),
        ({"equivalence": {"compared": 0}}, ["guard:rows"]),
    ],
)
def test_what_was_edited_is_named(recorded: Trial, edited: dict[str, Any], differs: list[str]) -> None:
    """
    Each part that does not follow from the blocks is told.
    """
    found = again(msgspec.structs.replace(recorded, **edited)).differs

    assert [each for each in differs if each != "noise"] == found


def test_edited_noise_is_told(recorded: Trial) -> None:
    """
    The noise floor is computed again from its own blocks.
    """
    assert recorded.noise is not None
    quieter = msgspec.structs.replace(recorded.noise, half_width=0.001)

    assert ["noise"] == again(msgspec.structs.replace(recorded, noise=quieter)).differs


def test_edited_blocks_change_the_verdict(recorded: Trial) -> None:
    """
    The verdict follows from the blocks, so blocks that were made better show in the looks.
    """
    better = [msgspec.structs.replace(each, candidate={"a": each.candidate["a"] / 2}) for each in recorded.blocks]

    assert "looks" in again(msgspec.structs.replace(recorded, blocks=better)).differs
