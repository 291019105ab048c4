"""
hasten.toml found, read and checked, for as much as can be checked without looking at the application.
"""

import difflib
import os
import re
import tomllib
from datetime import date, time
from pathlib import Path
from typing import Any

import msgspec

from hasten import freeze
from hasten.errors import ConfigError
from hasten.model import Risk
from hasten.section import Section
from hasten.target import Allow, Objectives, Target

CONFIG_NAME = "hasten.toml"
#: The phases of the catalogue: the folders of `optimize`, present and to come (design §4).
PHASES = ("quick_wins", "database", "frontend", "backend", "infrastructure")
LONGEST_APPROVAL_HOURS = 720


def find_config(named: str | None = None, start: Path | None = None) -> Path:
    """
    The hasten.toml to use: the one named, else `HASTEN_CONFIG`, else here, else below .hasten (a demo's).

    Raises:
        ConfigError: there is none.
    """
    named = named or os.environ.get("HASTEN_CONFIG")
    if named:
        path = Path(named)
        path = path / CONFIG_NAME if path.is_dir() else path
        if not path.is_file():
            raise ConfigError(f"there is no {path}", hint="name an existing file with --config")
        return path.resolve()
    here = start or Path.cwd()
    for path in (here / CONFIG_NAME, here / ".hasten" / CONFIG_NAME):
        if path.is_file():
            return path.resolve()
    raise ConfigError(
        f"no {CONFIG_NAME} in {here}",
        hint="run `hasten init` to write one by looking around, or `hasten demo` to see Hasten at work first",
    )


def load_target(path: Path) -> Target:
    """
    The target that a hasten.toml describes, with variables of the environment put in.

    Raises:
        ConfigError: unreadable, not TOML, an unknown key, a value of the wrong type, a variable that is not set.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="check the file's permissions") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint="mend the line that it names") from error
    try:
        target = msgspec.convert(_expand(data, path, ""), Target)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}", hint=_hint_for(str(error))) from error
    _check(target, path)
    return target


_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def _expand(value: Any, path: Path, where: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, path, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, path, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, date | time):
        # TOML has timestamps of its own; a string says the same.
        return value.isoformat()
    if not isinstance(value, str):
        return value

    def from_environment(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"{path}: {where.lstrip('.')} needs the environment variable {name}, which is not set",
                hint=f"export {name}=… and run again",
            )
        return os.environ[name]

    return _VARIABLE.sub(from_environment, value)


def _hint_for(message: str) -> str:
    unknown = re.search(r"unknown field `(\w+)`(?: - at `\$\.?(.*?)`)?$", message)
    if not unknown:
        return "see docs/configuration.md for what the key takes"
    kind = _section_at(unknown.group(2) or "")
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    close = difflib.get_close_matches(unknown.group(1), names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known keys here: {', '.join(names)}"


def _section_at(path: str) -> type[Section]:
    kind: type[Section] = Target
    for name in filter(None, re.sub(r"\[[^]]*\]", "", path).split(".")):
        found = {field.name: field.type for field in msgspec.structs.fields(kind)}.get(name)
        found = getattr(found, "__args__", (found,))[0]
        if not (isinstance(found, type) and issubclass(found, Section)):
            break
        kind = found
    return kind


def _check(target: Target, path: Path) -> None:
    if target.database.url and target.database.private:
        raise ConfigError(
            f"{path}: [database] has both url and private",
            hint="keep `url` for a server that runs already, `private` for a data directory that Hasten runs",
        )
    names = [principal.name for principal in target.principals]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path}: two principals are named {name!r}", hint="give each its own name")
    if target.browser.principal not in (*names, "anonymous"):
        close = difflib.get_close_matches(target.browser.principal, names, n=1)
        raise ConfigError(
            f"{path}: [browser] principal {target.browser.principal!r} is not one of [[principals]]",
            hint=f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names) or 'none'}, anonymous",
        )
    known = [field.name for field in msgspec.structs.fields(Objectives)]
    for name in target.check.budgets:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise ConfigError(
                f"{path}: [check] budgets has {name!r}, which is no objective",
                hint=f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}",
            )
    _check_allow(target.allow, path)
    for window in target.freeze:
        freeze.check(window)
    for ignored in target.ignore:
        if not ignored.reason.strip():
            raise ConfigError(f"{path}: [[ignore]] of {ignored.symptom} has no reason", hint="say why in `reason`")


def _check_allow(allow: Allow, path: Path) -> None:
    """
    Each key of modes names a risk class, a phase or something of a phase, which the catalogue knows by name.
    """
    if not 0 < allow.approval_hours <= LONGEST_APPROVAL_HOURS:
        raise ConfigError(
            f"{path}: [allow] approval_hours = {allow.approval_hours:g} cannot be",
            hint=f"above 0, and at most {LONGEST_APPROVAL_HOURS}: what is always approved has the mode auto",
        )
    if min(allow.max_changes_per_day, allow.max_live_changes, allow.watch_hours) < 0:
        raise ConfigError(f"{path}: [allow] a limit is below 0", hint="0 lets nothing through; leave it out otherwise")
    known = [*Risk, *PHASES]
    for key, mode in allow.modes.items():
        if key.partition(".")[0] not in known or key.endswith("."):
            close = difflib.get_close_matches(key, known, n=1)
            raise ConfigError(
                f"{path}: [allow.modes] {key!r} is no risk class, phase or optimization",
                hint=f"did you mean `{close[0]}`?"
                if close
                else f"known: {', '.join(known)}, or one as database.indexes",
            )
        if key == Risk.R4 and mode in ("approve", "auto"):
            raise ConfigError(
                f"{path}: [allow.modes] R4 is lossy and can only be proposed",
                hint='set it to "propose" or "observe", or leave it out; do such a change by hand',
            )


def state_of(path: Path) -> Path:
    """
    The state folder that a hasten.toml names. Nothing else of the file needs to hold: a stop must always work.

    Raises:
        ConfigError: the file cannot be read as TOML.
    """
    try:
        named = tomllib.loads(path.read_text(encoding="utf-8")).get("state", Target().state)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read, so the state folder is not known: {error}",
            hint="make an empty file STOP in the state folder (.hasten, where nothing else was said): it works alone",
        ) from error
    return (path.parent / str(named)).resolve()
