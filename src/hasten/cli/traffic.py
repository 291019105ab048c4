"""
hasten traffic: have the agents record requests of visitors, and make traffic of them.
"""

from pathlib import Path

import click

from hasten.cli.options import common, dry_run
from hasten.cli.output import Display, out, plain, say_json
from hasten.errors import ConfigError, NoData
from hasten.quantities import duration, span
from hasten.session import Place, alone, located
from hasten.world import recorder, workers
from hasten.world.durable import write
from hasten.world.policy_file import PolicyFile
from hasten.world.recorder import Recorded, Wish
from hasten.world.recordings import recorded
from hasten.world.recordings.routes import Routes

MB = 1_000_000
#: Identities that are listed.
MOST_ROWS = 20


@click.group()
def command() -> None:
    """
    Record requests of visitors, and make traffic of them that can be replayed.
    """


@command.command()
@click.option("--for", "lasting", default="5m", show_default=True, metavar="TIME", help="How long, at most an hour.")
@click.option("--share", default=0.1, show_default=True, help="Of the visitors.")
@click.option("--per-s", default=20.0, show_default=True, help="Requests per second of one worker, at most.")
@click.option("--most-mb", default=16.0, show_default=True, help="Of one worker's file.")
@click.option("--uuids", is_flag=True, help="UUIDs are identifiers in this application, and open nothing.")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME", help="Of a query: its words may be recorded.")
@click.option("--cookie", "cookies", multiple=True, metavar="NAME", help="Says who asks (default: guessed).")
@dry_run
@common
def record(  # one parameter for each option
    lasting: str, share: float, per_s: float, most_mb: float, uuids: bool, parameters: tuple[str, ...],
    cookies: tuple[str, ...], dry_run: bool, config: str | None, as_json: bool,
) -> None:  # fmt: skip
    """
    Have the agents record what visitors ask for: GET and HEAD alone, without credentials.

    A request with anything in it that is not known to be harmless is not recorded. Who asked becomes a label.
    """
    place = located(config)
    policy = PolicyFile(place.state_dir / "policy")
    given = span(lasting)
    if given is None:
        raise ConfigError(f"--for {lasting!r} is no time", hint="write it as 90s, 5m or 1h")
    wish = Wish(
        for_s=given.total_seconds(),
        share=share,
        per_s=per_s,
        most_bytes=int(most_mb * MB),
        uuids=uuids,
        parameters=list(parameters),
        cookies=list(cookies),
    )
    wanted = recorder.section(wish)
    running = workers.alive(policy.workers_dir)
    if not running:
        raise NoData(
            "no worker reports, so nobody would record anything",
            hint="start the application with the agent in it: docs/policy.md",
        )
    if dry_run:
        _say_plan(wish, len(running), as_json=as_json)
        return
    with alone(place.state_dir):
        recorder.sweep(recorder.recordings_dir(policy))
        policy.record(wanted)
    with Display(quiet=as_json) as display, display.stage(f"recording for {duration(wish.for_s)}") as report:
        found = recorder.record(policy, wanted, lambda part, size: report(part, f"{size / MB:.1f} MB"))
    _show(found, place, as_json=as_json)


@command.command()
@click.argument("recording", default="")
@common
def show(recording: str, config: str | None, as_json: bool) -> None:
    """
    How much was recorded (default: last), and by how many visitors, each with a label.
    """
    place = located(config)
    _show(recorder.read(_folder(place), recording), place, as_json=as_json)


