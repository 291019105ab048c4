"""
Every operation is logged with its start, end, duration and outcome, without secrets.

This is the core of OptimizationLogger; it sits beside `errors` because every layer logs with it.
Operations go as JSON lines to a file (`.hasten/operations.jsonl` once `log_to` was called); people see the
live display instead, so nothing is printed here.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import structlog

REDACTED = "[redacted]"

# A key that names a secret; the value is never looked at.
_SECRET_KEY = re.compile(r"(?i)pass(word|wd)?$|secret|token|authorization|cookie|api[_-]?key|credential|dsn$")
_NAMED_IN_TEXT = (
    r"(?i)(?P<keep>\b(?:[\w-]*(?:password|passwd|secret|api[_-]?key)|(?:(?:access|auth|id|refresh|session|api)[_-]?)?token)"
    r"""["']?\s*[=:]\s*["']?)[^\s"'&]+"""
)
# Secrets inside of text: user:password@host, password=..., Bearer ...
_SECRET_TEXT = [
    (re.compile(r"(?P<keep>\w+://[^:/@\s]+:)[^@\s]+(?=@)"), r"\g<keep>" + REDACTED),
    (re.compile(_NAMED_IN_TEXT), r"\g<keep>" + REDACTED),
    (re.compile(r"(?i)(?P<keep>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"), r"\g<keep>" + REDACTED),
]


def redact(value: Any) -> Any:
    """
    The value with everything secret in it replaced, at any depth.
    """
    if isinstance(value, Mapping):
        return {k: REDACTED if _SECRET_KEY.search(str(k)) else redact(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [redact(item) for item in value]
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXT:
            value = pattern.sub(replacement, value)
    return value


def _redact_event(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: redact({key: value})[key] for key, value in event.items()}


def _as_json(event: structlog.typing.EventDict, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


class _Libraries(logging.Handler):
    """
    What libraries warn of, as when Ctrl-C comes in the middle of a statement, is logged and not printed.
    """

    def __init__(self, log: "OptimizationLogger") -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """
        The warning is in the log.
        """
        self._log.event("library", logger=record.name, level=record.levelname, message=record.getMessage())


class OptimizationLogger:
    """
    Writes one JSON line for the start and one for the end of each operation.

    Until `log_to` names a file, operations are counted but written nowhere.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._file: IO[str] | None = None
        self._logger: Any = None
        self._context: dict[str, Any] = {}
        self._libraries = _Libraries(self)

    def log_to(self, path: Path, **context: Any) -> None:
        """
        Operations are appended to `path` from now on, each with `context` in it.
        """
        self.close()
        path.parent.mkdir(parents=True, exist_ok=True)
        logging.getLogger().addHandler(self._libraries)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._context = context
        self._logger = structlog.wrap_logger(
            structlog.WriteLogger(self._file),
            processors=[_redact_event, structlog.processors.JSONRenderer(serializer=_as_json)],
            wrapper_class=structlog.BoundLogger,
        ).bind(**context)

    def close(self) -> None:
        """
        The file is closed; later operations are written nowhere.
        """
        logging.getLogger().removeHandler(self._libraries)
        if self._file is not None:
            self._file.close()
        self._file = self._logger = None

    def event(self, name: str, **fields: Any) -> None:
        """
        One line says that something happened.
        """
        if self._logger is None:
            return
        try:
            self._logger.info(name, at=datetime.now(UTC).isoformat(timespec="milliseconds"), **fields)
        except (OSError, ValueError):
            # A full disk must not stop the way back: the ledger is the record, this is its commentary.
            self._logger = None

    @contextmanager
    def operation(self, name: str, **fields: Any) -> Iterator[dict[str, Any]]:
        """
        The block is logged with its duration and whether it succeeded.

        Yields a dict; what is put into it is logged at the end.
        """
        result: dict[str, Any] = {}
        self.event(name, phase="start", **fields)
        start = self._clock()
        try:
            yield result
        except BaseException as error:
            outcome = {"phase": "error", "error": type(error).__name__, "message": str(error)}
            self.event(name, **outcome, duration_s=round(self._clock() - start, 6), **fields)
            raise
        self.event(name, phase="end", duration_s=round(self._clock() - start, 6), **{**fields, **result})


#: The one logger that all layers share.
logger = OptimizationLogger()
operation = logger.operation
event = logger.event
