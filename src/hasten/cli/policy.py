"""
hasten policy: show what the agents obey, go back in it, or switch it off.
"""

import difflib

import click
import msgspec

from hasten.cli.options import common
from hasten.cli.output import out, plain, say_json
from hasten.errors import ConfigError
from hasten.session import alone, located
from hasten.world import workers
from hasten.world.policy_file import NOTHING, Policy, PolicyFile


@click.group()
def command() -> None:
    """
    Show the agents' policy, go back in it, or switch it off.
    """


@command.command()
@common
def show(config: str | None, as_json: bool) -> None:
    """
    The rules in force, the kept revisions, and what the workers say that they obey.
    """
    policy = _file(config)
    found, running = policy.read(), workers.alive(policy.workers_dir)
    if as_json:
        revisions = sorted(policy.revisions())
        say_json({"policy": found, "stopped": policy.is_stopped, "workers": running, "revisions": revisions})
        return
    state = "switched off: [bold]hasten policy on[/] lifts it" if policy.is_stopped else "in force"
    out.print(f"revision {found.revision}, {len(found.rules)} rules, {state}  [dim]{plain(str(policy.path))}[/]")
    for rule in found.rules:
        out.print(f"  {plain(rule.id)}  {plain(rule.kind)}  {plain(', '.join(rule.match.paths))}", soft_wrap=True)
    if found.trial is not None:
        out.print(f"on trial: {plain(found.trial.id)}")
    for worker in running:
        refused = f"  [red]refuses it: {plain(worker.policy.error)}[/]" if worker.policy.error else ""
        out.print(f"worker {worker.pid} ({plain(worker.server)}) obeys revision {worker.policy.revision}{refused}")
    if not running:
        out.print("no worker reports: nothing runs with the agent in it")


@command.command()
@click.argument("revision", type=int, required=False)
@common
def diff(revision: int | None, config: str | None, as_json: bool) -> None:
    """
    What changed since REVISION (default: the one before).
    """
    policy = _file(config)
    now = policy.read()
    kept = {0: NOTHING, **policy.revisions()}
    wanted = max((each for each in kept if each < now.revision), default=0) if revision is None else revision
    if wanted not in kept:
        raise ConfigError(f"revision {wanted} was not kept", hint=f"kept: {', '.join(map(str, sorted(kept)))}")
    names = f"revision {wanted}", f"revision {now.revision}"
    lines = list(difflib.unified_diff(_lines(kept[wanted]), _lines(now), *names, lineterm=""))
    if as_json:
        say_json({"from": wanted, "to": now.revision, "diff": lines})
        return
    for line in lines:
        out.print(plain(line), soft_wrap=True)
    if not lines:
        out.print(f"the rules are those of revision {wanted}")


@command.command()
@click.argument("revision", type=int, required=False)
@common
def rollback(revision: int | None, config: str | None, as_json: bool) -> None:
    """
    Put the rules of REVISION (default: the one before; 0: none) in force again, under a new number.

    The ledger is not asked: for a change that it has as kept, use `hasten rollback`.
    """
    place = located(config)
    with alone(place.state_dir):
        found = _file(config).go_back(revision)
    if as_json:
        say_json({"policy": found})
    else:
        out.print(f"revision {found.revision} is in force: {len(found.rules)} rules")


@command.command()
@common
def off(config: str | None, as_json: bool) -> None:
    """
    No rule is obeyed, within a second, until `hasten policy on`. Works while another Hasten runs.
    """
    policy = _file(config)
    policy.stop()
    _say_switched(policy, as_json=as_json)


@command.command()
@common
def on(config: str | None, as_json: bool) -> None:
    """
    The policy is obeyed again.
    """
    policy = _file(config)
    policy.go_on()
    _say_switched(policy, as_json=as_json)


def _file(config: str | None) -> PolicyFile:
    return PolicyFile(located(config).state_dir / "policy")


def _lines(policy: Policy) -> list[str]:
    return msgspec.json.format(msgspec.json.encode(policy.rules), indent=2).decode().splitlines()


def _say_switched(policy: PolicyFile, *, as_json: bool) -> None:
    if as_json:
        say_json({"stopped": policy.is_stopped})
    elif policy.is_stopped:
        out.print(f"off: no rule is obeyed while {plain(str(policy.stop_path))} is there", soft_wrap=True)
    else:
        out.print("on: the policy is obeyed")
