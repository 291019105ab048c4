"""
Private copies of a database to try changes on; the original is only read, and what was made is deleted at the end.

Three ways, the first that is possible: a base backup of the whole server, run as a private cluster (the default); a
copy beside the original by CREATE DATABASE … TEMPLATE, when nobody is connected to it; a sample of its rows. Clones do
not archive, replicate, subscribe, or reach other servers.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hasten import log
from hasten.errors import HastenError, NotAllowed, Unreachable
from hasten.world import clone_sample, clone_settings, clone_template, cluster_settings, data_directory
from hasten.world.cluster import Cluster
from hasten.world.postgres import Database, Facts
from hasten.world.programs import PostgresPrograms
from hasten.world.supervisor import Spec, Supervisor

BACKUP_TIMEOUT_S = 1800.0
ROOM_FACTOR = 1.1
ROOM_BYTES = 512 * 1024 * 1024
"""What must stay free on the disk beside the clones: their write-ahead logs, and everybody else."""


class Clones(list[Database]):
    """
    The clones, and how they were had.

    way: backup, template or sample.
    seconds: until they could be used.
    refused: why an earlier way was not possible, by way.
    """

    way: str = ""
    seconds: float = 0.0
    refused: dict[str, str]


@contextmanager
def cloned(
    source: Database, supervisor: Supervisor, count: int = 1, *, instance: str = "", recording: bool = False
) -> Iterator[Clones]:
    """
    `count` clones of a database, equal to each other; stopped and deleted at the end of the block.

    Args:
        instance: Which run of Hasten uses them; the source's if left out.
        recording: Whether their statements are logged.

    Raises:
        NotAllowed: none of the ways is possible here, and why each is not.
        Unreachable: the disk has no room for them.
    """
    start = time.monotonic()
    folder = supervisor.scratch("clone")
    clones = Clones()
    clones.refused = {}
    try:
        with log.operation("clone", source=source.label, count=count) as result:
            _fill(clones, source, supervisor, folder, count, instance or source.instance, recording)
            clones.seconds = time.monotonic() - start
            result.update(way=clones.way, seconds=round(clones.seconds, 3), refused=clones.refused)
        yield clones
    finally:
        for name in [name for name in supervisor.running if name.startswith(f"{folder.name}-")]:
            supervisor.stop(name)
        supervisor.discard(folder)
        if clones.way == "template":
            clone_template.drop(source, instance or source.instance)


def _fill(
    clones: Clones, source: Database, supervisor: Supervisor, folder: Path, count: int, instance: str, recording: bool
) -> None:
    facts = source.check()
    dbname = facts.database

    def run(first: Cluster) -> None:
        for number, cluster in enumerate([*copies_of(first, folder, count - 1), first]):
            cluster.start(supervisor, name=f"{folder.name}-{number}", recording=recording)
            programs = str(cluster.programs.bin_dir)
            clones.append(Database(cluster.dsn(dbname), source.purpose, instance=instance, programs=programs))

    try:
        run(base_backup(source, folder / "backup", supervisor, facts, count=count))
        clones.way = "backup"
        return
    except NotAllowed as error:
        clones.refused["backup"] = str(error)
    try:
        clones.extend(clone_template.make(source, facts, instance, count))
        clones.way = "template"
        return
    except NotAllowed as error:
        clones.refused["template"] = str(error)
    try:
        run(clone_sample.make(source, folder / "sample", supervisor, facts, name=f"{folder.name}-sample"))
        clones.way = "sample"
    except HastenError as error:
        clones.refused["sample"] = str(error)
        reasons = "; ".join(f"{way}: {reason}" for way, reason in clones.refused.items())
        raise NotAllowed(
            f"{source.label} cannot be cloned ({reasons})",
            hint=f"give the role replication: ALTER ROLE {facts.role} REPLICATION, and a line in pg_hba.conf",
        ) from error


def copies_of(backup: Cluster, folder: Path, count: int) -> list[Cluster]:
    """
    `count` further arms from one stopped backup; blocks are shared where the file system can.
    """
    return [backup.copy_to(folder / f"copy-{number}") for number in range(count)]


def base_backup(
    source: Database, to: Path, supervisor: Supervisor, facts: Facts | None = None, *, count: int = 1
) -> Cluster:
    """
    The whole server of `source` as a private cluster in `to`, recovered and not running.

    Args:
        count: How many such clusters there must be room for.

    Raises:
        NotAllowed: the role or the server does not allow it, or there are no programs of its version here.
        Unreachable: the disk has no room, or the backup failed.
    """
    facts = facts or source.check()
    if not facts.may_replicate:
        raise NotAllowed(f"role {facts.role} may not replicate", hint=f"ALTER ROLE {facts.role} REPLICATION")
    try:
        programs = clone_settings.programs_for(source, facts.major)
    except HastenError as error:
        raise NotAllowed(f"no programs to run a copy with: {error}", hint=error.hint) from error
    need_room(to, clone_settings.server_size_bytes(source), count)
    try:
        _run_backup(source, to, supervisor, programs)
    except Unreachable as error:
        if _is_refusal(str(error)):
            raise NotAllowed(
                f"the server gives no backup: {error}", hint="add a replication line to pg_hba.conf"
            ) from error
        raise
    for name in ("standby.signal", "recovery.signal", "postmaster.opts", "current_logfiles"):
        (to / name).unlink(missing_ok=True)
    shutil.rmtree(to / "log", ignore_errors=True)
    data_directory.take(to)
    cluster_settings.write(to, programs, clone_settings.carried(source, count), afresh=True)
    cluster = Cluster(to, programs)
    # A foreign server that a foreign table leads to is out of reach without its user mapping.
    cluster.reset_password(dbname=facts.database, also=["DELETE FROM pg_catalog.pg_user_mapping"])
    return cluster


def need_room(folder: Path, size_bytes: int, count: int) -> None:
    """
    Nothing happens if the disk has room for `count` copies.

    Raises:
        Unreachable: it has not; says how much is missing.
    """
    existing = next(path for path in [folder, *folder.parents] if path.exists())
    free, wanted = shutil.disk_usage(existing).free, int(size_bytes * count * ROOM_FACTOR) + ROOM_BYTES
    if free < wanted:
        raise Unreachable(
            f"{count} clones need {wanted / 1e9:.1f} GB on the disk of {existing}, {free / 1e9:.1f} GB are free",
            hint="make room, or set [allow] clones = false",
            free_bytes=free,
            wanted_bytes=wanted,
        )


def _run_backup(source: Database, to: Path, supervisor: Supervisor, programs: PostgresPrograms) -> None:
    parts = conninfo_to_dict(source.dsn)
    password = parts.pop("password", None)
    parts["application_name"] = source.named("clone").application_name
    argv = [programs.program("pg_basebackup"), "-d", make_conninfo("", **parts), "-D", str(to), "--no-password"]
    argv += ["--checkpoint=fast", "--wal-method=stream", "--no-sync", "--no-verify-checksums"]
    if programs.major >= 13:
        argv.append("--no-manifest")
    for number, place in enumerate(clone_settings.tablespaces(source)):
        argv += ["-T", f"{place}={to.with_name(f'{to.name}-space-{number}')}"]
    # As the invoking user: a password file or client certificate is his. PostgreSQL gets the files afterwards.
    environment = {"PGPASSWORD": str(password)} if password else {}
    log_file = supervisor.state_dir / "log" / "clone.log"
    name = f"{to.parent.name}-backup"
    supervisor.finish(
        Spec(name, argv, env=environment, log=log_file, ready_timeout_s=BACKUP_TIMEOUT_S, role="database")
    )


def _is_refusal(says: str) -> bool:
    words = (
        "pg_hba.conf",
        "permission denied",
        "must be superuser",
        "wal_level",
        "max_wal_senders",
        "number of requested",
    )
    return any(word in says for word in words)
