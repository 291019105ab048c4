"""
Whatever is wrong in hasten.toml or on the command line: one clear error with a hint, exit code 1, nothing is changed.
"""

import json

import pytest
from tests.real.broken.whole_setup import Setup
from tests.real.scene import assert_no_strays

pytestmark = pytest.mark.real


def test_the_set_up_is_whole_before_it_is_broken(setup: Setup) -> None:
    """
    Doctor finds nothing to mend and a baseline measures: whatever fails below fails for its own reason.
    """
    told = setup.scene.hasten("doctor")
    assert (0, True) == (told.returncode, "All is well" in told.stdout), told.stdout
    for _ in range(5):
        done = setup.scene.hasten("baseline", "--json")
        # A machine that is busy with other tests may be refused, honestly; it is not busy for ever.
        if done.returncode == 0 or json.loads(done.stdout)["kind"] != "TooNoisy":
            break
    assert 0 == done.returncode, done.stdout + done.stderr
    values = {each["name"]: each["now"] for each in json.loads(done.stdout)["objectives"]}
    assert values["api_p95_ms"] > 0
    assert values["db_p95_ms"] is None  # 10 calls are too few for a 95th percentile
    assert_no_strays(setup.folder)


def test_a_file_that_is_not_toml(setup: Setup) -> None:
    """
    The line is named.
    """
    setup.scene.config.write_text("[database\nurl = 1\n")

    setup.refuses("plan", says="is not valid TOML", hint="mend the line")


def test_a_misspelled_key(setup: Setup) -> None:
    """
    The right one is suggested.
    """
    setup.add("traffic", "rate_per_sec = 3")

    setup.refuses("status", says="unknown field `rate_per_sec`", hint="did you mean `rate_per_s`?")


def test_no_configuration(setup: Setup) -> None:
    """
    Where there is no hasten.toml, how to get one is said.
    """
    setup.scene.config.unlink()

    setup.refuses("baseline", says="there is no", hint="--config")


def test_a_command_that_does_not_exist(setup: Setup) -> None:
    """
    A wrong command line is wrong input too.
    """
    setup.refuses("optimise", says="No such command 'optimise'", hint="hasten --help")


def test_a_variable_that_is_not_set(setup: Setup) -> None:
    """
    A ${NAME} of hasten.toml names the variable that is missing.
    """
    setup.write(database='url = "${DESK_DATABASE_URL}"')

    setup.refuses("plan", says="DESK_DATABASE_URL, which is not set", hint="export DESK_DATABASE_URL=")


@pytest.mark.parametrize("way", ["hasten.toml", "HASTEN_BROWSER"])
def test_no_browser(setup: Setup, way: str) -> None:
    """
    Found out before anything is measured, and who named it is said.
    """
    if way == "hasten.toml":
        setup.write(browser='path = "/nowhere/chromium"')
    else:
        setup.write(browser="")
        setup.scene.environment |= {"HASTEN_BROWSER": "/nowhere/chromium", "PATH": ""}

    setup.refuses("baseline", says=f"{way} names the browser /nowhere/chromium", hint=f"correct {way}")
    setup.ails("browser", says=f"{way} names the browser", hint=f"correct {way}")


def test_no_recorded_requests(setup: Setup) -> None:
    """
    The file that hasten.toml names is not there.
    """
    (setup.folder / "traffic.jsonl").unlink()

    setup.refuses("baseline", says="there is no file", hint="correct the path")
    setup.ails("traffic files", says="there is no file", hint="correct the path")


def test_a_front_end_that_is_not_built(setup: Setup) -> None:
    """
    Found out before anything is measured.
    """
    setup.write(frontend='dist = "web/dist"')

    setup.refuses("baseline", says="[frontend] dist: there is no folder", hint="build the front end first")
    setup.ails("front end", says="there is no folder", hint="build the front end first")
