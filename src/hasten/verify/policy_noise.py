"""
Control against control in the running application: both sides of every request ask for the control arm.
"""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from hasten.model import Noise, digest_of
from hasten.verify import control_twice, noise, noise_floor, policy_pacing
from hasten.verify.policy_pacing import Pacing
from hasten.verify.policy_pairs import Pairs
from hasten.verify.policy_setting import Setting
from hasten.verify.sequence import Plan, Progress
from hasten.verify.tally import Tally
from hasten.world.load.duet import duet
from hasten.world.load.plan import LoadPlan


def floor_of(setting: Setting, url: str, pacing: Pacing, plan: Plan, progress: Progress) -> Noise | None:
    """
    The noise of this place for these requests, over the network at that address.

    Its pairs are cut like those of the trial, so this is as sure as the trial will be.
    """
    conditions = conditions_of(setting)

    def play() -> Noise | None:
        # What fails here is nobody's change, so its tally is its own.
        alike = replace(setting, tally=Tally(), notes=[])
        with duet(control_alone(setting.plans(url)), setting.renewing()) as both:
            pairs = Pairs(alike, both, pacing, plan.seed, most=noise.PAIRS)
            return noise.calibrate(pairs.play, plan.weights, plan.seed, conditions, progress)

    return noise_floor.floor_of(plan, conditions, play)


def conditions_of(setting: Setting) -> str:
    """
    A digest of what a noise floor holds for: host, network, load, requests, the rules in force, what was observed.
    """
    app = setting.app
    return digest_of(
        [
            "split",
            control_twice.host(),
            app.target.browser.network,
            [policy_pacing.PAIR_S, policy_pacing.WANTED_PER_ARM, policy_pacing.UTILIZATION],
            app.target.traffic.rate_per_s if setting.others else 0.0,
            [control_twice.asked(setting.touched), control_twice.asked(setting.others)],
            msgspec.to_builtins(app.policy.read().rules),
            app.gathered.id if app.gathered else "",
        ]
    )


def control_alone(plans: Sequence[LoadPlan]) -> list[LoadPlan]:
    """
    Both sides ask for control, in either copy of a request (`policy_requests.arm_plans`: its even ones are control's).
    """
    requests = [each for each in plans[0].requests[::2] for _ in (0, 1)]
    return [msgspec.structs.replace(plan, requests=requests) for plan in plans]
