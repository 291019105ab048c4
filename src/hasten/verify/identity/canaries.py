"""
Strings that belong to one principal alone: names, mails, ids, tokens. Where another one gets them, there is a leak.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hasten.verify.answers import Answer
from hasten.verify.answers.bodies import HTML, JSON, body_of

#: Shorter ones are everywhere.
LEAST_LENGTH = 4
#: From here on a canary is looked for inside of other text too.
LEAST_INSIDE = 8
#: The longest are kept.
MOST_PER_PRINCIPAL = 300
_TOKEN = re.compile(r"[\w.@+/=-]{6,}")


def learned(truth: Mapping[str, Sequence[tuple[Answer, Answer]]]) -> dict[str, set[str]]:
    """
    The strings by principal that control gives, twice, to this principal and to nobody else at any of the URLs.

    Args:
        truth: By principal, what control answered to each URL, and answered once more.
    """
    steady = {name: _steady(pairs) for name, pairs in truth.items()}
    seen = {name: set().union(*(words_of(each) for pair in pairs for each in pair)) for name, pairs in truth.items()}
    found: dict[str, set[str]] = {}
    for name, words in steady.items():
        others: set[str] = set().union(*(seen[other] for other in seen if other != name))
        own = sorted(words - others, key=lambda word: (-len(word), word))
        found[name] = set(own[:MOST_PER_PRINCIPAL])
    return found


def _steady(pairs: Iterable[tuple[Answer, Answer]]) -> set[str]:
    """
    What comes in both answers: a clock or a random id belongs to nobody.
    """
    return set().union(*(words_of(first) & words_of(second) for first, second in pairs))


def words_of(answer: Answer) -> set[str]:
    """
    The strings of an answer that could tell somebody: leaves of JSON, texts and attributes of HTML, words of text.
    """
    body = body_of(answer)
    if body.kind in (JSON, HTML):
        found = set(_leaves(body.value))
    else:
        found = set(_TOKEN.findall(body.content.decode("utf-8", "ignore")))
    for name, value in answer.headers:
        found.update(_TOKEN.findall(value) if name != "date" else ())
    return {word for word in found if len(word) >= LEAST_LENGTH}


def _leaves(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, str):
        yield value.strip()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def held_by(answer: Answer, canaries: Iterable[str]) -> set[str]:
    """
    The canaries that are in an answer: a short one as a whole word, a long one anywhere in a header or the body.
    """
    words = words_of(answer)
    text = body_of(answer).content.decode("utf-8", "ignore") + "\n".join(value for _, value in answer.headers)
    return {each for each in canaries if each in words or (len(each) >= LEAST_INSIDE and each in text)}
