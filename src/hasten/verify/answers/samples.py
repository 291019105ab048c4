"""
A difference for people: shortened, and without secrets.
"""

from typing import Any

from hasten.log import redact
from hasten.verify.answers.asking import Answer
from hasten.verify.answers.differences import Key
from hasten.verify.answers.result import Sample

_MOST_SHOWN = 80


def sample_of(candidate: Answer, key: Key, pair: tuple[Any, Any]) -> Sample:
    """
    The request and both values of a field.
    """
    name = _told_by(key)
    before, after = (shortened(redact({name: value})[name]) for value in pair)
    request = shortened(redact(f"{candidate.method} {candidate.path}"))
    return Sample(request=request, principal=candidate.principal, control=before, candidate=after)


def shortened(value: Any) -> str:
    """
    At most a line of a value, without what is secret in it.
    """
    text = value if isinstance(value, str) else repr(redact(value))
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _told_by(key: Key) -> str:
    """
    The name that says whether the value is a secret.
    """
    if isinstance(key, tuple):
        return next((step for step in reversed(key) if isinstance(step, str) and not step.startswith("(")), "")
    # The value of a cookie is a credential whatever its name is; its attributes are none.
    return "cookie" if key.startswith("cookie:") and not key.endswith(";attributes") else key.removeprefix("cookie:")
