"""
hasten policy: show what the agents obey, go back in it, or switch it off.
"""

import difflib
import os
import sys
from datetime import datetime

import click
import msgspec

from hasten import kill_switch, policy_changes, policy_rollback
from hasten.cli import policy_tables
from hasten.cli.options import common, dry_run
from hasten.cli.output import err, out, plain, say_json
from hasten.errors import ConfigError, HastenError
from hasten.log import REDACTED
from hasten.model import Step
from hasten.record.ledger import Ledger
from hasten.session import Place, located, recording
from hasten.world import workers
from hasten.world.policy_file import NOTHING, Policy, PolicyFile, Rule
from hasten.world.workers import Worker


@click.group()
def command() -> None:
    """
    Show the agents' policy, go back in it, or switch it off.
    """


@command.command()
@click.argument("revision", type=int, required=False)
@common
def show(revision: int | None, config: str | None, as_json: bool) -> None:
    """
    The rules in force, or those of REVISION; the kept revisions; and what the workers say that they obey.
    """
    place, policy = located(config), _file(config)
    found, running = _shown(_at(policy, revision)), workers.alive(policy.workers_dir)
    kept = sorted(policy.revisions())
    switches = [str(path) for path in (policy.stop_path, kill_switch.path_of(place.state_dir)) if os.path.lexists(path)]
    if as_json:
        say_json(
            {"policy": found, "stopped": bool(switches), "stopped_by": switches, "workers": running, "revisions": kept}
        )
        return
    is_now = revision is None
    state = ("switched off" if switches else "in force") if is_now else "not in force"
    out.print(f"revision {found.revision}, {len(found.rules)} rules, {state}  [dim]{plain(str(policy.path))}[/]")
    for rule in found.rules:
        out.print(policy_tables.rule(rule), soft_wrap=True)
    if is_now:
        _say_now(found, str(policy.stop_path), switches, running)
    out.print(f"kept revisions: {_ranges(kept)}", soft_wrap=True)


def _shown(found: Policy) -> Policy:
    """
    The policy without the key that visitors are hashed with while requests are recorded.
    """
    if found.record is None:
        return found
    return msgspec.structs.replace(found, record=msgspec.structs.replace(found.record, key=REDACTED))


def _say_now(found: Policy, own: str, switches: list[str], running: list[Worker]) -> None:
    if found.trial is not None:
        out.print(f"on trial: {plain(found.trial.id)}")
    if found.record is not None:
        until = datetime.fromtimestamp(found.record.expires_at).astimezone()
        out.print(f"requests of {found.record.share:.0%} of visitors are recorded until {until:%H:%M:%S}")
    for path in switches:
        ends = "hasten policy on" if path == own else "hasten resume"
        out.print(f"[yellow]no rule is obeyed[/] while {plain(path)} is there, until [bold]{ends}[/]", soft_wrap=True)
    for worker in running:
        refused = f"  [red]refuses it: {plain(worker.policy.error)}[/]" if worker.policy.error else ""
        out.print(f"worker {worker.pid} ({plain(worker.server)}) obeys revision {worker.policy.revision}{refused}")
    if not running:
        out.print("no worker reports: nothing runs with the agent in it ([bold]hasten run -- PROGRAM[/] starts it so)")


@command.command()
@click.argument("before", type=int, required=False, metavar="[FROM]")
@click.argument("after", type=int, required=False, metavar="[TO]")
@click.option("--trial", "on_trial", is_flag=True, help="Between the rules in force and those on trial now.")
@click.option("--text", is_flag=True, help="As a unified diff of the JSON.")
@click.option("--exit-code", "tells", is_flag=True, help="Exit code 2 where the rules are not the same.")
@common
def diff(
    before: int | None,
    after: int | None,
    on_trial: bool,
    text: bool,
    tells: bool,
    config: str | None,
    as_json: bool,
) -> None:
    """
    What changed between two revisions, rule by rule.

    FROM is the revision before the present one if it is not given, TO the present one; 0 is no rule.
    """
    old, new, name = _two(_file(config), before, after, on_trial=on_trial)
    changes = policy_changes.compared(old.rules, new.rules)
    lines = list(difflib.unified_diff(_lines(old), _lines(new), f"revision {old.revision}", name, lineterm=""))
    if as_json:
        say_json({"from": old.revision, "to": new.revision, "trial": on_trial, "changes": changes, "diff": lines})
    elif text:
        for line in lines:
            out.print(plain(line), soft_wrap=True)
    elif changes:
        out.print(f"from revision {old.revision} to {plain(name)}:")
        out.print(policy_tables.changes(changes))
    else:
        out.print(f"revision {old.revision} and {plain(name)} have the same rules")
    if tells and changes:
        sys.exit(2)


