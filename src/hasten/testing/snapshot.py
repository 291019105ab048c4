"""
An application as it is at one moment, to be compared with what it is later: database, files, processes, policy.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from hasten.application import App
from hasten.fleet import Fleet
from hasten.model import digest_of
from hasten.world.policy_file import PolicyFile
from hasten.world.postgres import Database
from hasten.world.saved import digest_of_bytes

#: What of the state folder belongs to the application: it decides how the next start goes.
GOVERNING = ("processes.json",)


@dataclass(frozen=True)
class Snapshot:
    """
    What an application consists of, as far as it has it.

    schema: as pg_dump writes it. rows: a digest of every table's.
    files: below the application's folder: bytes, mode and owner of each file, target of each link, mode of each folder.
    processes: how each is described and whether it runs like that; anything else that runs.
    governing: files of the state folder that change how the application runs.
    policy: the rules that its agents obey, also on trial, and whether any is obeyed. The number of the revision is no
        part of it: going back makes a new one.
    """

    schema: bytes = b""
    rows: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    processes: dict[str, str] = field(default_factory=dict)
    governing: dict[str, str] = field(default_factory=dict)
    policy: dict[str, str] = field(default_factory=dict)

    def differences(self, other: "Snapshot") -> list[str]:
        """
        What is not the same, one line each.
        """
        found = ["the schema"] if self.schema != other.schema else []
        for name in ("rows", "files", "processes", "governing", "policy"):
            mine, theirs = getattr(self, name), getattr(other, name)
            found += [
                f"{name}: {key} was {mine.get(key, 'not there')}, is {theirs.get(key, 'not there')}"
                for key in sorted(mine.keys() | theirs.keys())
                if mine.get(key) != theirs.get(key)
            ]
        return found


def snapshot(app: App) -> Snapshot:
    """
    What there is now.
    """
    return Snapshot(
        schema=app.database.schema_dump() if app.store is not None else b"",
        rows=_digests(app.database) if app.store is not None else {},
        # An App without a folder of its own has the present one, which is nobody's to look through.
        files=_files(app.root, app.state_dir.resolve()) if app.root != Path() else {},
        processes=_processes(app.fleet) if app.fleet is not None else {},
        governing={name: _file(app.state_dir / name) for name in GOVERNING if (app.state_dir / name).exists()},
        policy=_policy(app.policy),
    )


def _files(root: Path, leave_out: Path) -> dict[str, str]:
    found = {}
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if (here / name).resolve() != leave_out]
        for name in [*folders, *names]:
            found[str((here / name).relative_to(root))] = _file(here / name)
    return found


def _file(path: Path) -> str:
    status = path.lstat()
    about = f"{stat.S_IMODE(status.st_mode):o} {status.st_uid}:{status.st_gid}"
    if stat.S_ISLNK(status.st_mode):
        return f"link to {path.readlink()}"
    return f"{about} {digest_of_bytes(path.read_bytes())}" if stat.S_ISREG(status.st_mode) else f"{about} folder"


def _policy(file: PolicyFile) -> dict[str, str]:
    found = file.read()
    rules = {rule.id: digest_of(rule) for rule in found.rules}
    rules |= {f"{rule.id} on trial": digest_of(rule) for rule in (found.trial.rules if found.trial else [])}
    return rules | ({"STOP": "is there"} if file.is_stopped else {})


def _processes(fleet: Fleet) -> dict[str, str]:
    found = {}
    for each in fleet.target.application.processes:
        described = f"{' '.join(each.command)} with variables {digest_of(each.env)}"
        found[each.name] = f"{described}, {fleet.condition_of(each.name)}"
    known = {fleet.ground.name + each.name for each in fleet.target.application.processes}
    others = {name: each for name, each in fleet.supervisor.running.items() if each.record.role == "application"}
    return found | {name: f"runs as process {each.pid}" for name, each in others.items() if name not in known}


def _digests(database: Database) -> dict[str, str]:
    names = database.rows(_TABLES)
    statement = "SELECT count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM {} t"
    return {row["name"]: str(database.value(statement.format(row["name"]))) for row in names}


_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
