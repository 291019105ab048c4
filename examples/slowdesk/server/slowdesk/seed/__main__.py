"""Create and fill the database of DATABASE_URL."""

import argparse
import sys
import time

import psycopg

from slowdesk.config import DATABASE_URL
from slowdesk.seed import load


class Progress:
    """One line that is overwritten on a terminal, a line every few seconds elsewhere."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.shown = 0.0

    def show(self, text: str, always: bool = False) -> None:
        now = time.monotonic()
        if sys.stderr.isatty():
            print(f"\r\x1b[K{now - self.started:5.1f} s  {text}", end="", file=sys.stderr, flush=True)
        elif always or now - self.shown > 5:
            print(f"{now - self.started:5.1f} s  {text}", file=sys.stderr, flush=True)
            self.shown = now

    def finish(self, text: str) -> None:
        self.show(text, always=True)
        if sys.stderr.isatty():
            print(file=sys.stderr)


def positive(text: str) -> float:
    scale = float(text)
    if not 0 < scale <= 100:
        raise argparse.ArgumentTypeError("between 0 and 100, please")
    return scale


def main() -> None:
    parser = argparse.ArgumentParser(prog="slowdesk.seed", description="Fill the help desk's database.")
    parser.add_argument("--scale", type=positive, default=1.0, help="1.0: 400,000 inquiries (default)")
    parser.add_argument("--force", action="store_true", help="drop slowdesk's tables if they are there")
    arguments = parser.parse_args()
    try:
        fill(arguments.scale, arguments.force)
    except psycopg.OperationalError as error:
        parser.exit(1, f"slowdesk.seed: the database does not answer: {error}\nIs DATABASE_URL right?\n")


def fill(scale: float, force: bool) -> None:
    progress = Progress()
    with psycopg.connect(DATABASE_URL) as connection:
        tables = load.existing_tables(connection)
        if tables and not force:
            raise SystemExit("slowdesk.seed: the database is not empty. Use --force to drop slowdesk's tables.")
        if tables:
            load.drop_tables(connection)
        load.create_tables(connection)
        load.fill_small_tables(connection)
        load.copy_rows(DATABASE_URL, scale, lambda rows: progress.show(f"{rows:,} rows copied"))
        load.add_constraints(connection, progress.show)
        progress.show("analyzing")
        load.analyze(connection)
        size = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
    progress.finish(f"ready, {size[0] if size else ''}")


if __name__ == "__main__":
    main()
