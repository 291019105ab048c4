"""
Equal arms in one application; whole trials are in tests/real/test_policy_trial.py.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from hasten.application import App
from hasten.evidence import Observation
from hasten.model import Change
from hasten.target import Browser, Target
from hasten.verify import policy_requests
from hasten.verify.policy_noise import conditions_of, control_alone
from hasten.verify.policy_setting import Setting
from hasten.world.load.plan import LoadRequest
from hasten.world.policy_file import Candidate
from hasten.world.principals import Sessions
from hasten.world.supervisor import Supervisor

CANDIDATE = Candidate(
    id="c", key="k" * 32, share=0, split="request", block_s=5, seed=1, lease_s=6, expires_at=1e10, rules=[]
)
ONE, OTHER = LoadRequest(path="/a.js"), LoadRequest(path="/b.js")


def setting(folder: Path, *, network: str = "fast-4g", touched: LoadRequest = ONE, name: str = "one") -> Setting:
    """
    A trial that is about to begin.
    """
    target, seen = Target(browser=Browser(network=network)), Observation(name=name)
    app = App(target, folder, cast(Supervisor, None), url="http://127.0.0.1:1", gathered=seen)
    sessions = Sessions(app.target, app.url)
    return Setting(cast(Change, None), app, CANDIDATE, sessions, first=[touched])


def test_both_sides_ask_for_control(tmp_path: Path) -> None:
    """
    Whichever copy of a request is asked; nothing else of the plans is different.
    """
    plans = setting(tmp_path).plans("http://127.0.0.1:1")
    alone = control_alone(plans)
    arms = [[each.headers[policy_requests.HEADER] for each in plan.requests] for plan in alone]

    assert [[f"{CANDIDATE.key}:control"] * 2] * 2 == arms
    assert [plan.credentials for plan in plans] == [plan.credentials for plan in alone]
    assert plans[1] != alone[1] == msgspec.structs.replace(plans[1], requests=alone[1].requests)


@pytest.mark.parametrize("changed", [{"network": "slow-4g"}, {"touched": OTHER}, {"name": "two"}])
def test_what_the_noise_hangs_on_is_in_its_conditions(tmp_path: Path, changed: dict[str, Any]) -> None:
    """
    The network, the requests and what was observed; the same again are the same conditions.
    """
    one = setting(tmp_path)
    again = msgspec.structs.replace(one.app.gathered) if one.app.gathered else None

    assert conditions_of(one) == conditions_of(replace(one, app=replace(one.app, gathered=again)))
    assert conditions_of(one) != conditions_of(setting(tmp_path, **changed))
