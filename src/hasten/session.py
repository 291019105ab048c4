"""
Opens what hasten.toml describes for as long as a command runs: one Hasten at a time, servers, database, application.

Leaving the block stops everything that was started here, whatever happened inside of it.
"""

import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hasten import instances, optimize
from hasten.application import App
from hasten.configuration import find_config, load_target
from hasten.errors import ConfigError
from hasten.fleet import Fleet
from hasten.instances import Ground, Pids
from hasten.lock import alone as alone
from hasten.log import logger
from hasten.record import observations
from hasten.record.ledger import Ledger
from hasten.signals import shielded
from hasten.target import Target
from hasten.world import registry
from hasten.world.cluster import Cluster
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor


@dataclass(frozen=True)
class Place:
    """
    Where a target is described and where its state is kept.
    """

    config: Path
    target: Target
    state_dir: Path
    root: Path


def located(config: str | None) -> Place:
    """
    The target, without opening anything of it.

    Raises:
        ConfigError: there is no hasten.toml, or it says something that cannot be.
    """
    path = find_config(config)
    target = load_target(path)
    for name in target.allow.modes:
        if "." in name:
            optimize.remedy(name)
    return Place(path, target, (path.parent / target.state).resolve(), (path.parent / target.root).resolve())


@contextmanager
def recording(state_dir: Path, name: str) -> Iterator[Ledger]:
    """
    The ledger of a state folder, for somebody who only says something and opens nothing; no other Hasten is at work.

    Raises:
        NotAllowed: another one is.
    """
    with alone(state_dir):
        logger.log_to(state_dir / "operations.jsonl", target=name)
        try:
            yield Ledger(state_dir)
        finally:
            logger.close()


@contextmanager
def opened(
    config: str | None, *, application: bool = False, database: bool = False, evidence: bool = True
) -> Iterator[App]:
    """
    The App of hasten.toml: its database if asked for, and its processes if `application`.

    Args:
        evidence: Whether the latest observation is needed. Measuring anew and going back must work without it.

    Raises:
        ConfigError, Unreachable, Missing: as the parts say it, each with a hint.
        NotAllowed: another Hasten is at work in this state folder.
        NoData: the latest observation is needed, and its file is gone or was changed.
    """
    place = located(config)
    stack = ExitStack()
    try:
        stack.enter_context(alone(place.state_dir))
        logger.log_to(place.state_dir / "operations.jsonl", target=place.target.application.name)
        stack.callback(logger.close)
        gathered = observations.latest(place.state_dir) if evidence else None
        supervisor = Supervisor(place.state_dir)
        swept = supervisor.sweep()
        stack.enter_context(supervisor)
        app = _open(place, supervisor, application=application, database=database or application)
        yield replace(app, swept=swept, gathered=gathered)
    finally:
        # An impatient second Ctrl-C must not leave a server behind.
        with shielded():
            stack.close()


def _open(place: Place, supervisor: Supervisor, *, application: bool, database: bool) -> App:
    cluster, store = _database(place, supervisor, recording=application) if database else (None, None)
    fleet = _fleet(place, supervisor, cluster)
    url, pids = _application(place, fleet) if application else (place.target.application.url, fleet.pids)
    if cluster is not None and cluster.pid is not None:
        pids["postgres"] = ("database", cluster.pid)
    return App(
        target=fleet.target,
        state_dir=place.state_dir,
        root=place.root,
        url=url,
        store=store,
        cluster=cluster,
        supervisor=supervisor,
        processes=pids,
        fleet=fleet if place.target.application.processes else None,
    )


def _database(place: Place, supervisor: Supervisor, *, recording: bool) -> tuple[Cluster | None, Database | None]:
    section = place.target.database
    instance = instance_of(place.state_dir)
    if section.private:
        data_dir = data_dir_of(place)
        if not data_dir.is_dir():
            raise ConfigError(
                f"[database] private: there is no data directory {data_dir}",
                hint="`hasten demo` makes the one of slowdesk; for your own server give `url` instead",
            )
        cluster = Cluster.existing(data_dir, section.programs)
        cluster.start(supervisor, recording=recording)
        return cluster, replace(cluster.database(section.name or "postgres"), instance=instance)
    if not section.url:
        return None, None
    return None, Database(section.url, "hasten", programs=section.programs, instance=instance)


def data_dir_of(place: Place) -> Path:
    """
    The private data directory that hasten.toml names.
    """
    return instances.resolve(place.root, place.target.database.private.replace("{state}", str(place.state_dir)))


def instance_of(state_dir: Path) -> str:
    """
    What marks the database sessions of this state folder, so that a later run can end those of a dead one.
    """
    return f"{zlib.crc32(str(state_dir.resolve()).encode()):08x}"


def _fleet(place: Place, supervisor: Supervisor, cluster: Cluster | None) -> Fleet:
    section = place.target.database
    url = cluster.dsn(section.name or "postgres") if cluster is not None else section.url
    return Fleet(place.target, Ground(place.root, place.state_dir, url), supervisor, place.state_dir)


def _application(place: Place, fleet: Fleet) -> tuple[str, Pids]:
    if place.target.application.processes:
        return fleet.start(), fleet.pids
    return instances.start(place.target, fleet.ground, fleet.supervisor)


def running_in(state_dir: Path) -> list[str]:
    """
    The processes that Hasten has running for this state folder.
    """
    return [record.name for _, record in registry.read_records(state_dir / "run") if record.is_alive()]
