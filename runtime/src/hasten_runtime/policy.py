"""
The policy: one versioned JSON document that says what the agent does. `docs/policy.md` is its description.

Reading is strict. A document with an unknown key, a value of another type or a rule of an unknown kind is refused as a
whole: half of a policy is another policy, and nobody tried that one.
"""

import json
import re
from typing import Any, NamedTuple, Optional

from hasten_runtime import POLICY_VERSION

MAX_BYTES = 4 * 1024 * 1024


class RefusedPolicy(ValueError):
    """
    The document is not a policy that this agent understands; says where and why.
    """


class Rule(NamedTuple):
    """
    One thing to do, where, and how.

    paths: What a request's path must match one of, wholly; what `{…}` of a pattern matched are the groups.
    """

    id: str
    kind: str
    methods: frozenset[str]
    paths: tuple[re.Pattern[str], ...]
    content_types: tuple[str, ...]
    settings: dict[str, Any]

    def matched(self, method: str, path: str) -> Optional[tuple[str, ...]]:
        """
        What the placeholders of the first matching pattern stand for; None where the rule is not for this request.
        """
        if method not in self.methods:
            return None
        for pattern in self.paths:
            found = pattern.fullmatch(path)
            if found:
                return found.groups()
        return None


class Trial(NamedTuple):
    """
    A candidate beside the control, for as long as somebody renews it.

    lease_s: How long after this document was read the candidate is obeyed, at most.
    expires_at: When it ends by the clock on the wall, whoever reads it.
    """

    id: str
    key: str
    share: float
    split: str
    block_s: float
    seed: int
    lease_s: float
    expires_at: float
    rules: tuple[Rule, ...]


class Record(NamedTuple):
    """
    Requests of visitors are recorded for a while; `recorder` says what of them.

    key: Of the hash that stands for who asked.
    share: Of visitors, and of requests that nobody is known to have made.
    per_s: At most so many requests per second, and most_bytes altogether, in one worker.
    for_s: How long after this document was read, at most; expires_at: when it is over by the clock on the wall.
    uuids: Whether those are identifiers in this application, and open nothing.
    parameters: Names in queries whose values may be words of any meaning.
    cookies: Names of those that say who asks; none where that is to be guessed.
    """

    id: str
    key: bytes
    share: float
    per_s: float
    most_bytes: int
    for_s: float
    expires_at: float
    uuids: bool
    parameters: frozenset[str]
    cookies: frozenset[str]


class Policy(NamedTuple):
    """
    What is obeyed: the rules, the candidate's rules where one is on trial, and what is recorded.
    """

    revision: int
    rules: tuple[Rule, ...]
    trial: Optional[Trial]
    record: Optional[Record] = None


#: kind → setting → (type, least, most or choices, default); a Pattern is a list of paths like those of `match`.
#: docs/policy.md says what each one does.
SETTINGS: dict[str, dict[str, tuple[type, Any, Any, Any]]] = {
    "compression": {
        "codings": (list, None, ("br", "zstd", "gzip"), ["br", "zstd", "gzip"]),
        "minimum_bytes": (int, 1, 1 << 30, 1400),
        "dynamic": (bool, None, None, False),
        "reflected_bytes": (int, 1, 4096, 6),
        "level": (int, 1, 9, 1),
        "stored_level": (int, 1, 9, 6),
        "stored_bytes": (int, 0, 1 << 32, 64 * 1024 * 1024),
    },
    "cache_headers": {
        "immutable": (re.Pattern, None, None, []),
        "short": (re.Pattern, None, None, []),
        "short_s": (int, 1, 86_400, 300),
        "minimum_bytes": (int, 1, 1 << 30, 1000),
        "most_bytes": (int, 1, 1 << 30, 8 * 1024 * 1024),
        "server_timing": (bool, None, None, False),
    },
}
SPLITS = ("request", "identity", "block")


def read_policy(data: bytes) -> Policy:
    """
    The policy in a document.

    Raises:
        RefusedPolicy: it is none, or one that this agent does not wholly understand.
    """
    if len(data) > MAX_BYTES:
        raise RefusedPolicy(f"the document is larger than {MAX_BYTES} bytes")
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_once_each)
    except RecursionError:
        raise RefusedPolicy("the document is nested too deeply") from None
    except ValueError as error:
        raise RefusedPolicy(f"the document is not JSON: {error}") from None
    fields = _fields(document, "policy", {"version", "revision", "rules"}, {"trial", "record"})
    if _number(fields["version"], "version", int) != POLICY_VERSION:
        raise RefusedPolicy(f"version {fields['version']!r} is not {POLICY_VERSION}")
    trial, record = fields.get("trial"), fields.get("record")
    return Policy(
        revision=int(_number(fields["revision"], "revision", int, 0)),
        rules=_rules(fields["rules"], "rules"),
        trial=None if trial is None else _trial(trial),
        record=None if record is None else _record(record),
    )


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _trial(value: Any) -> Trial:
    names = {"id", "key", "share", "split", "block_s", "seed", "lease_s", "expires_at", "rules"}
    fields = _fields(value, "trial", names, set())
    key = _text(fields["key"], "trial.key")
    if len(key) < 16 or not re.fullmatch(r"[A-Za-z0-9_-]+", key):
        raise RefusedPolicy("trial.key is not at least 16 letters, digits, - and _")
    return Trial(
        id=_text(fields["id"], "trial.id"),
        key=key,
        share=_number(fields["share"], "trial.share", float, 0.0, 1.0),
        split=_choice(fields["split"], "trial.split", SPLITS),
        block_s=_number(fields["block_s"], "trial.block_s", float, 0.1, 3600.0),
        seed=int(_number(fields["seed"], "trial.seed", int)),
        lease_s=_number(fields["lease_s"], "trial.lease_s", float, 0.0, 3600.0),
        expires_at=_number(fields["expires_at"], "trial.expires_at", float),
        rules=_rules(fields["rules"], "trial.rules"),
    )


