"""
What can be told of an application by looking at its folder and at the processes that run in it.

Nothing is changed, no secret is read into what is returned: a database URL is named by its variable, never copied.
"""

import json
import re
import tomllib
from pathlib import Path

import psutil

from hasten.model import Noun

#: Servers by the words on their command line.
SERVERS = ("uvicorn", "gunicorn", "granian", "hypercorn", "daphne", "waitress-serve", "runserver", "flask", "node")
FRAMEWORKS = ("fastapi", "starlette", "litestar", "django", "flask", "aiohttp", "tornado", "sanic", "express")
DATABASE_VARIABLES = ("DATABASE_URL", "POSTGRES_URL", "PG_URL", "SQLALCHEMY_DATABASE_URI", "DB_URL")
CACHE_VARIABLES = ("REDIS_URL", "VALKEY_URL", "CACHE_URL")
BUILD_FOLDERS = ("dist", "build", "out", "static/dist", "public/build")
ACCESS_LOGS = ("access.log", "logs/access.log", "log/access.log", "/var/log/nginx/access.log")
_SKIPPED = {"node_modules", ".venv", "venv", ".git", ".hasten", "__pycache__", "site-packages"}
_MOST_FOLDERS = 2000
_MOST_MODULES = 200
_IMPORT = r"^(?:from|import) ([a-z0-9_]+)"


class RunningServer(Noun, frozen=True, kw_only=True):
    """
    A web server process of the project.
    """

    pid: int
    command: list[str]
    url: str
    variables: list[str] = []


class FrontEnd(Noun, frozen=True, kw_only=True):
    """
    A front end with a build. Paths are relative to the project.
    """

    source: str
    dist: str
    build: list[str]
    is_built: bool


class Surroundings(Noun, frozen=True, kw_only=True):
    """
    What was found.
    """

    name: str
    frameworks: list[str] = []
    servers: list[RunningServer] = []
    front_end: FrontEnd | None = None
    database_variable: str = ""
    cache_variable: str = ""
    access_log: str = ""


def look_around(folder: Path) -> Surroundings:
    """
    What the project folder and the processes that work in it tell.
    """
    servers = running_servers(folder)
    variables = {name for server in servers for name in server.variables} | _variables_in_files(folder)
    return Surroundings(
        name=folder.resolve().name,
        frameworks=frameworks(folder),
        servers=servers,
        front_end=front_end(folder),
        database_variable=next((name for name in DATABASE_VARIABLES if name in variables), ""),
        cache_variable=next((name for name in CACHE_VARIABLES if name in variables), ""),
        access_log=next((log for log in ACCESS_LOGS if (folder / log).is_file()), ""),
    )


def running_servers(folder: Path) -> list[RunningServer]:
    """
    Processes that work inside of the folder and listen as a known server; of a family the parent.
    """
    found = {}
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            inside = Path(process.cwd()).is_relative_to(folder.resolve())
            words = {Path(word).name for word in command[:4]} | set(command)
            if not inside or not words & set(SERVERS):
                continue
            ports = sorted({c.laddr.port for c in process.net_connections("tcp") if c.status == "LISTEN"})
            if ports:
                names = [name for name in (*DATABASE_VARIABLES, *CACHE_VARIABLES) if name in process.environ()]
                found[process.pid] = (process.ppid(), ports[0], command, names)
        except (psutil.Error, OSError):
            continue
    return [
        RunningServer(pid=pid, command=command, url=f"http://127.0.0.1:{port}", variables=names)
        for pid, (parent, port, command, names) in sorted(found.items())
        if parent not in found
    ]


def frameworks(folder: Path) -> list[str]:
    """
    The web frameworks that the project's dependency files name, or that its nearest modules import.
    """
    names: set[str] = set()
    for path in [
        *folder.glob("requirements*.txt"),
        *folder.glob("requirements*.in"),
        *folder.glob("*/requirements*.txt"),
    ]:
        names |= set(re.findall(r"^\s*([A-Za-z0-9_.-]+)", _text(path).lower(), re.MULTILINE))
    for path in (folder / "pyproject.toml", folder / "Pipfile"):
        try:
            names |= set(re.findall(r"[a-z][a-z0-9_-]+", json.dumps(tomllib.loads(_text(path))).lower()))
        except tomllib.TOMLDecodeError:
            continue
    for path in (folder / "package.json", *folder.glob("*/package.json")):
        package = _package(path)
        names |= {name.lower() for key in ("dependencies", "devDependencies") for name in package.get(key) or {}}
    return [name for name in FRAMEWORKS if name in names | _imported(folder)]


def _imported(folder: Path) -> set[str]:
    """
    What the modules in the folder and in the folders in it import: a small application declares nothing.
    """
    modules = [*folder.glob("*.py"), *(path for path in folder.glob("*/*.py") if path.parent.name not in _SKIPPED)]
    return {name for path in modules[:_MOST_MODULES] for name in re.findall(_IMPORT, _text(path).lower(), re.MULTILINE)}


def front_end(folder: Path) -> FrontEnd | None:
    """
    The nearest package.json with a build script, and where its build is.
    """
    for path in sorted(_packages(folder), key=lambda found: len(found.parts)):
        if "build" not in (_package(path).get("scripts") or {}):
            continue
        home = path.parent
        built = next((name for name in BUILD_FOLDERS if (home / name / "index.html").is_file()), "")
        relative = home.relative_to(folder).as_posix()
        prefix = "" if relative == "." else f"{relative}/"
        return FrontEnd(
            source=relative, dist=f"{prefix}{built or 'dist'}", build=["npm", "run", "build"], is_built=bool(built)
        )
    return None


def _packages(folder: Path) -> list[Path]:
    found, waiting, seen = [], [folder], 0
    while waiting and seen < _MOST_FOLDERS:
        seen += 1
        here = waiting.pop(0)
        if (here / "package.json").is_file():
            found.append(here / "package.json")
        try:
            children = sorted(child for child in here.iterdir() if child.is_dir() and not child.is_symlink())
        except OSError:
            continue
        waiting += [child for child in children if child.name not in _SKIPPED]
    return found


def _variables_in_files(folder: Path) -> set[str]:
    # Names only: the values are secrets.
    text = "".join(_text(folder / name) for name in (".env", ".env.example", "docker-compose.yml", "compose.yaml"))
    return set(re.findall(r"\b([A-Z][A-Z0-9_]{3,})\s*[=:]", text))


def _package(path: Path) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(_text(path) or "{}")
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
