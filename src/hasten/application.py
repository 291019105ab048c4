"""
App: the application as the remedies see it, and the only door through which they reach the world.

A remedy reads `app.observation` and `app.target`, and acts on `app.database`, `app.files`, `app.servers` or
`app.policy`. In a trial it is handed an App whose database is a clone, or whose folder is a copy; it cannot tell, and
need not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from hasten.errors import ConfigError, NoData, NotAllowed
from hasten.evidence import Observation
from hasten.fleet import Fleet
from hasten.target import Target
from hasten.world.clone import cloned
from hasten.world.cluster import Cluster
from hasten.world.patches import Files
from hasten.world.policy_file import PolicyFile
from hasten.world.postgres import Database
from hasten.world.supervisor import Supervisor


@dataclass(frozen=True)
class App:
    """
    What is optimized.

    Args:
        target: hasten.toml.
        state_dir: `.hasten`, where the ledger and the observations are.
        url: Where the application answers, or "" while it does not run.
        store: Its database, or None where hasten.toml names none.
        gathered: The latest observation, or None before the first.
        arena: `live`, or `clone` in a trial.
        root: The folder that paths of hasten.toml start from.
        cluster: The private server of the database, when Hasten runs it.
        processes: What was started, by name: its role and its pid.
        swept: What a dead run had left and was ended when this one began.
        fleet: The processes that Hasten runs, or None where hasten.toml names none.
    """

    target: Target
    state_dir: Path
    supervisor: Supervisor
    root: Path = Path()
    url: str = ""
    store: Database | None = None
    cluster: Cluster | None = None
    gathered: Observation | None = None
    arena: str = "live"
    processes: dict[str, tuple[str, int]] = field(default_factory=dict)
    swept: list[str] = field(default_factory=list)
    fleet: Fleet | None = None

    @property
    def database(self) -> Database:
        """
        The database to act on.

        Raises:
            ConfigError: hasten.toml names none.
        """
        if self.store is None:
            raise ConfigError("hasten.toml names no database", hint="add [database] with `url` or `private`")
        return self.store

    @property
    def files(self) -> Files:
        """
        The files below the application's folder, to act on.
        """
        return Files(self.root, self.state_dir)

    @property
    def servers(self) -> Fleet:
        """
        The processes to act on.

        Raises:
            ConfigError: hasten.toml names none.
        """
        if self.fleet is None:
            raise ConfigError("hasten.toml names no process", hint="describe it with [[application.processes]]")
        return self.fleet

    @property
    def policy(self) -> PolicyFile:
        """
        The policy that the application's agents obey.
        """
        return PolicyFile(self.state_dir / "policy")

    @property
    def observation(self) -> Observation:
        """
        What the probes brought home last.

        Raises:
            NoData: nothing was measured yet.
        """
        if self.gathered is None:
            raise NoData("nothing was measured yet", hint="run `hasten baseline` first")
        return self.gathered

    @contextmanager
    def clones(self, count: int = 1) -> "Iterator[list[App]]":
        """
        `count` Apps on private clones made from one backup of the live database; deleted at the end of the block.

        Raises:
            NotAllowed, Unreachable: a clone cannot be had here (privileges, disk, [allow] clones = false).
        """
        if not self.target.allow.clones:
            raise NotAllowed("[allow] clones is false", hint="set it to true to have changes tried on private clones")
        with cloned(self.database, self.supervisor, count, instance=self.database.instance) as databases:
            yield [replace(self, store=database, arena="clone") for database in databases]