def _record(value: Any) -> Record:
    names = {"id", "key", "share", "per_s", "most_bytes", "for_s", "expires_at"}
    fields = _fields(value, "record", names, {"uuids", "parameters", "cookies"})
    key, name = _text(fields["key"], "record.key"), _text(fields["id"], "record.id")
    if not re.fullmatch(r"[0-9a-f]{64}", key):
        raise RefusedPolicy("record.key is not 64 hexadecimal digits")
    # It names a folder.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", name):
        raise RefusedPolicy("record.id is not made of letters, digits and -")
    uuids = fields.get("uuids", False)
    if not isinstance(uuids, bool):
        raise RefusedPolicy("record.uuids is not true or false")
    return Record(
        id=name,
        key=bytes.fromhex(key),
        share=_number(fields["share"], "record.share", float, 0.0, 1.0),
        per_s=_number(fields["per_s"], "record.per_s", float, 0.01, 1000.0),
        most_bytes=int(_number(fields["most_bytes"], "record.most_bytes", int, 1024, 1 << 28)),
        for_s=_number(fields["for_s"], "record.for_s", float, 0.0, 3600.0),
        expires_at=_number(fields["expires_at"], "record.expires_at", float),
        uuids=uuids,
        parameters=frozenset(_texts(fields.get("parameters", []), "record.parameters")),
        cookies=frozenset(_texts(fields.get("cookies", []), "record.cookies")),
    )


def _rules(value: Any, where: str) -> tuple[Rule, ...]:
    if not isinstance(value, list):
        raise RefusedPolicy(f"{where} is not a list")
    rules = tuple(_rule(each, f"{where}[{number}]") for number, each in enumerate(value))
    if len({rule.id for rule in rules}) != len(rules):
        raise RefusedPolicy(f"{where}: two rules have the same id")
    return rules


def _rule(value: Any, where: str) -> Rule:
    fields = _fields(value, where, {"id", "kind", "match"}, {"settings"})
    kind = _choice(fields["kind"], where + ".kind", tuple(SETTINGS))
    match = _fields(fields["match"], where + ".match", {"paths"}, {"methods", "content_types"})
    methods = _texts(match.get("methods", ["GET", "HEAD"]), where + ".match.methods")
    paths = _texts(match["paths"], where + ".match.paths")
    types = _texts(match.get("content_types", []), where + ".match.content_types")
    return Rule(
        id=_text(fields["id"], where + ".id"),
        kind=kind,
        methods=frozenset(methods),
        paths=tuple(path_pattern(path, where + ".match.paths") for path in paths),
        content_types=tuple(each.lower() for each in types),
        settings=_settings(fields.get("settings", {}), kind, where + ".settings"),
    )


def path_pattern(text: str, where: str = "path") -> re.Pattern[str]:
    """
    What matches a path like `/items/{id}` (one segment each) or `/assets/{rest:path}` (everything that follows).
    """
    if not text.startswith("/"):
        raise RefusedPolicy(f"{where}: {text!r} does not begin with /")
    parts = re.split(r"(\{\w+(?::path)?\})", text)
    for literal in parts[::2]:
        if "{" in literal or "}" in literal:
            raise RefusedPolicy(f"{where}: the braces of {text!r} are neither {{name}} nor {{name:path}}")
    found = [re.escape(part) if at % 2 == 0 else _group(part) for at, part in enumerate(parts)]
    return re.compile("".join(found), re.DOTALL)


def _group(part: str) -> str:
    return "(.*)" if part.endswith(":path}") else "([^/]+)"


def _settings(value: Any, kind: str, where: str) -> dict[str, Any]:
    known = SETTINGS[kind]
    fields = _fields(value, where, set(), set(known))
    found: dict[str, Any] = {}
    for name, (form, least, most, default) in known.items():
        given = fields.get(name, default)
        place = where + "." + name
        if form is bool:
            if not isinstance(given, bool):
                raise RefusedPolicy(f"{place} is not true or false")
            found[name] = given
        elif form is re.Pattern:
            found[name] = tuple(path_pattern(each, place) for each in _texts(given, place))
        elif form is list:
            found[name] = tuple(_choice(each, place, most) for each in _texts(given, place))
        else:
            found[name] = int(_number(given, place, int, least, most))
    return found


def _fields(value: Any, where: str, needed: set[str], possible: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RefusedPolicy(f"{where} is not an object")
    unknown = set(value) - needed - possible
    if unknown:
        raise RefusedPolicy(where + " has the unknown key " + ", ".join(sorted(unknown)))
    missing = needed - set(value)
    if missing:
        raise RefusedPolicy(where + " lacks " + ", ".join(sorted(missing)))
    return value


def _number(value: Any, where: str, form: type, least: Optional[float] = None, most: Optional[float] = None) -> float:
    # bool is an int to Python and none to a reader; NaN is smaller than nothing.
    if isinstance(value, bool) or not isinstance(value, (int,) if form is int else (int, float)) or value != value:
        raise RefusedPolicy(f"{where} is not a number of the kind that is needed: {value!r}")
    if (least is not None and value < least) or (most is not None and value > most) or abs(value) > 1e18:
        raise RefusedPolicy(f"{where} is {value!r}, which is out of bounds")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise RefusedPolicy(f"{where} is not a text")
    return value


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        raise RefusedPolicy(f"{where} is not a list")
    return [_text(each, where) for each in value]


def _choice(value: Any, where: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise RefusedPolicy(f"{where} is {value!r}; known: " + ", ".join(choices))
    return str(value)
