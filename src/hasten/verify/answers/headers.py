"""
The headers of an answer as fields that can be compared, and the few that say nothing of the answer.
"""

from collections.abc import Iterable

from hasten.verify.answers.asking import Answer
from hasten.verify.answers.plan import Declared

#: The closed list of what is not compared, each with the reason.
IGNORED: dict[str, str] = {
    "connection": "hop by hop (RFC 9110, 7.6.1)",
    "keep-alive": "hop by hop",
    "proxy-connection": "hop by hop",
    "proxy-authenticate": "hop by hop",
    "proxy-authentication-info": "hop by hop",
    "te": "hop by hop",
    "trailer": "hop by hop",
    "transfer-encoding": "hop by hop: how the body was cut for this connection",
    "upgrade": "hop by hop",
    "content-length": "follows from the body, which is compared",
    "date": "the clock",
    "age": "the clock: how long a cache has held it",
    "server-timing": "a measurement",
}

#: The value of a directive that has none, and any value at all of a header that a change adds.
YES, ANY = "yes", "*"
#: Headers that are a set of words: order and case say nothing.
_SETS = frozenset(
    {"vary", "access-control-allow-headers", "access-control-allow-methods", "access-control-expose-headers", "allow"}
)
#: Headers that are a set of directives, each to be compared by itself: header → what separates them.
_DIRECTIVES = {
    "cache-control": ",",
    "cdn-cache-control": ",",
    "content-security-policy": ";",
    "content-security-policy-report-only": ";",
    "permissions-policy": ",",
    "strict-transport-security": ";",
}


def fields_of(answer: Answer) -> dict[str, str]:
    """
    Every header that is compared, by the name of its field; a header of directives gives one field for each.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(key.lower() for key, _ in answer.headers):
        if name in IGNORED:
            continue
        if name == "set-cookie":
            found.update(cookies_of(answer))
        elif name in _SETS:
            found[f"header:{name}"] = ", ".join(sorted(words(answer.header(name))))
        elif name in _DIRECTIVES:
            for directive, value in directives(answer.header(name), _DIRECTIVES[name]):
                found[_unused(f"header:{name};{directive}", found)] = value
        else:
            found[f"header:{name}"] = answer.header(name)
    return found


def cookies_of(answer: Answer) -> dict[str, str]:
    """
    Every cookie that is set, as two fields: its value, and its attributes.
    """
    found: dict[str, str] = {}
    for line in answer.lines("set-cookie"):
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        # One cookie may be set twice, for two paths.
        field = _unused(f"cookie:{name.strip()}", found)
        found[field] = value.strip()
        found[f"{field};attributes"] = "; ".join(sorted(_without_clock(attributes)))
    return found


def words(value: str) -> set[str]:
    """
    The words of a header that lists them, in lower case.
    """
    return {word.strip().lower() for word in value.split(",") if word.strip()}


def directives(value: str, separator: str) -> list[tuple[str, str]]:
    """
    The directives of a header with their values; a directive without one has YES.
    """
    found = []
    for part in filter(None, (each.strip() for each in value.split(separator))):
        cut = min((at for at in (part.find("="), part.find(" ")) if at > 0), default=len(part))
        found.append((part[:cut].strip().lower(), part[cut + 1 :].strip().strip('"') or YES))
    return found


def without_declared(control: dict[str, str], candidate: dict[str, str], declared: Declared) -> dict[str, str]:
    """
    The candidate's fields without what the change said that it would add; what control has too stays.
    """
    found = dict(candidate)
    for name, values in declared.adds.items():
        field, allowed = f"header:{name.lower()}", {value.lower() for value in values}
        if name.lower() in _DIRECTIVES and not any(key.startswith(f"{field};") for key in control):
            for key in [key for key in found if key.startswith(f"{field};") and _directive(key, found[key]) in allowed]:
                del found[key]
        if field not in found:
            continue
        if name.lower() in _SETS:
            ours = words(control.get(field, ""))
            left = {word for word in words(found[field]) if word not in allowed or word in ours}
            found[field] = ", ".join(sorted(left))
            if not left and field not in control:
                del found[field]
        elif field not in control and (found[field].lower() in allowed or ANY in allowed):
            del found[field]
    return found


def owes_vary(control: Answer, candidate: Answer) -> bool:
    """
    Whether the candidate chose a coding for this client and does not say that others may get another one.

    A cache in between would give the coded body to a client that cannot read it (RFC 9110, 12.5.5).
    """
    coding = candidate.header("content-encoding").strip().lower()
    if coding in ("", "identity") or control.header("content-encoding").strip().lower() == coding:
        return False
    return not words(candidate.header("vary")) & {"accept-encoding", "*"}


def _directive(field: str, value: str) -> str:
    name = field.partition(";")[2]
    return name if value == YES else f"{name}={value.lower()}"


def _unused(field: str, found: dict[str, str]) -> str:
    while field in found:
        field = f"{field} again"
    return field


def _without_clock(attributes: Iterable[str]) -> list[str]:
    """
    The attributes with lower-case names; Expires is the clock plus a time that Max-Age says better.
    """
    found = []
    for attribute in attributes:
        name, sign, value = attribute.partition("=")
        key = name.strip().lower()
        found.append("expires" if key == "expires" else f"{key}{sign}{value.strip()}")
    return found
