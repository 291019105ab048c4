"""
A rule of the policy on trial: candidate beside control in the one application that runs.

Every request goes to both arms at the same moment; which one is written first is drawn. So nothing has to be washed out
between blocks, and whatever else the machine does happens to both. Only the requests of the trial are in the candidate
arm (its share of anybody else's is 0), and it ends by itself when Hasten dies.

Answers travel as over the visitors' network ([browser] network), through a proxy on loopback that really lets so many
bytes per second pass. The effect is the time until the last byte; the time at the server itself is guarded.

Control is played against control first, in the same way (policy_noise).
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec

from hasten.application import App
from hasten.errors import NoData
from hasten.log import operation
from hasten.model import Change, Effect, Grade, Guard, Noise, Trial
from hasten.verify import answers, judging, noise_floor, policy_noise, policy_requests
from hasten.verify.answers.arms import arms_at
from hasten.verify.policy_pacing import PAIR_S, Pacing, pacing_of
from hasten.verify.policy_pairs import Pairs, Server, at_the_server, travel
from hasten.verify.policy_requests import HEADER
from hasten.verify.policy_setting import OTHERS, Setting, set_up
from hasten.verify.revisits import Returning
from hasten.verify.sequence import Plan, Played, Progress, run_pairs
from hasten.world.load.duet import duet
from hasten.world.paced_proxy import LINKS, paced
from hasten.world.policy_file import Rule, with_rule

ARENA = "split"
#: The guards of such a trial, in their order.
GUARDS = ("answers", "harm", "error_rate", "failures", "statuses", "routes", "server time")
#: The candidate may need so much more time at the server before it counts as worse; both must be exceeded.
WORSE_SERVER, WORSE_SERVER_S = 1.20, 0.010
COMPARE_S = 30.0


class Judged(Protocol):
    """
    The part of a remedy that a trial needs; it may also say in `declares` what its answers have on purpose.
    """

    about: Any


def run_policy_trial(
    change: Change,
    remedy: Judged,
    app: App,
    *,
    plan: Plan | None = None,
    progress: Progress = lambda _done, _what: None,
    pair_s: float | None = None,
) -> Trial:
    """
    Control against candidate in the running application; the candidate is gone afterwards.

    Args:
        plan: How it is run; its weights are set here.
        pair_s: The least length of a pair; PAIR_S if left out.

    Raises:
        ApplyFailed: no worker took the candidate: the agent is not in the application, or refuses the rule.
        NoData: nothing is known to ask, or the rule touches none of it.
        Unreachable, NotAllowed: the application does not answer, or refuses a login.
    """
    if not app.url:
        raise NoData("the application does not run", hint="name [application] `url` or processes in hasten.toml")
    plan = plan or Plan(least_gain=remedy.about.least_gain)
    rules = with_rule(app.policy.read().rules, msgspec.convert(change.after["rule"], Rule))
    with (
        operation("trial.policy", change=change.id, seed=plan.seed) as result,
        app.policy.candidate(rules, name=change.id, seed=plan.seed) as candidate,
    ):
        progress(0.0, "putting the candidate beside the control")
        setting = set_up(change, app, candidate)
        progress(0.05, "comparing answers")
        same = _compared(setting, getattr(remedy, "declares", {}), plan.seed)
        progress(0.1, "timing the server itself")
        server = at_the_server(setting, plan.seed)
        plan = replace(plan, weights={OTHERS: 0.0})
        timed = _play(setting, plan, server, (pair_s or PAIR_S, progress))
        trial = _judged(setting, timed, same, server)
        result.update(pairs=len(trial.blocks), ended=trial.ended)
    return trial


def _compared(setting: Setting, declares: Mapping[str, Any], seed: int) -> answers.Equivalence:
    declared = msgspec.convert(dict(declares), answers.Declared)
    declared = msgspec.structs.replace(declared, may_differ=[*declared.may_differ, f"header:{HEADER}"])
    clients = policy_requests.clients_of(setting.first)
    plan = answers.ComparisonPlan(seed=seed, declared=declared, known=clients, time_budget_s=COMPARE_S)
    names = {answers.CONTROL: "control", answers.CONTROL_AGAIN: "control", answers.CANDIDATE: "candidate"}
    with arms_at(
        dict.fromkeys(names, setting.app.url),
        setting.app.target,
        sessions=dict.fromkeys(names, setting.sessions),
        headers={arm: policy_requests.arm(setting.candidate, name) for arm, name in names.items()},
        timeout_s=setting.app.target.traffic.timeout_s,
    ) as ask:
        return answers.compare_answers(clients, Returning(ask), plan)


@dataclass(frozen=True)
class _Timed:
    """
    What was played by which plan; nothing where the noise floor forbids it.
    """

    plan: Plan
    floor: Noise | None
    played: Played | None


def _play(setting: Setting, plan: Plan, server: Server, run: tuple[float, Progress]) -> _Timed:
    pair_s, progress = run
    target = setting.app.target
    link = LINKS.get(target.browser.network)
    network = paced(setting.app.url, link) if link else nullcontext(setting.app.url)
    with network as url, duet(setting.plans(url), setting.renewing()) as both:
        progress(0.15, "timing the answers over the visitors' network")
        rate = target.traffic.rate_per_s if setting.others else 0.0
        fewest = min(Counter(each.name for each in setting.touched).values())
        pacing = pacing_of(
            server.seconds, travel(setting, both), rate, per_route=fewest, least_s=pair_s, budget_s=plan.budget_s
        )
        setting.notes.append(_says(setting, pacing, target.browser.network if link else "loopback"))
        floor = policy_noise.floor_of(
            setting, url, pacing, plan, lambda done, what: progress(0.15 + 0.2 * done, f"{what}, in one arm")
        )
        if noise_floor.is_hopeless(floor, plan):
            return _Timed(plan, floor, None)
        plan = replace(plan, is_noisy=noise_floor.is_noisy(floor, plan))
        pairs = Pairs(setting, both, pacing, plan.seed)
        played = run_pairs(pairs.play, plan, lambda done, what: progress(0.35 + 0.6 * done, what))
        return _Timed(plan, floor, played)


def _judged(setting: Setting, timed: _Timed, same: answers.Equivalence, server: Server) -> Trial:
    plan, played = timed.plan, timed.played
    cold = tuple(round(each * 1000) for each in setting.cold_s)
    if played is None:
        trial = noise_floor.refused(setting.change.id, ARENA, plan, timed.floor)
        return msgspec.structs.replace(
            trial,
            equivalence=same.as_data(),
            guards=[answers.guard(same)],
            notes=setting.notes,
            facts=dict(judging.REQUESTS),
        )
    trial = judging.bare(setting.change.id, Grade.A, ARENA, plan, played)
    trial = msgspec.structs.replace(
        trial,
        noise=timed.floor,
        weights={**{each.name: 1.0 for each in setting.touched}, OTHERS: 0.0},
        equivalence=same.as_data(),
        guards=[
            answers.guard(same),
            setting.tally.failures_guard(),
            setting.tally.statuses(),
            server_time(server.effect),
        ],
        notes=[
            *setting.notes,
            f"cold, the server took {cold[1]} ms for all of them with the change, {cold[0]} ms without it",
            *setting.tally.notes(),
        ],
        facts={**judging.REQUESTS, "harm_alpha": plan.harm_alpha},
    )
    return judging.judged(trial, GUARDS)


def server_time(effect: Effect | None) -> Guard:
    """
    The server itself is not shown to take much longer for the same requests, once they are warm.
    """
    if effect is None:
        return Guard(name="server time", ok=None, detail="too few pairs straight to the server", limit=WORSE_SERVER)
    more_s = (effect.low - 1) * effect.control
    return Guard(
        name="server time",
        ok=not (effect.low > WORSE_SERVER and more_s > WORSE_SERVER_S),
        detail=f"{effect.candidate * 1000:.3g} ms at the server with the change, {effect.control * 1000:.3g} without",
        value=effect.low,
        limit=WORSE_SERVER,
    )


def _says(setting: Setting, pacing: Pacing, network: str) -> str:
    asked = pacing.repeats * len(setting.touched)
    return (
        f"over {network}; {asked} requests in each arm of a pair of {pacing.pair_s:.3g} s, and {pacing.others} others; "
        "both arms of a request begin at the same moment, so nothing has to be washed out"
    )
