"""
The steps of a statement in the log, put together to executions: parse and bind come before, fetches after.
"""

import re
from collections import OrderedDict
from typing import Any

from hasten.evidence import StatementSample
from hasten.world.log_entry import Entry, lists_parameters, parse_parameters

KEPT_SESSIONS = 20_000
KEPT_PENDING = 200

_DURATION = re.compile(
    r"duration: (?P<ms>\d+(?:\.\d+)?) ms"
    r"(?:  (?P<step>statement|parse|bind|execute fetch from|execute)(?: (?P<name>.*?))?: (?P<text>.*))?",
    re.DOTALL,
)
_ERRORS = ("ERROR", "FATAL", "PANIC")


class Executions:
    """
    Puts the steps of one execution together: parse and bind are logged before execute, fetches after it.
    """

    def __init__(self) -> None:
        self.unreadable_parameters = 0
        self._done: list[dict[str, Any]] = []
        # By session: seconds of parse and bind by text, and the last execution, which fetches are added to.
        self._pending: OrderedDict[str, dict[str, float]] = OrderedDict()
        self._last: dict[str, dict[str, Any]] = {}

    def take(self, entry: Entry) -> None:
        """
        The entry counts, if it is a step of an execution or its error.
        """
        if entry.severity in _ERRORS:
            if entry.statement:
                self._add(entry, entry.statement, 0.0, entry.context, error=entry.sqlstate)
            return
        found = _DURATION.match(entry.message)
        if found is None or not found["step"]:
            return
        seconds, text = float(found["ms"]) / 1000, found["text"]
        if found["step"] in ("parse", "bind"):
            waiting = self._of(entry.session)
            waiting[text] = waiting.get(text, 0.0) + seconds
        elif found["step"] == "execute fetch from" and self._last.get(entry.session, {}).get("text") == text:
            self._last[entry.session]["seconds"] += seconds
        else:
            self._add(entry, text, seconds, entry.detail)

    def finished(self) -> list[StatementSample]:
        """
        The executions so far, which are then forgotten; steps still waiting for theirs are kept.
        """
        done, self._done, self._last = self._done, [], {}
        return [StatementSample(**fields) for fields in done]

    def _add(self, entry: Entry, text: str, seconds: float, listed: str, error: str | None = None) -> None:
        parameters: list[str | None] = []
        if lists_parameters(listed):
            try:
                parameters = parse_parameters(listed)
            except ValueError:
                self.unreadable_parameters += 1
        fields = {
            "at": entry.at,
            "query_id": entry.query_id,
            "text": text,
            "parameters": parameters,
            "seconds": seconds + self._of(entry.session).pop(text, 0.0),
            "database": entry.database,
            "user": entry.user,
            "application_name": entry.application_name,
            "session": entry.session,
            "transaction": entry.transaction,
            "error": error,
        }
        self._done.append(fields)
        self._last[entry.session] = fields

    def _of(self, session: str) -> dict[str, float]:
        waiting = self._pending.setdefault(session, {})
        self._pending.move_to_end(session)
        if len(waiting) > KEPT_PENDING:
            waiting.pop(next(iter(waiting)))
        if len(self._pending) > KEPT_SESSIONS:
            self._pending.popitem(last=False)
        return waiting
