"""
Makes slowdesk, the demo's patient, ready: its data seeded once and copied, its hasten.toml in the demo's state folder.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from hasten.errors import ConfigError, HastenError
from hasten.log import operation
from hasten.session import alone
from hasten.world.cluster import Cluster
from hasten.world.programs import find_postgres
from hasten.world.registry import wait_until
from hasten.world.supervisor import Spec, Supervisor
from hasten.world.unprivileged import place_for

#: The public password of slowdesk's seeded accounts.
PASSWORD = "slowdesk-demo"  # noqa: S105 – it is in slowdesk's README too

DATABASE = "slowdesk"
#: What the seeding prints, for the progress bar only.
SEED_LINES = 20
SEED_TIMEOUT_S = 900.0
_RECORD = ("ledger.db", "ledger.head", "ledger.db-journal", "observations", "report.html", "operations.jsonl")

Progress = Callable[[float, str], None]
Stage = Callable[[str], AbstractContextManager[Progress]]


def prepare(state_dir: Path, named: str | None, scale: float, stage: Stage, *, with_agent: bool = False) -> Path:
    """
    The state folder holds a fresh copy of the seeded data and a hasten.toml, whose path is returned.

    The record of an earlier demo is moved to `archive/`, never deleted.

    Args:
        with_agent: The web process runs with Hasten's agent in it.

    Raises:
        ConfigError: slowdesk is not there, or was not set up.
    """
    home = find_slowdesk(named)
    _check_set_up(home)
    with alone(state_dir), Supervisor(state_dir) as supervisor:
        seeded = _seeded(home, scale, supervisor, stage)
        with stage("copying the seeded data"), operation("demo.copy", source=str(seeded)):
            data_dir = state_dir / "pgdata"
            if data_dir.exists():
                Cluster.existing(data_dir).delete()
            Cluster.existing(seeded).copy_to(data_dir)
    _archive(state_dir)
    config = state_dir / "hasten.toml"
    own = (home / "hasten.toml").read_text(encoding="utf-8")
    head = f'# Written by `hasten demo` from {home.name}/hasten.toml.\nroot = {_quoted(home)}\nstate = "."\n\n'
    config.write_text(head + (_with_agent(own) if with_agent else own), encoding="utf-8")
    return config


def _with_agent(text: str) -> str:
    return text.replace("\nis_web = true\n", "\nis_web = true\nagent = true\n")


def _quoted(path: Path) -> str:
    # A JSON string is a TOML basic string.
    return json.dumps(str(path))


def find_slowdesk(named: str | None = None) -> Path:
    """
    The folder of slowdesk: the one named, else examples/slowdesk here or above, else that of this checkout.

    Raises:
        ConfigError: there is none.
    """
    here = Path.cwd()
    candidates = [Path(named)] if named else [p / "examples" / "slowdesk" for p in (here, *here.parents)]
    if not named:
        candidates.append(Path(__file__).parents[2] / "examples" / "slowdesk")
    for candidate in candidates:
        if (candidate / "hasten.toml").is_file():
            return candidate.resolve()
    raise ConfigError(
        f"slowdesk is not at {candidates[0]}",
        hint="run the demo in a checkout of Hasten, or name the folder: --slowdesk",
    )


def _check_set_up(home: Path) -> None:
    for part, what in ((".venv/bin/python", "its Python environment"), ("web/dist/index.html", "its built front end")):
        if not (home / part).exists():
            raise ConfigError(f"slowdesk lacks {what} ({home / part})", hint="run `make setup` first; it makes both")


def _seeded(home: Path, scale: float, supervisor: Supervisor, stage: Stage) -> Path:
    programs = find_postgres()
    key = hashlib.sha256(f"{scale} {programs.version}".encode())
    for source in sorted((home / "server" / "slowdesk").glob("**/*")):
        if source.suffix in (".py", ".sql") and ("seed" in source.parts or source.suffix == ".sql"):
            key.update(source.read_bytes())
    folder = place_for(home / ".cache" / f"seed-{key.hexdigest()[:12]}")
    data_dir = folder / "pgdata"
    if data_dir.is_dir():
        return data_dir
    with alone(home / ".cache"), stage(f"seeding slowdesk at scale {scale:g} (once)") as progress:
        _seed(home, scale, folder, supervisor, progress)
    return data_dir


def _seed(home: Path, scale: float, folder: Path, supervisor: Supervisor, progress: Progress) -> None:
    # Seeded in a folder of another name: what is found under the right one is whole.
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    cluster = Cluster.create(unfinished / "pgdata")
    cluster.start(supervisor, name="seed")
    try:
        cluster.create_database(DATABASE)
        _run_seed(home, scale, cluster.dsn(DATABASE), supervisor, progress)
    finally:
        cluster.stop()
    unfinished.rename(folder)


def _run_seed(home: Path, scale: float, url: str, supervisor: Supervisor, progress: Progress) -> None:
    log = supervisor.state_dir / "log" / "seeding.log"
    log.unlink(missing_ok=True)
    command = [str(home / ".venv" / "bin" / "python"), "-m", "slowdesk.seed", "--scale", str(scale)]
    seeding = supervisor.start(Spec("seeding", command, env={"DATABASE_URL": url}, cwd=home / "server", log=log))

    def has_ended() -> bool:
        lines = _lines(log)
        progress(min(len(lines) / SEED_LINES, 0.95), lines[-1][:60] if lines else "")
        return seeding.exit_code is not None

    try:
        in_time = wait_until(has_ended, SEED_TIMEOUT_S, 0.2)
    finally:
        supervisor.stop("seeding")
    if seeding.exit_code or not in_time:
        said = " | ".join(_lines(log)[-3:]) if in_time else f"not done after {SEED_TIMEOUT_S:g} s"
        raise HastenError(
            f"slowdesk could not be seeded: {said}", hint=f"run `make setup` again; the whole log is {log}"
        )


def _lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]


def _archive(state_dir: Path) -> None:
    if not (state_dir / "ledger.db").exists():
        return
    folder = state_dir / "archive" / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder.mkdir(parents=True)
    for name in _RECORD:
        if (state_dir / name).exists():
            (state_dir / name).rename(folder / name)
