"""
The advisor on a server that has HypoPG: nothing is built and nothing is cloned to price candidates.

HypoPG comes from the system where it is installed, else from Debian's packages, unpacked into a cache of these tests;
nothing is ever installed.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hasten.application import App
from hasten.optimize.database import indexes
from hasten.optimize.database._indexes.definition import Definition, Key
from hasten.optimize.database._indexes.hypothetical import HypotheticalPrices
from hasten.optimize.database._indexes.workload import statements_of
from hasten.target import Allow, Target
from hasten.testing.laws import snapshot
from hasten.testing.servers import findings_of, observe_statements, private_app
from hasten.world.execution import plan_of
from hasten.world.programs import PostgresPrograms, find_postgres

pytestmark = pytest.mark.real

PACKAGES = ("postgresql-15", "postgresql-15-hypopg")
SEED = """
CREATE EXTENSION hypopg;
CREATE TABLE customers (id int PRIMARY KEY, country text NOT NULL);
CREATE TABLE codes (code int NOT NULL, name text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, note text NOT NULL);
INSERT INTO customers SELECT i, 'c' || i % 40 FROM generate_series(1, 5000) i;
INSERT INTO codes SELECT i, md5(i::text) FROM generate_series(1, 100000) i;
INSERT INTO orders SELECT i, 1 + i % 5000, md5(i::text) FROM generate_series(1, 150000) i;
"""
FIND = "SELECT note FROM orders WHERE customer_id = $1"
JOIN = "SELECT count(k.name) FROM customers c JOIN codes k ON k.code = c.id WHERE c.country = $1"


def postgres_with_hypopg() -> PostgresPrograms:
    """
    A PostgreSQL that has HypoPG; skips where none can be had.
    """
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        if (found / "initdb").exists() and find_postgres(str(found)).has_extension("hypopg"):
            return find_postgres(str(found))
    cache = Path(tempfile.gettempdir()) / f"hasten-tests-hypopg-{os.getuid()}"
    bin_dir = cache / "usr/lib/postgresql/15/bin"
    if not bin_dir.exists():
        unpack(cache)
    return find_postgres(str(bin_dir))


def unpack(cache: Path) -> None:
    """
    Debian's packages are unpacked in the cache; it is there wholly or not at all.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        pytest.skip("no HypoPG on this machine, and no apt-get and dpkg to unpack it with")
    with tempfile.TemporaryDirectory(dir=cache.parent) as folder:
        place = Path(folder)
        place.chmod(0o755)
        fetched = subprocess.run(["apt-get", "download", *PACKAGES], cwd=place, capture_output=True, timeout=120)
        if fetched.returncode:
            pytest.skip(f"no HypoPG on this machine, and it cannot be downloaded: {fetched.stderr.decode()[-200:]}")
        for package in place.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, place / "root"], check=True, timeout=120)
        (place / "root").rename(cache)
    cache.chmod(0o755)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """
    A shop without its index, on a server with HypoPG, where clones are not allowed.
    """
    with private_app(tmp_path_factory.mktemp("hypopg"), SEED, programs=postgres_with_hypopg()) as made:
        seen = observe_statements(made.database, {FIND: [["7"], ["77"]], JOIN: [["c1"], ["c2"]]})
        target = Target(allow=Allow(mode="auto", clones=False))
        # Debian's package has no pg_dump; any newer one will do.
        yield replace(made, gathered=seen, target=target, store=replace(made.database, programs=""))


def test_it_finds_the_index_without_building_it(app: App) -> None:
    """
    The same proposal as on a clone, priced in one session; nothing of the application is touched.
    """
    before = snapshot(app)
    found = indexes.propose_all(findings_of(app.observation), app)

    assert {"orders": ["customer_id"], "codes": ["code"]} == {
        step.after["table"]: step.after["columns"] for step in found
    }
    assert before == snapshot(app)


def test_pretended_sizes_are_nearer_to_the_truth_than_hypopgs(app: App) -> None:
    """
    Equal keys share one copy, which HypoPG does not count.
    """
    wanted = Definition(table="orders", keys=(Key(text="customer_id"),))
    with app.database.connect() as connection:
        ours = HypotheticalPrices(connection, [wanted], app.observation.tables).sizes[wanted]
        made = connection.execute(
            "SELECT hypopg_relation_size(indexrelid) AS size FROM hypopg_create_index(%s)",
            [wanted.create(concurrently=False)],
        ).fetchone()
        with connection.transaction(force_rollback=True):
            connection.execute(wanted.create(concurrently=False).encode())
            real = connection.execute("SELECT pg_relation_size(%s::regclass) AS size", [wanted.name]).fetchone()

    assert made is not None
    assert real is not None
    assert abs(ours - real["size"]) < abs(made["size"] - real["size"])


def test_prices_with_descents_are_nearer_to_those_of_a_real_index(app: App) -> None:
    """
    A nested loop that enters an index of unique keys for each outer row is priced as with a real index.

    Where keys repeat HypoPG's too big size hides the missing descents, so that both errors must be mended to see it.
    """
    wanted = Definition(table="codes", keys=(Key(text="code"),))
    [statement] = [each for each in statements_of(app.observation) if each.shape.tables == ["customers", "codes"]]
    one = msgspec.structs.replace(statement, samples=statement.samples[:1])
    with app.database.connect() as connection, connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL enable_hashjoin = off")
        connection.execute("SET LOCAL enable_mergejoin = off")
        prices = HypotheticalPrices(connection, [wanted], app.observation.tables)
        pretended = prices.costs([one], [wanted])[one.query_id]
        connection.execute("SELECT hypopg_create_index(%s)", [wanted.create(concurrently=False)])
        plan = plan_of(connection, one.samples[0])
        connection.execute("SELECT hypopg_reset()")
        connection.execute(wanted.create(concurrently=False).encode())
        real = prices.costs([one], [])[one.query_id]

    assert plan is not None
    assert abs(pretended - real) < abs(plan["Total Cost"] - real)


def test_an_index_that_cannot_be_pretended_is_no_candidate(app: App) -> None:
    """
    What HypoPG refuses is left out, and the rest is priced all the same.
    """
    wrong = Definition(table="orders", keys=(Key(text="missing"),))
    right = Definition(table="orders", keys=(Key(text="customer_id"),))
    [statement] = [each for each in statements_of(app.observation) if each.shape.tables == ["orders"]]
    with app.database.connect() as connection:
        prices = HypotheticalPrices(connection, [wrong, right], app.observation.tables)
        without = prices.costs([statement], [])
        both = prices.costs([statement], [wrong, right])

    assert [right] == list(prices.sizes)
    assert both[statement.query_id] < without[statement.query_id] / 10
