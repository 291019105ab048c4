"""
Which coding of its bytes a client takes best (RFC 9110 §12.5.3).
"""

import re
from collections.abc import Sequence
from typing import Optional

#: RFC 9110 §12.4.2: 0 to 1 with at most three decimals.
_QUALITY = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


def qualities(header: str) -> dict[str, float]:
    """
    Coding → quality as the header says; a member that is not well-formed counts as not said.
    """
    found: dict[str, float] = {}
    for member in header.split(","):
        coding, *parameters = (part.strip(" \t") for part in member.split(";"))
        if not _TOKEN.match(coding):
            continue
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip(" \t").lower() != "q" or not _QUALITY.match(value.strip(" \t")):
                break
            quality = float(value)
        else:
            name = coding.lower()
            found["gzip" if name == "x-gzip" else name] = quality
    return found


def chosen(header: Optional[str], offered: Sequence[str]) -> Optional[str]:
    """
    The offered coding that the client likes best, ours first among equals; None: send the bytes as they are.

    As they are is also the answer to a client that refuses everything: a body that it may be able to read is better
    than an error that it did not get without us.
    """
    if header is None:
        return None
    said = qualities(header)
    rest = said.get("*", 0.0)
    best, best_quality = None, 0.0
    for coding in offered:
        quality = said.get(coding, rest)
        if quality > best_quality:
            best, best_quality = coding, quality
    # Not named, the plain bytes are acceptable and nobody's wish; named, they are a wish like any other.
    return best if best_quality >= said.get("identity", 0.0) else None