@command.command()
@click.argument("revision", type=int, required=False)
@common
@dry_run
def rollback(revision: int | None, config: str | None, as_json: bool, dry_run: bool) -> None:
    """
    Put the rules of REVISION (default: the one before; 0: none) in force again, under a new number.

    The ledger has it, and the changes that are undone by it or in force again. Where it cannot be written the policy
    goes back all the same, and that is said.
    """
    place, policy = located(config), _file(config)
    book = Ledger(place.state_dir)
    if dry_run:
        found = policy_rollback.would_do(policy, book, revision)
    else:
        with recording(place.state_dir, place.target.application.name) as book:
            found = policy_rollback.go_back(policy, book, revision)
    if as_json:
        say_json(found)
        return
    if found.policy is None:
        out.print(f"would put the {_count(found.rules)} of revision {found.to} in force")
    else:
        now = found.policy
        out.print(f"revision {now.revision} is in force: {_count(now.rules)}, those of revision {found.to}")
    for verb, names in (("undone", found.undone), ("in force again", found.restored)):
        for name in names:
            out.print(f"{verb}: {name}")
    if found.unwritten:
        err.print(f"[yellow]not in the ledger[/]: {plain(found.unwritten)}", soft_wrap=True)


@command.command()
@common
def off(config: str | None, as_json: bool) -> None:
    """
    No rule is obeyed, within a second, until `hasten policy on`. Works while another Hasten runs.
    """
    place, policy = located(config), _file(config)
    # First the switch, which must work whatever becomes of the record.
    policy.stop()
    unwritten = _recorded(place, Step.STOPPED, "hasten policy off")
    _say_switched(place, policy, unwritten, as_json=as_json)


@command.command()
@common
def on(config: str | None, as_json: bool) -> None:
    """
    The policy is obeyed again.
    """
    place, policy = located(config), _file(config)
    was_off = policy.is_stopped
    policy.go_on()
    unwritten = _recorded(place, Step.RESUMED, "hasten policy on") if was_off else ""
    _say_switched(place, policy, unwritten, as_json=as_json)


def _file(config: str | None) -> PolicyFile:
    return PolicyFile(located(config).state_dir / "policy")


def _at(policy: PolicyFile, revision: int | None) -> Policy:
    """
    The policy as it stands, or as a kept revision has it.
    """
    if revision is None:
        return policy.read()
    kept = {0: NOTHING, **policy.revisions()}
    if revision not in kept:
        names = _ranges(sorted(policy.revisions()))
        raise ConfigError(f"revision {revision} of the policy was not kept", hint=f"kept: {names}; 0 is no rule")
    return kept[revision]


def _two(policy: PolicyFile, before: int | None, after: int | None, *, on_trial: bool) -> tuple[Policy, Policy, str]:
    """
    The two that are compared, and what the second is called.
    """
    now = _at(policy, after)
    if not on_trial:
        earlier = max((each for each in policy.revisions() if each < now.revision), default=0)
        return _at(policy, earlier if before is None else before), now, f"revision {now.revision}"
    if before is not None:
        raise ConfigError("--trial takes no revision", hint="it compares what is on trial with what is in force")
    if now.trial is None:
        raise ConfigError("no rule is on trial now", hint="`hasten apply` puts one there while it is tried")
    return now, msgspec.structs.replace(now, rules=now.trial.rules, trial=None), f"the candidate {now.trial.id}"


def _lines(policy: Policy) -> list[str]:
    return msgspec.json.format(msgspec.json.encode(policy.rules), indent=2).decode().splitlines()


def _recorded(place: Place, step: Step, reason: str) -> str:
    """
    The ledger has it, or why not: a switch waits for nobody.
    """
    try:
        with recording(place.state_dir, place.target.application.name) as book:
            book.append(step, {"name": policy_rollback.NAME, "reason": reason})
    except HastenError as error:
        return str(error)
    return ""


def _say_switched(place: Place, policy: PolicyFile, unwritten: str, *, as_json: bool) -> None:
    stop = kill_switch.path_of(place.state_dir)
    is_stopped = policy.is_stopped or os.path.lexists(stop)
    if as_json:
        say_json({"stopped": is_stopped, "unrecorded": unwritten})
        return
    if policy.is_stopped:
        out.print(f"off: no rule is obeyed while {plain(str(policy.stop_path))} is there", soft_wrap=True)
    elif is_stopped:
        out.print(f"still off: {plain(str(stop))} is there, which [bold]hasten resume[/] lifts", soft_wrap=True)
    else:
        out.print("on: the policy is obeyed")
    if unwritten:
        err.print(f"[yellow]not in the ledger[/]: {plain(unwritten)}", soft_wrap=True)


def _count(rules: list[Rule]) -> str:
    return "1 rule" if len(rules) == 1 else f"{len(rules)} rules"


def _ranges(numbers: list[int]) -> str:
    """
    1–3, 7: a hundred of them on one line.
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join("–".join(map(str, part)) for part in parts) or "none"
