"""
hasten init: write hasten.toml by looking around.
"""

from pathlib import Path

import click
import msgspec

from hasten.cli.options import dry_run
from hasten.cli.output import out, plain, say_json
from hasten.configuration import CONFIG_NAME
from hasten.errors import ConfigError, HastenError
from hasten.world.http import fetch
from hasten.world.surroundings import Surroundings, look_around


@click.command()
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a hasten.toml that is there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@dry_run
def command(folder: Path, force: bool, as_json: bool, dry_run: bool) -> None:
    """
    Write hasten.toml for the application in FOLDER, by looking at its files and running processes.

    Secrets are never copied: the file names the environment variables that hold them.
    """
    path = folder / CONFIG_NAME
    if path.exists() and not (force or dry_run):
        raise ConfigError(f"{path} exists already", hint="edit it, or write a new one with --force")
    seen = look_around(folder.resolve())
    openapi = _openapi(seen)
    text = config_for(seen, openapi)
    if not dry_run:
        path.write_text(text, encoding="utf-8")
    if as_json:
        say_json({"path": str(path), "written": not dry_run, "seen": msgspec.to_builtins(seen), "text": text})
        return
    if dry_run:
        click.echo(text)
        return
    _say_seen(seen, openapi)
    out.print(f"written: {plain(str(path))}   next: fill in what is marked, then [bold]hasten doctor[/]")


def config_for(seen: Surroundings, openapi: str) -> str:
    """
    The text of a hasten.toml for what was seen; what was not is there as a comment.
    """
    server = seen.servers[0] if seen.servers else None
    lines = [
        "# Written by `hasten init`. Every key, with its default, is in docs/configuration.md.",
        "",
        "[application]",
        f"name = {_quoted(seen.name)}",
        f"url = {_quoted(server.url)}" if server else '# url = "http://127.0.0.1:8000"   # where it answers',
        f"pids = [{server.pid}]   # for memory and CPU; changes when it restarts" if server else "# pids = []",
        "",
        "[database]",
        f'url = "${{{seen.database_variable}}}"' if seen.database_variable else '# url = "${DATABASE_URL}"',
        "",
        "[traffic]",
        _source(seen, openapi),
        "rate_per_s = 1.0",
        "",
        *_front_end(seen),
        "[browser]",
        'pages = ["/"]',
        "",
        *_cache(seen),
        "# Test identities. Their secrets stay in the environment.",
        "# [login]",
        '# request = "POST /api/auth/login"',
        '# json = { email = "${user}", password = "${secret}" }',
        "# [[principals]]",
        '# name = "customer"',
        '# user = "customer@example.com"',
        '# secret_env = "CUSTOMER_PASSWORD"',
        "",
        "[allow]",
        'mode = "observe"   # observe · propose · approve · auto',
        "",
    ]
    return "\n".join(lines)


def _source(seen: Surroundings, openapi: str) -> str:
    if seen.access_log:
        return f"access_log = {_quoted(seen.access_log)}"
    if openapi:
        return f"openapi = {_quoted(openapi)}"
    return '# openapi = "/openapi.json"   # or requests = "traffic.jsonl", har = "…", access_log = "…"'


def _front_end(seen: Surroundings) -> list[str]:
    found = seen.front_end
    if found is None:
        return []
    build = ", ".join(_quoted(word) for word in found.build)
    dist = f"dist = {_quoted(found.dist)}"
    return [
        "[frontend]",
        dist if found.is_built else f"# {dist}   # not built yet",
        f"source = {_quoted(found.source)}",
        f"build = [{build}]",
        "",
    ]


def _cache(seen: Surroundings) -> list[str]:
    return ["[cache]", f'url = "${{{seen.cache_variable}}}"', ""] if seen.cache_variable else []


def _openapi(seen: Surroundings) -> str:
    for server in seen.servers[:1]:
        try:
            if fetch(server.url, "/openapi.json", timeout_s=5).status == 200:
                return "/openapi.json"
        except HastenError:
            return ""
    return ""


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string.
    return msgspec.json.encode(text).decode()


def _say_seen(seen: Surroundings, openapi: str) -> None:
    servers = [f"{server.url} (process {server.pid})" for server in seen.servers]
    rows = {
        "frameworks": ", ".join(seen.frameworks),
        "running at": ", ".join(servers),
        "database": f"the variable {seen.database_variable}" if seen.database_variable else "",
        "front end": seen.front_end.dist if seen.front_end else "",
        "requests from": seen.access_log or openapi,
    }
    for name, value in rows.items():
        out.print(f"{name:14} {plain(value) or '[yellow]not found[/]'}")
