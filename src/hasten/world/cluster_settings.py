"""
The settings of a private PostgreSQL: who may come in, what it preloads, what it logs.

postgresql.conf is written once, when the data directory is made; hasten.conf before each start and whenever
recording is switched.
"""

from collections.abc import Mapping
from pathlib import Path

from hasten.world.programs import PostgresPrograms
from hasten.world.unprivileged import give

PRELOADED = ("pg_stat_statements", "auto_explain")
LOG_PREFIX = "%m [%p] %q%u@%d/%a %c %v %e %Q "
"""log_line_prefix of servers without jsonlog (before 15), as statement_log reads it; %Q is there from 14 on."""

LOG_FILE_MB = 64
KEPT_LOG_BYTES = 1024 * 1024 * 1024

_ACCESS = """\
# Written by Hasten: loopback with a password, and no other way in.
host all         all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


def write(data_dir: Path, programs: PostgresPrograms, settings: Mapping[str, str], *, afresh: bool = False) -> None:
    """
    The data directory has its settings and lets in only who has a password.

    Args:
        settings: By name, as in postgresql.conf without quotes.
        afresh: Nothing of an earlier postgresql.conf is kept (a backup of a foreign server).
    """
    config = data_dir / "postgresql.conf"
    kept = "" if afresh or not config.exists() else config.read_text(encoding="utf-8")
    named = [name.strip() for name in settings.get("shared_preload_libraries", "").split(",") if name.strip()]
    preloaded = dict.fromkeys([*(name for name in PRELOADED if programs.has_library(name)), *named])
    lines = {**settings, "shared_preload_libraries": ",".join(preloaded)}
    text = "".join(f"{name} = {_quoted(value)}\n" for name, value in lines.items())
    _put(config, f"{kept}\n# Written by Hasten\n{text}include_if_exists 'hasten.conf'\n")
    _put(data_dir / "pg_hba.conf", _ACCESS)
    _put(data_dir / "pg_ident.conf", "")
    _put(data_dir / "postgresql.auto.conf", "")


def set_recording(data_dir: Path, programs: PostgresPrograms, recording: bool) -> None:
    """
    hasten.conf says whether statements are logged; a running server must still be told.
    """
    lines = {
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "hasten-%Y%m%d-%H%M%S.log",
        "log_rotation_age": "0",
        "log_rotation_size": f"{LOG_FILE_MB}MB",
        "log_timezone": "UTC",
        "log_statement": "none",
        "log_duration": "off",
        "log_min_duration_statement": "0" if recording else "-1",
        "log_destination": "jsonlog" if programs.major >= 15 else "stderr",
    }
    if programs.major >= 13:
        lines |= {"log_parameter_max_length_on_error": "-1" if recording else "0"}
    if programs.major >= 14:
        lines |= {"compute_query_id": "on", "client_connection_check_interval": "1s"}
    if programs.major < 15:
        lines |= {"log_line_prefix": LOG_PREFIX if programs.major >= 14 else LOG_PREFIX.replace("%Q", "0")}
    text = "".join(f"{name} = {_quoted(value)}\n" for name, value in lines.items())
    _put(data_dir / "hasten.conf", f"# Written by Hasten before each start; changes are lost.\n{text}")


def drop_old_logs(log_dir: Path, kept_bytes: int = KEPT_LOG_BYTES) -> None:
    """
    The newest logs are kept up to this size, the older ones are gone.
    """
    found = [(path.stat().st_mtime, path) for path in log_dir.glob("hasten-*.*")]
    for _, path in sorted(found, reverse=True):
        kept_bytes -= path.stat().st_size
        if kept_bytes < 0:
            path.unlink(missing_ok=True)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''").replace("\n", " ") + "'"


def _put(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    give(new, 0o600)
    new.replace(path)
