"""
The bundle probe on small builds.
"""

import base64
import json
from pathlib import Path

import pytest

from hasten.errors import Missing, NoData
from hasten.model import Measurement
from hasten.observe.bundle import MAX_MODULES, OTHER_FILES, observe_bundle

INDEX = '<link rel="stylesheet" href="/a.css"><script type="module" src="/assets/index.js"></script>'
CODE = "export const text='hello';" * 50 + "import('./page.js');"


def source_map(length: int) -> str:
    """
    The first ten bytes from a package, the rest from the application.
    """
    assert length > 10
    return json.dumps({"sources": ["../node_modules/pack/x.js", "../src/main.js"], "mappings": "AAAA,UCAA"})


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX, encoding="utf-8")
    (tmp_path / "a.css").write_text("body { color: red }" * 20, encoding="utf-8")
    (tmp_path / "assets" / "index.js").write_text(CODE, encoding="utf-8")
    (tmp_path / "assets" / "index.js.map").write_text(source_map(len(CODE)), encoding="utf-8")
    (tmp_path / "assets" / "page.js").write_text("export const page = 1;" * 30, encoding="utf-8")
    return tmp_path


def by_metric(measurements: list[Measurement]) -> dict[str, float | None]:
    return {f"{found.metric}@{found.where.name}": found.distribution.mean for found in measurements}


def test_the_objective_is_the_initial_javascript(dist: Path) -> None:
    """
    Raw, gzip and Brotli are those of the scripts that index.html loads; the total is all that is shipped.
    """
    measurements, profile = observe_bundle(dist)

    found = by_metric(measurements)
    (entry,) = [asset for asset in profile.assets if asset.path == "assets/index.js"]
    shipped = sum((dist / name).stat().st_size for name in ("index.html", "a.css", "assets/index.js", "assets/page.js"))
    assert {
        "hasten.bundle.raw@initial": float(len(CODE)),
        "hasten.bundle.gzip@initial": float(entry.gzip_bytes),
        "hasten.bundle.brotli@initial": float(entry.brotli_bytes),
        "hasten.bundle.total@total": float(shipped),
    } == found
    assert {"index.html", "a.css", "assets/index.js"} == {asset.path for asset in profile.assets if asset.initial}


def test_bytes_are_attributed_to_packages(dist: Path) -> None:
    """
    The modules of the initial scripts add up to them, the largest first.
    """
    _, profile = observe_bundle(dist)

    modules = [(module.package, module.path, module.bytes) for module in profile.modules]
    assert ("(application)", "src/main.js") == modules[0][:2]
    assert ("pack", "pack/x.js", 10) in modules
    assert len(CODE) == sum(size for _, _, size in modules)


def test_an_inline_map_is_read(dist: Path) -> None:
    """
    A map inside of the script is used, and its bytes are shipped bytes.
    """
    (dist / "assets" / "index.js.map").unlink()
    encoded = base64.b64encode(source_map(len(CODE)).encode()).decode()
    code = f"{CODE}\n//# sourceMappingURL=data:application/json;base64,{encoded}\n"
    (dist / "assets" / "index.js").write_text(code, encoding="utf-8")

    measurements, profile = observe_bundle(dist)

    assert float(len(code)) == by_metric(measurements)["hasten.bundle.raw@initial"]
    assert ("pack", 10) in [(module.package, module.bytes) for module in profile.modules]


@pytest.mark.parametrize("broken", [None, "no json", '{"sources": [], "mappings": "!"}'])
def test_without_a_map_there_are_no_modules(dist: Path, broken: str | None) -> None:
    """
    A map that is missing or damaged leaves the modules empty, and a note names the script.
    """
    path = dist / "assets" / "index.js.map"
    if broken is None:
        path.unlink()
    else:
        path.write_text(broken, encoding="utf-8")

    measurements, profile = observe_bundle(dist)

    assert [] == profile.modules
    assert "assets/index.js" == measurements[0].conditions.notes["without_source_map"]


def test_a_map_outside_of_the_build_is_not_read(dist: Path) -> None:
    """
    A script that points out of the folder gets nothing from there.
    """
    (dist / "assets" / "index.js.map").rename(dist.parent / "outside.map")
    (dist / "assets" / "index.js").write_text(CODE + "\n//# sourceMappingURL=../../outside.map\n", encoding="utf-8")

    assert [] == observe_bundle(dist)[1].modules


def test_without_a_document_nothing_is_called_initial(dist: Path) -> None:
    """
    When nobody can say what is loaded first, the initial size is not measured rather than 0.
    """
    (dist / "index.html").unlink()

    measurements, profile = observe_bundle(dist)

    assert ["hasten.bundle.total@total"] == list(by_metric(measurements))
    assert not any(asset.initial for asset in profile.assets)
    assert profile.modules


def test_a_second_look_comes_from_the_cache_and_is_the_same(dist: Path, tmp_path: Path) -> None:
    """
    Sizes and modules that were remembered are those that were measured; a change of the file is seen.
    """
    cache = tmp_path.parent / "cache"
    first = observe_bundle(dist, cache=cache)[1]

    assert first == observe_bundle(dist, cache=cache)[1]
    (dist / "assets" / "index.js").write_text(CODE + "/* more */", encoding="utf-8")
    assert first != observe_bundle(dist, cache=cache)[1]


def test_many_modules_are_folded(dist: Path) -> None:
    """
    Beyond the largest, the files of a package are one entry, and no byte is lost.
    """
    count = MAX_MODULES + 50
    sources = [f"../node_modules/icons/{index}.js" for index in range(count)]
    document = {"sources": sources, "mappings": ",".join(["AAAA"] + ["CCAA"] * (count - 1))}
    (dist / "assets" / "index.js.map").write_text(json.dumps(document), encoding="utf-8")

    _, profile = observe_bundle(dist)

    assert ("icons", OTHER_FILES) in [(module.package, module.path) for module in profile.modules]
    assert len(CODE) == sum(module.bytes for module in profile.modules)


def test_nothing_built_is_no_data(tmp_path: Path) -> None:
    """
    An empty folder is no data, a missing one is missing.
    """
    with pytest.raises(NoData, match="is empty"):
        observe_bundle(tmp_path)
    with pytest.raises(Missing):
        observe_bundle(tmp_path / "dist")
