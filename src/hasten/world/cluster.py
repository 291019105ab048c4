"""
A private PostgreSQL: one data directory that belongs to Hasten, one server on it.

It listens on one loopback port, lets in only who has the generated scram password, and can record every statement in
a log that `statement_log` reads.
"""

import secrets
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from psycopg import sql

from hasten import log
from hasten.errors import ConfigError, Unreachable
from hasten.world import cluster_settings, data_directory, ports, registry
from hasten.world.data_directory import SUPERUSER
from hasten.world.postgres import Database
from hasten.world.programs import PostgresPrograms, find_postgres
from hasten.world.supervisor import Running, Spec, Supervisor
from hasten.world.unprivileged import own_folder, remove_tree, run_unprivileged

START_TIMEOUT_S = 120.0
PORT_ATTEMPTS = 3


@dataclass
class Cluster:
    """
    One private PostgreSQL.

    Args:
        data_dir: The real data directory (as root it may be elsewhere than asked: a symlink is then left there).
        programs: The PostgreSQL to run it with.
        password: Of the superuser `hasten`; "" if it is not known and must be set anew before the next start.
    """

    data_dir: Path
    programs: PostgresPrograms
    password: str = field(default="", repr=False)
    port: int = 0
    _supervisor: Supervisor | None = field(default=None, repr=False)
    _running: Running | None = field(default=None, repr=False)

    @classmethod
    def create(
        cls, data_dir: Path, programs: PostgresPrograms | None = None, settings: Mapping[str, str] | None = None
    ) -> "Cluster":
        """
        A new, empty cluster; it does not run yet.

        Args:
            settings: Lines of postgresql.conf that stay with the data directory.

        Raises:
            ConfigError: there is something in `data_dir` already.
            Missing: no PostgreSQL on this machine.
            Unreachable: initdb failed, and what it said.
        """
        programs = programs or find_postgres()
        password = secrets.token_urlsafe(24)
        with log.operation("create cluster", data_dir=str(data_dir), version=programs.version):
            place = data_directory.empty_place(data_dir)
            # Made under another name first: a data directory that is there is whole.
            new = place.with_name(f"{place.name}.new")
            data_directory.initdb(own_folder(new), programs, password)
            cluster_settings.write(new, programs, settings or {})
            data_directory.keep_secret(place, password)
            new.rename(place)
            data_directory.link(data_dir, place)
        return cls(place, programs, password)

    @classmethod
    def existing(cls, data_dir: Path, programs: PostgresPrograms | str = "") -> "Cluster":
        """
        The cluster that was made, or copied, there before; it does not run yet.

        Raises:
            ConfigError: there is none.
            Missing: no PostgreSQL of its version on this machine.
        """
        place = data_dir.resolve()
        try:
            major = int((place / "PG_VERSION").read_text().split(".")[0])
        except (OSError, ValueError):
            raise ConfigError(
                f"{data_dir} is not a data directory of PostgreSQL",
                hint="`hasten demo` makes one; for a server that runs already use [database] url",
            ) from None
        if isinstance(programs, str):
            programs = find_postgres(programs, major=major)
        return cls(place, programs, data_directory.read_secret(place))

    @property
    def log_dir(self) -> Path:
        """
        Where the server writes its log.
        """
        return self.data_dir / "log"

    @property
    def is_running(self) -> bool:
        """
        Whether this Hasten runs it now.
        """
        return self._running is not None and self._running.exit_code is None

    @property
    def pid(self) -> int | None:
        """
        The server's process id, or None if it does not run.
        """
        return self._running.pid if self._running else None

    def start(
        self, supervisor: Supervisor, *, name: str = "postgres", port: int = 0, recording: bool = False
    ) -> "Cluster":
        """
        The server runs and lets Hasten in.

        Args:
            name: Of the process, unique in the state directory.
            port: 0 takes a free one.
            recording: Whether every statement is logged with its parameters and duration.

        Raises:
            Unreachable: the data directory is in use, the port is taken, or the server did not come up.
            NotAllowed: the data directory is another user's.
        """
        data_directory.need_idle(self.data_dir)
        data_directory.take(self.data_dir)
        if not self.password:
            self.reset_password()
        cluster_settings.set_recording(self.data_dir, self.programs, recording)
        cluster_settings.drop_old_logs(self.log_dir)
        for attempts_left in reversed(range(1 if port else PORT_ATTEMPTS)):
            self.port = port or ports.free_port()
            try:
                self._running = supervisor.start(self._spec(name))
                break
            except Unreachable as error:
                if not attempts_left or ports.is_free(self.port):
                    raise self._explained(error) from error
        self._supervisor = supervisor
        self.database("postgres", "start").value("SELECT 1")
        return self

    def stop(self) -> None:
        """
        The server has shut down, its data is on disk; nothing happens if it does not run.
        """
        if self._supervisor is not None and self._running is not None:
            self._supervisor.stop(self._running.spec.name)
        self._running = self._supervisor = None

    def delete(self) -> None:
        """
        The server is stopped and its data is gone.
        """
        self.stop()
        data_directory.secret_file(self.data_dir).unlink(missing_ok=True)
        remove_tree(self.data_dir)

    def record(self, recording: bool) -> None:
        """
        From now on every statement is logged, or none.

        Raises:
            Unreachable: the server does not take the setting.
        """
        cluster_settings.set_recording(self.data_dir, self.programs, recording)
        if self._running is None:
            return
        self._running.record.process.send(signal.SIGHUP)
        wanted, database = "0" if recording else "-1", self.database("postgres", "record")
        if not registry.wait_until(lambda: wanted == database.value("SHOW log_min_duration_statement"), 10.0):
            raise Unreachable("PostgreSQL does not reread its settings", hint=f"look into {self.log_dir}")

    def dsn(self, dbname: str = "postgres") -> str:
        """
        The URL of a database in it, as its superuser.
        """
        password, name = quote(self.password, safe=""), quote(dbname, safe="")
        return f"postgresql://{SUPERUSER}:{password}@{ports.LOOPBACK}:{self.port}/{name}"

    def database(self, dbname: str = "postgres", purpose: str = "hasten") -> Database:
        """
        A database in it.
        """
        return Database(self.dsn(dbname), purpose, programs=str(self.programs.bin_dir))

    def create_database(self, dbname: str) -> Database:
        """
        A new database, with pg_stat_statements in it where the server has it.
        """
        self.database().run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(dbname)))
        made = self.database(dbname)
        if self.programs.has_extension("pg_stat_statements"):
            made.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        return made

    def reset_password(self, *, dbname: str = "template1", also: Sequence[str] = ()) -> None:
        """
        The superuser `hasten` exists, with a new password; done in single-user mode, so no other way in is needed.

        Args:
            dbname: Where `also` is executed.
            also: Statements to execute in the same go, one line each.

        Raises:
            Unreachable: PostgreSQL cannot open this data directory, and what it said.
        """
        password = secrets.token_urlsafe(24)
        said = self.single_user(
            f"CREATE ROLE {SUPERUSER}",
            "SET password_encryption = 'scram-sha-256'",
            f"ALTER ROLE {SUPERUSER} SUPERUSER LOGIN REPLICATION VALID UNTIL 'infinity' PASSWORD '{password}'",
            *also,
            dbname=dbname,
        )
        log.event("password reset", data_dir=str(self.data_dir), said=said.replace(password, log.REDACTED)[-500:])
        self.password = password
        data_directory.keep_secret(self.data_dir, password)

    def single_user(self, *statements: str, dbname: str = "template1") -> str:
        """
        What PostgreSQL said to these statements, executed as superuser while no server runs; each must be one line.

        Raises:
            Unreachable: it cannot open this data directory.
        """
        cluster_settings.set_recording(self.data_dir, self.programs, False)
        argv = [self.programs.program("postgres"), "--single", "-D", str(self.data_dir), "-O"]
        argv += ["-c", "logging_collector=off", "-c", "log_destination=stderr"]
        argv += ["-c", "log_statement=none", "-c", "log_min_error_statement=panic", dbname]
        done = run_unprivileged(argv, input="".join(f"{line};\n" for line in statements), timeout_s=START_TIMEOUT_S)
        if done.returncode:
            raise Unreachable(
                f"PostgreSQL cannot open {self.data_dir}: {(done.stderr or done.stdout).strip()[-500:]}",
                hint="the data directory may be damaged, or of another build of PostgreSQL; make it anew",
            )
        return done.stderr

    def copy_to(self, data_dir: Path) -> "Cluster":
        """
        A copy of this stopped cluster; blocks are shared where the file system can.

        Raises:
            ConfigError: there is something in `data_dir` already.
            Unreachable: it runs, or the copy failed.
        """
        data_directory.need_idle(self.data_dir)
        with log.operation("copy cluster", source=str(self.data_dir), to=str(data_dir)):
            place = data_directory.empty_place(data_dir)
            new = place.with_name(f"{place.name}.new")
            data_directory.copy_tree(self.data_dir, new)
            if self.password:
                data_directory.keep_secret(place, self.password)
            new.rename(place)
            data_directory.link(data_dir, place)
        return Cluster(place, self.programs, self.password)

    def _spec(self, name: str) -> Spec:
        settings = {"listen_addresses": ports.LOOPBACK, "port": str(self.port), "unix_socket_directories": ""}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return Spec(
            name=name,
            argv=[self.programs.program("postgres"), "-D", str(self.data_dir), *options],
            ready=lambda: data_directory.is_ready(self.data_dir),
            ready_timeout_s=START_TIMEOUT_S,
            unprivileged=True,
            stop_signal=signal.SIGINT,
            grace_s=30.0,
            role="database",
            port=self.port,
            data_dir=self.data_dir,
        )

    def _explained(self, error: Unreachable) -> Unreachable:
        """
        The same error, with what the server wrote into its own log.
        """
        newest = max(self.log_dir.glob("hasten-*.*"), key=lambda path: path.stat().st_mtime, default=None)
        lines = newest.read_text(errors="replace").splitlines()[-3:] if newest else []
        said = "".join(f"\n  | {line[:300]}" for line in lines)
        return Unreachable(f"{error}{said}", hint=error.hint, **error.data)
