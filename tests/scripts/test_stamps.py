"""
A stamp holds exactly as long as its inputs and its products are what they were.
"""

from pathlib import Path

from scripts.environment.stamps import Stamp, digest, sources


def test_a_stamp_holds_for_its_inputs_and_products(tmp_path: Path) -> None:
    """
    Other inputs, a product that is gone, or no stamp at all: the step is to be done.
    """
    made = tmp_path / "made"
    made.touch()
    stamp = Stamp(tmp_path / "stamps", "step")
    before = stamp.holds("inputs", tmp_path)
    stamp.write("inputs", [made], tmp_path)
    same, other = stamp.holds("inputs", tmp_path), stamp.holds("other inputs", tmp_path)
    made.unlink()

    assert (False, True, False, False) == (before, same, other, stamp.holds("inputs", tmp_path))


def test_a_damaged_stamp_does_not_hold(tmp_path: Path) -> None:
    """
    A stamp that is half written is no stamp.
    """
    stamp = Stamp(tmp_path, "step")
    stamp.write("inputs", [], tmp_path)
    stamp.path.write_text(stamp.path.read_text()[:-5])

    assert not stamp.holds("inputs", tmp_path)


def test_a_digest_tells_files_from_their_neighbours(tmp_path: Path) -> None:
    """
    Moving text from one file to the next changes the digest of both.
    """
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("ab")
    second.write_text("c")
    before = digest(first, second)
    first.write_text("a")
    second.write_text("bc")

    assert before != digest(first, second)


def test_a_renamed_file_changes_a_folder(tmp_path: Path) -> None:
    """
    The names in a folder count as well as the contents.
    """
    (tmp_path / "one").write_text("text")
    before = digest(tmp_path)
    (tmp_path / "one").rename(tmp_path / "two")

    assert before != digest(tmp_path)


def test_what_builds_and_installs_write_is_no_source(tmp_path: Path) -> None:
    """
    Packages, the build and hidden folders do not make a build out of date.
    """
    for name in ("src/page.js", "node_modules/package/index.js", "dist/index.html", ".vite/cache.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert [tmp_path / "src" / "page.js"] == sources(tmp_path)