@command.command("import")
@click.argument("recording", default="")
@click.option("--as", "pairs", multiple=True, metavar="LABEL=PRINCIPAL", help="Who that visitor is in the replay.")
@click.option("--spread", is_flag=True, help="Deal the other visitors out to the principals in turn.")
@click.option(
    "--out", "path", default="traffic.jsonl", show_default=True, metavar="FILE", help="From `root` of hasten.toml on."
)
@click.option("--replace", is_flag=True, help="The file may be there already.")
@dry_run
@common
def import_(
    recording: str, pairs: tuple[str, ...], spread: bool, path: str, replace: bool, dry_run: bool,
    config: str | None, as_json: bool,
) -> None:  # fmt: skip
    """
    Make [traffic] requests of a recording (default: the last one).

    The mix of routes, the moments and the order are kept. A visitor who is nobody's principal is left out.
    """
    place = located(config)
    found = recorder.read(_folder(place), recording)
    known = recorded.identities(found, Routes())
    principals = recorded.mapped(known, pairs, [each.name for each in place.target.principals], spread=spread)
    made = recorded.read_recorded(found, principals, Routes())
    target = place.root / path
    if not made.requests:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in made.dropped.items()) or "nothing was recorded"
        raise NoData(f"nothing of {found.id} can be replayed: {reasons}", hint="say who is who: --as, or --spread")
    if target.exists() and not replace and not dry_run:
        raise ConfigError(f"{target} is there already", hint="say --replace, or name another file with --out")
    if not dry_run:
        write(target, recorded.lines_of(made))
    said = {
        "file": str(target), "written": not dry_run, "requests": sum(int(each.weight) for each in made.requests),
        "different": len(made.requests), "dropped": made.dropped, "rate_per_s": found.rate_per_s,
    }  # fmt: skip
    if as_json:
        say_json(said)
        return
    verb = "would write" if dry_run else "wrote"
    out.print(f"{verb} {plain(str(target))}: {said['requests']:,} requests, {said['different']:,} of them different")
    for reason, count in made.dropped.items():
        out.print(f"  left out: {count:,} × {plain(reason)}")
    _say_settings(Path(path), found)


def _say_plan(wish: Wish, running: int, *, as_json: bool) -> None:
    if as_json:
        say_json({"would_record": wish, "workers": running})
        return
    out.print(
        f"would record for {duration(wish.for_s)} in {_count(running, 'worker')}: GET and HEAD of"
        f" {wish.share:.0%} of visitors, at most {wish.per_s:g} requests/s and {wish.most_bytes / MB:g} MB each",
        soft_wrap=True,
    )


def _say_settings(path: Path, found: Recorded) -> None:
    rate = f"\nrate_per_s = {found.rate_per_s:.2f}" if found.rate_per_s else ""
    out.print(plain(f'\n[traffic]\nrequests = "{path}"\narrivals = "recorded"{rate}'), soft_wrap=True)


def _show(found: Recorded, place: Place, *, as_json: bool) -> None:
    known = recorded.identities(found, Routes())
    names = recorder.names(_folder(place))
    anonymous = sum(not each.identity for each in found.requests)
    if as_json:
        say_json(
            {"id": found.id, "recordings": names, "requests": len(found.requests), "anonymous": anonymous,
             "identities": known, "counts": found.counts, "rate_per_s": found.rate_per_s}
        )  # fmt: skip
        return
    out.print(f"{plain(found.id)}: {_count(len(found.requests), 'request')}, {anonymous:,} of them of nobody known")
    if found.rate_per_s:
        out.print(f"  {found.rate_per_s:.2f} safe requests per second came, recorded or not")
    for part, count in found.withheld.items():
        out.print(f"  not recorded: {count:,} with something in the {plain(part)} that may be a secret")
    if over := sum(each.seen.over for each in found.counts):
        out.print(f"  not recorded: {over:,} beyond the bounds of rate and size")
    for each in known[:MOST_ROWS]:
        asked = _count(each.requests, "request")
        out.print(f"  {each.label}  {asked}  {plain(', '.join(each.routes))}", soft_wrap=True)
    if len(known) > MOST_ROWS:
        out.print(f"  … and {len(known) - MOST_ROWS:,} other visitors")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _folder(place: Place) -> Path:
    return recorder.recordings_dir(PolicyFile(place.state_dir / "policy"))
