"""
A queue of Celery's in a folder, and a task that asks the database something.
"""

import os
from pathlib import Path

import psycopg
from celery import Celery

_PLACE = Path(os.environ["QUEUE"])
_PLACE.mkdir(exist_ok=True)
app = Celery("queued", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": str(_PLACE),
        "data_folder_out": str(_PLACE),
        "control_folder": str(_PLACE / "control"),
    },
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


@app.task
def ask(number: int) -> int:
    """
    The number and one, as the database says; the process that asked is named in a file.
    """
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT %s::int + 1 AS asked_by_a_task", [number]).fetchone()
    assert row is not None
    (_PLACE.parent / "asked").write_text(f"{os.getpid()} {row[0]}")
    return int(row[0])
